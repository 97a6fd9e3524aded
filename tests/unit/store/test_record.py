"""A result is recorded, given back, or recorded as refused; never dropped."""

import pytest

from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.identity import new_id
from newsmill_shared.messages import ArticleEnriched, JobFinished
from newsmill_shared.reasons import Reason
from newsmill_store.tasks import RowRefusedError, record
from tests.support.builders import an_article_enriched, an_ending_message


class FakeLedger:
    """Fails as it is told, then remembers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.recorded: list[ArticleEnriched | JobFinished] = []

    def record(self, result: ArticleEnriched | JobFinished) -> None:
        """Fail with the next failure, or keep the result."""
        if self.failures:
            raise self.failures.pop(0)
        self.recorded.append(result)


def never(_seconds: float) -> bool:
    """Nobody stops the worker."""
    return False


def test_a_result_waits_until_the_database_is_back() -> None:
    ledger = FakeLedger(*[DatabaseAwayError("away")] * 9)
    waits: list[float] = []

    def stopping(seconds: float) -> bool:
        waits.append(seconds)
        return False

    recorded = record(result := an_ending_message(new_id()), ledger=ledger, stopping=stopping)

    assert recorded
    assert ledger.recorded == [result]
    assert waits[0] < waits[1] <= max(waits) == 5


def test_a_worker_that_is_to_stop_gives_the_result_back() -> None:
    ledger = FakeLedger(DatabaseAwayError("away"))

    recorded = record(an_ending_message(new_id()), ledger=ledger, stopping=lambda _: True)

    assert not recorded
    assert ledger.recorded == []


def test_a_row_that_the_database_refuses_ends_its_job_as_dead() -> None:
    ledger = FakeLedger(RowRefusedError("value too long"))
    result = an_article_enriched(new_id())

    record(result, ledger=ledger, stopping=never)

    (ending,) = ledger.recorded
    assert isinstance(ending, JobFinished)
    assert (ending.job_id, ending.reason) == (result.job_id, Reason.STORE_ERROR)
    assert ending.detail == "value too long"


def test_a_refusal_of_the_refusal_is_loud() -> None:
    ledger = FakeLedger(RowRefusedError("no"), RowRefusedError("no"))

    with pytest.raises(RowRefusedError):
        record(an_article_enriched(new_id()), ledger=ledger, stopping=never)
