"""The ledger in PostgreSQL, as the bridge writes it."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from newsmill_gateway.bridge.ports import UnstorableError
from newsmill_shared.database.accept import Accepted, Order, Submission, accept_all
from newsmill_shared.database.engine import DatabaseAwayError, transaction

__all__ = ["SQLReceipts"]

_DATA_CLASSES = ("22", "23")
"""SQLSTATE classes that blame the data: data exception, integrity constraint violation."""


class SQLReceipts:
    """Implements `newsmill_gateway.bridge.ports.Ledger`.

    Args:
        engine: The database.
        host_delay_seconds: The delay of a host that is seen for the first time.
    """

    def __init__(self, engine: Engine, *, host_delay_seconds: float) -> None:
        self._engine = engine
        self._host_delay_seconds = host_delay_seconds

    def accept(self, orders: Sequence[Order]) -> list[Accepted | None]:
        """Write receipts and jobs in one transaction; None where a key was used otherwise."""
        with _writing(self._engine) as connection:
            return accept_all(connection, orders, host_delay_seconds=self._host_delay_seconds)

    def try_out(self, submission: Submission) -> None:
        """See whether a submission could be stored, and store nothing."""
        order = Order(secrets.token_hex(16), b"", (submission,))
        with _writing(self._engine) as connection:
            accept_all(connection, [order], host_delay_seconds=self._host_delay_seconds)
            connection.rollback()


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    try:
        with transaction(engine) as connection:
            yield connection
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        said = str(error.orig).partition("\n")[0]
        if state.startswith(_DATA_CLASSES):
            raise UnstorableError(said) from error
        # Such as a schema that is not there yet: what was taken waits for it.
        raise DatabaseAwayError(f"PostgreSQL: {said}") from error
