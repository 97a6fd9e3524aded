"""Connections to PostgreSQL: short limits, and one error for "away for now"."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from newsmill_shared.errors import SettingsError, TransientError

__all__ = ["DatabaseAwayError", "make_engine", "reading", "transaction", "translating"]

_CONNECT_SECONDS = 3
_RETRIED_STATES = frozenset({"25006", "40001", "40P01", "55P03"})
"""Read-only, serialization failure, deadlock, lock not available: the same transaction may succeed
later."""
_NO_TABLE = "42P01"
"""What was started before the migration waits for it."""


class DatabaseAwayError(TransientError):
    """PostgreSQL cannot be used for now."""


def make_engine(
    url: str,
    *,
    name: str,
    pool_size: int = 4,
    pre_ping: bool = True,
    settings: dict[str, str] | None = None,
) -> Engine:
    """Return an engine on ``url`` (``postgresql://...``).

    Args:
        url: Where the database is; a driver in it is replaced by psycopg 3.
        name: Shown as application_name in pg_stat_activity.
        pool_size: Connections kept; 0 opens one per use.
        pre_ping: Whether a connection is tried before each use; not for who repeats its work.
        settings: PostgreSQL settings of each session, beside the limits every session has.
    """
    try:
        target = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"NEWSMILL_DATABASE_URL is not a URL: {error}") from error
    session = {
        "statement_timeout": "20s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "10s",
        "timezone": "UTC",
        **(settings or {}),
    }
    connect_args = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": f"newsmill {name}",
        "options": " ".join(f"-c {key}={value}" for key, value in session.items()),
        "keepalives_idle": 10,
        "tcp_user_timeout": 10_000,
    }
    if pool_size == 0:
        return create_engine(target, poolclass=NullPool, connect_args=connect_args)
    return create_engine(
        target,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_CONNECT_SECONDS,
        pool_pre_ping=pre_ping,
        connect_args=connect_args,
    )


@contextmanager
def translating() -> Iterator[None]:
    """Turn errors that a later try may not meet into DatabaseAwayError."""
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseAwayError("no free connection to PostgreSQL") from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        away = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
        if away or state in _RETRIED_STATES:
            raise DatabaseAwayError(f"PostgreSQL: {_first_line(error)}") from error
        if state == _NO_TABLE:
            raise DatabaseAwayError(
                f"PostgreSQL is not at this version, run newsmill migrate: {_first_line(error)}"
            ) from error
        raise


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Yield a connection inside one transaction, committed at the end.

    Raises:
        DatabaseAwayError: PostgreSQL is away; nothing is known about an open COMMIT.
    """
    with translating(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in one read-only snapshot (REPEATABLE READ)."""
    with translating(), engine.connect() as connection:
        snapshot = connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with snapshot.begin():
            yield snapshot


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]
