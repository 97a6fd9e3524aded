"""What the store's messages mean: record the results, once, and never give one up."""

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from newsmill_shared.errors import NewsmillError, TransientError
from newsmill_shared.logs import about
from newsmill_shared.messages import ArticleEnriched, JobFinished
from newsmill_shared.reasons import Reason

__all__ = ["Ledger", "Result", "RowRefusedError", "record"]

_log = structlog.get_logger()

_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0

Result = ArticleEnriched | JobFinished


class RowRefusedError(NewsmillError):
    """PostgreSQL refuses one of these results, and will refuse it again."""


class Ledger(Protocol):
    """Where results are recorded."""

    def record(self, results: Sequence[Result]) -> None:
        """End their jobs in one transaction.

        Raises:
            TransientError: The database is away.
            RowRefusedError: The database refuses a row.
        """


def record(results: Sequence[Result], *, ledger: Ledger, stopping: Callable[[float], bool]) -> bool:
    """Record results in one transaction, however long the database is away.

    A batch that the database refuses is halved until the refused result stands alone; that one
    ends its job as dead.

    Args:
        results: What became of jobs; at least one.
        ledger: Where they are recorded.
        stopping: Waits this many seconds and tells whether the worker is to stop.

    Returns:
        False if the worker is to stop and something is not recorded: give it all back.
    """
    seconds = _FIRST_WAIT_SECONDS
    while True:
        try:
            ledger.record(results)
        except TransientError as error:
            _log.warning("not recorded yet", results=len(results), cause=str(error))
        except RowRefusedError as error:
            if len(results) > 1:
                half = len(results) // 2
                return all(
                    record(part, ledger=ledger, stopping=stopping)
                    for part in (results[:half], results[half:])
                )
            _log.exception("result refused by the database", job_id=str(results[0].job_id))
            results = [_refused(results[0], error)]
            continue
        else:
            _tell(results)
            return True
        if stopping(seconds):
            return False
        seconds = min(_LONGEST_WAIT_SECONDS, seconds * 2)


def _tell(results: Sequence[Result]) -> None:
    for result in results:
        with about(result):
            ended = result.reason if isinstance(result, JobFinished) else "article"
            _log.info("result recorded", result=str(ended), together_with=len(results) - 1)


def _refused(result: Result, error: RowRefusedError) -> JobFinished:
    if isinstance(result, JobFinished) and result.reason is Reason.STORE_ERROR:
        raise error
    return JobFinished(
        job_id=result.job_id,
        attempt=result.attempt,
        epoch=result.epoch,
        reason=Reason.STORE_ERROR,
        detail=str(error),
        page=result.page,
        span=result.span,
        rework=result.rework,
    )
