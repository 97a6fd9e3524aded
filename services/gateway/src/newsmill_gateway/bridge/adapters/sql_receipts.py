"""The ledger in PostgreSQL, as the bridge writes it."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from newsmill_gateway.bridge.ports import Order, UnstorableError
from newsmill_shared.database.accept import (
    Accepted,
    IdempotencyConflictError,
    Submission,
    accept,
    add_hosts,
)
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
        hosts = {entry.host for order in orders for entry in order.submissions}
        with _writing(self._engine) as connection:
            # All at once and sorted: two bridges that add the same hosts do not wait in a ring.
            add_hosts(connection, hosts, delay_seconds=self._host_delay_seconds)
            return [self._accept(connection, order) for order in orders]

    def try_out(self, submission: Submission) -> None:
        """See whether a submission could be stored, and store nothing."""
        order = Order(secrets.token_hex(16), b"", (submission,))
        with _writing(self._engine) as connection:
            self._accept(connection, order)
            connection.rollback()

    def _accept(self, connection: Connection, order: Order) -> Accepted | None:
        try:
            return accept(
                connection,
                order.submissions,
                key=order.key,
                request_sha256=order.sha256,
                host_delay_seconds=self._host_delay_seconds,
            )
        except IdempotencyConflictError:
            return None


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
