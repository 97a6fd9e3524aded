"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from newsmill_shared.database.engine import make_engine, transaction, translating

__all__ = ["current_revision", "is_current", "migrate"]

_LOCK = 0x6E6D_6D69
"""Advisory lock: of several processes that migrate at once, one does, the others wait."""


def migrate(url: str) -> str:
    """Apply every missing migration and return the revision the database is at now."""
    engine = make_engine(url, name="migrate", pool_size=0, settings={"lock_timeout": "60s"})
    config = _config()
    with transaction(engine) as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return current_revision(engine) or ""


def current_revision(engine: Engine) -> str | None:
    """Return the revision a database is at, None for an empty one."""
    with translating(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    """Tell whether a database has every migration this code knows."""
    return current_revision(engine) == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
