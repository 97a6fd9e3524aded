"""What is old, in PostgreSQL, as one session at a time drops it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from newsmill_shared.database import retention
from newsmill_shared.database.engine import DatabaseAwayError, translating
from newsmill_shared.database.locks import RETENTION
from newsmill_shared.database.retention import Doomed, Place, Step

__all__ = ["SQLRetention"]


class SQLRetention:
    """Implements ``newsmill_store.retention.Rows`` on the session that holds the lock.

    Args:
        engine: Connections without a pool.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def hold(self) -> bool:
        """Take the lock, or keep it; False if another process has it."""
        if self._connection is not None:
            return True
        with translating():
            connection = self._engine.connect()
            with connection.begin():
                held = connection.execute(
                    text("select pg_try_advisory_lock(:lock)"), {"lock": RETENTION}
                ).scalar_one()
        if not held:
            connection.close()
            return False
        self._connection = connection
        return True

    def let_go(self) -> None:
        """End the session, and with it the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def drop(self, kind: str, *, days: float, current_pages: bool, after: Place) -> Step:
        """Do one step of a kind, in a transaction of its own."""
        with self._transaction() as connection:
            before = retention.horizon(connection, days=days)
            match kind:
                case "pages":
                    return retention.drop_pages(connection, before, after, current=current_pages)
                case "receipts":
                    return retention.drop_receipts(connection, before, after)
                case "events":
                    return retention.drop_events(connection, before)
                case "attempts":
                    return retention.drop_attempts(connection, before)
                case "outcomes":
                    return retention.drop_outcomes(connection, before)
        raise ValueError(f"nothing of this kind is dropped: {kind}")

    def doomed(self, limit: int) -> list[Doomed]:
        """Return objects that rows have let go of."""
        with self._transaction() as connection:
            return retention.doomed_objects(connection, limit=limit)

    def dropped(self, objects: Sequence[str]) -> None:
        """Note that these are done with."""
        with self._transaction() as connection:
            retention.objects_dropped(connection, list(objects))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._connection is None:
            raise DatabaseAwayError("the lock is not held")
        with translating(), self._connection.begin():
            yield self._connection
