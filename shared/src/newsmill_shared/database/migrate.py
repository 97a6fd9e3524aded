"""Bring a database to the newest schema, or say why not: nothing that it holds is lost by it."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from pydantic import JsonValue
from sqlalchemy import Connection, Engine, text

from newsmill_shared.database.audit import record
from newsmill_shared.database.engine import make_engine, transaction, translating
from newsmill_shared.database.locks import MIGRATION
from newsmill_shared.errors import NewsmillError

__all__ = ["SchemaError", "current_revision", "has_newest_schema", "is_current", "migrate"]

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaError(NewsmillError):
    """The schema stays as it is; the message says why, and what to do."""


def migrate(
    url: str, *, by: str = "migrate", allow_loss: bool = False, migrations: Path = _MIGRATIONS
) -> str:
    """Apply every missing migration, all or none, and return the revision the database is at now.

    Args:
        url: Of the database.
        by: Who does it, for the audit.
        allow_loss: Remove what holds data, too.
        migrations: The folder of migrations; tests have others.

    Raises:
        SchemaError: The schema is newer than this code, or a migration would remove data.
        DatabaseAwayError: PostgreSQL is away.
    """
    engine = make_engine(url, name="migrate", pool_size=0, settings={"lock_timeout": "60s"})
    config = _config(migrations)
    with transaction(engine) as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION})
        before = MigrationContext.configure(connection).get_current_revision()
        missing = _missing(ScriptDirectory.from_config(config), before)
        lost = [] if allow_loss else _lost(connection, missing)
        if lost:
            raise SchemaError(
                f"the newest schema is without {', '.join(lost)}, which hold data: take a backup,"
                " then migrate with --allow-loss"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if missing and before is not None:
            after = missing[-1].revision
            detail: dict[str, JsonValue] = {"from": before, "to": after, "count": len(missing)}
            record(connection, "migrate", "ledger", by=by, detail=detail)
    return current_revision(engine) or ""


def _missing(scripts: ScriptDirectory, revision: str | None) -> list[Script]:
    """Return the migrations that follow a revision, in order."""
    ordered = list(scripts.walk_revisions())[::-1]
    known = [script.revision for script in ordered]
    if revision is None:
        return ordered
    if revision not in known:
        raise SchemaError(
            f"the database is at schema {revision}, newer than {known[-1]}, the newest that this"
            " version knows: run the version that migrated it, or restore a backup from before"
        )
    return ordered[known.index(revision) + 1 :]


def _lost(connection: Connection, missing: list[Script]) -> list[str]:
    """Return what migrations remove though something is in it.

    A migration names it in ``removes``: tables, and columns as ``table.column``.
    """
    removed = [name for script in missing for name in getattr(script.module, "removes", ())]
    return [name for name in removed if _holds_data(connection, name)]


def _holds_data(connection: Connection, name: str) -> bool:
    table, _, column = name.partition(".")
    # Names of our own, from the code; what is not there yet or any more holds nothing.
    there = text(
        "select exists (select from information_schema.columns where table_schema ="
        " current_schema() and table_name = :table and (:column = '' or column_name = :column))"
    )
    if not connection.execute(there, {"table": table, "column": column}).scalar_one():
        return False
    condition = f" where {column} is not null" if column else ""
    found = text(f"select exists (select from {table}{condition})")  # noqa: S608
    return bool(connection.execute(found).scalar_one())


def current_revision(engine: Engine) -> str | None:
    """Return the revision a database is at, None for an empty one."""
    with translating(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    """Tell whether a database has every migration this code knows; it may have newer ones."""
    with translating(), engine.connect() as connection:
        return has_newest_schema(connection)


def has_newest_schema(connection: Connection) -> bool:
    """Tell it on an open connection."""
    # What is not known was added by a newer version, for which this one makes room.
    revision = MigrationContext.configure(connection).get_current_revision()
    return revision is not None and revision not in _older_revisions()


@cache
def _older_revisions() -> frozenset[str]:
    _, *older = ScriptDirectory.from_config(_config()).walk_revisions()
    return frozenset(script.revision for script in older)


def _config(migrations: Path = _MIGRATIONS) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    return config
