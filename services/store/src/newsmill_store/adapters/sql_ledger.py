"""The ledger in PostgreSQL."""

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, NotSupportedError, ProgrammingError

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.messages import ArticleEnriched, JobFinished
from newsmill_store.tasks import RowRefusedError

__all__ = ["SQLLedger"]


class SQLLedger:
    """Implements ``newsmill_store.tasks.Ledger``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, result: ArticleEnriched | JobFinished) -> None:
        """End the job in one transaction."""
        entry = Ending.of(result) if isinstance(result, JobFinished) else result
        try:
            with transaction(self._engine) as connection:
                finish(connection, [entry])
        except (DataError, IntegrityError, NotSupportedError, ProgrammingError) as error:
            raise RowRefusedError(str(error.orig).partition("\n")[0]) from error
