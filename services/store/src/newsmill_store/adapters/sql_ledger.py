"""The ledger in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, NotSupportedError, ProgrammingError

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.messages import JobFinished
from newsmill_store.tasks import Result, RowRefusedError

__all__ = ["SQLLedger"]


class SQLLedger:
    """Implements ``newsmill_store.tasks.Ledger``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, results: Sequence[Result]) -> None:
        """End their jobs in one transaction."""
        entries = [
            Ending.of(result) if isinstance(result, JobFinished) else result for result in results
        ]
        try:
            with transaction(self._engine) as connection:
                finish(connection, entries)
        except (DataError, IntegrityError, NotSupportedError, ProgrammingError) as error:
            raise RowRefusedError(str(error.orig).partition("\n")[0]) from error
        except UnicodeEncodeError as error:
            raise RowRefusedError("a text that is not Unicode") from error
