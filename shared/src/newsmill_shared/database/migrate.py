"""Bring a database to the newest schema."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from newsmill_shared.database.engine import make_engine, transaction, translating
from newsmill_shared.database.locks import MIGRATION

__all__ = ["current_revision", "has_newest_schema", "is_current", "migrate"]


def migrate(url: str) -> str:
    """Apply every missing migration and return the revision the database is at now."""
    engine = make_engine(url, name="migrate", pool_size=0, settings={"lock_timeout": "60s"})
    config = _config()
    with transaction(engine) as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return current_revision(engine) or ""


def current_revision(engine: Engine) -> str | None:
    """Return the revision a database is at, None for an empty one."""
    with translating(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    """Tell whether a database has every migration this code knows."""
    with translating(), engine.connect() as connection:
        return has_newest_schema(connection)


def has_newest_schema(connection: Connection) -> bool:
    """Tell it on an open connection."""
    revision = MigrationContext.configure(connection).get_current_revision()
    return revision == _newest_revision()


@cache
def _newest_revision() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
