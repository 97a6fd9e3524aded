"""What copies of a ledger need: the server's version and address, and room to bring one back."""

from sqlalchemy import Connection, Engine, inspect, make_url, text

from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.schema import metadata
from newsmill_shared.errors import NewsmillError

__all__ = ["LedgerNotEmptyError", "forget_broker", "libpq_variables", "make_room", "server_major"]


class LedgerNotEmptyError(NewsmillError):
    """A ledger that has accepted something is never replaced."""


def libpq_variables(url: str) -> dict[str, str]:
    """Return a database's URL as the environment of PostgreSQL's own programs.

    So a password is on no command line, which everybody can read.
    """
    parts = make_url(url)
    said = {
        "PGHOST": parts.query.get("host") or parts.host,
        "PGPORT": parts.query.get("port") or parts.port,
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
        "PGSSLMODE": parts.query.get("sslmode"),
        "PGSSLROOTCERT": parts.query.get("sslrootcert"),
    }
    return {name: str(value) for name, value in said.items() if value}


def server_major(engine: Engine) -> int:
    """Return the major version of the PostgreSQL that answers."""
    with reading(engine) as snapshot:
        number = snapshot.execute(text("select current_setting('server_version_num')")).scalar_one()
    return int(number) // 10_000


def make_room(engine: Engine) -> None:
    """Drop the tables of an empty ledger, which the copy brings itself.

    Raises:
        LedgerNotEmptyError: It has accepted something.
    """
    tables = [*metadata.tables, "alembic_version"]
    with transaction(engine) as connection:
        if _has_work(connection):
            raise LedgerNotEmptyError("the ledger is not empty")
        connection.execute(text(f"drop table if exists {', '.join(tables)} cascade"))


def forget_broker(engine: Engine) -> None:
    """Let no Redis pass for the one that this ledger worked with: all running work waits again."""
    with transaction(engine) as connection:
        connection.execute(text("delete from meta where key = 'epoch'"))


def _has_work(connection: Connection) -> bool:
    if not inspect(connection).has_table("receipt"):
        return False
    return bool(connection.execute(text("select exists (select from receipt)")).scalar_one())
