"""What the store's messages mean: record the result, once, and never give it up."""

from collections.abc import Callable
from typing import Protocol

import structlog

from newsmill_shared.errors import NewsmillError, TransientError
from newsmill_shared.messages import ArticleEnriched, JobFinished
from newsmill_shared.reasons import Reason

__all__ = ["Ledger", "RowRefusedError", "record"]

_log = structlog.get_logger()

_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0


class RowRefusedError(NewsmillError):
    """PostgreSQL refuses this result, and will refuse it again."""


class Ledger(Protocol):
    """Where results are recorded."""

    def record(self, result: ArticleEnriched | JobFinished) -> None:
        """End the job in one transaction.

        Raises:
            TransientError: The database is away.
            RowRefusedError: The database refuses the row.
        """


def record(
    result: ArticleEnriched | JobFinished,
    *,
    ledger: Ledger,
    stopping: Callable[[float], bool],
) -> bool:
    """Record a result, however long the database is away.

    Args:
        result: What became of a job.
        ledger: Where it is recorded.
        stopping: Waits this many seconds and tells whether the worker is to stop.

    Returns:
        False if the worker is to stop and the result is not recorded: give it back.
    """
    seconds = _FIRST_WAIT_SECONDS
    while True:
        try:
            ledger.record(result)
        except TransientError as error:
            _log.warning("not recorded yet", job_id=str(result.job_id), cause=str(error))
        except RowRefusedError as error:
            _log.exception("result refused by the database", job_id=str(result.job_id))
            result = _refused(result, error)
            continue
        else:
            return True
        if stopping(seconds):
            return False
        seconds = min(_LONGEST_WAIT_SECONDS, seconds * 2)


def _refused(result: ArticleEnriched | JobFinished, error: RowRefusedError) -> JobFinished:
    if isinstance(result, JobFinished) and result.reason is Reason.STORE_ERROR:
        raise error
    return JobFinished(
        job_id=result.job_id,
        attempt=result.attempt,
        epoch=result.epoch,
        reason=Reason.STORE_ERROR,
        detail=str(error),
        page=result.page,
    )
