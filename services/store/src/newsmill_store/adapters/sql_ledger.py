"""The ledger in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, NotSupportedError, ProgrammingError

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.database.rework import finish_reworks
from newsmill_shared.messages import JobFinished
from newsmill_store.tasks import Result, RowRefusedError

__all__ = ["SQLLedger"]


class SQLLedger:
    """Implements ``newsmill_store.tasks.Ledger``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, results: Sequence[Result]) -> None:
        """End their jobs in one transaction; pages of runs are written in one of their own.

        Either may be done again when the other could not be: what is recorded counts once.
        """
        reworks = [result for result in results if result.rework]
        entries = [
            Ending.of(result) if isinstance(result, JobFinished) else result
            for result in results
            if not result.rework
        ]
        try:
            if entries:
                with transaction(self._engine) as connection:
                    finish(connection, entries)
            if reworks:
                with transaction(self._engine) as connection:
                    finish_reworks(connection, reworks)
        except (DataError, IntegrityError, NotSupportedError, ProgrammingError) as error:
            raise RowRefusedError(str(error.orig).partition("\n")[0]) from error
        except UnicodeEncodeError as error:
            raise RowRefusedError("a text that is not Unicode") from error
