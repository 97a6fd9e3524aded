"""A result is recorded, given back, or recorded as refused; never dropped."""

from collections.abc import Sequence

import pytest

from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.identity import new_id
from newsmill_shared.messages import JobFinished
from newsmill_shared.reasons import Reason
from newsmill_store.tasks import Result, RowRefusedError, record
from tests.support.builders import an_article_enriched, an_ending_message


class FakeLedger:
    """Fails as it is told, then remembers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.recorded: list[Result] = []
        self.bad: list[Result] = []

    def record(self, results: Sequence[Result]) -> None:
        """Fail with the next failure, or for a bad result, or keep the results."""
        if self.failures:
            raise self.failures.pop(0)
        if any(result in self.bad for result in results):
            raise RowRefusedError("value too long")
        self.recorded.extend(results)


def never(_seconds: float) -> bool:
    """Nobody stops the worker."""
    return False


def test_a_result_waits_until_the_database_is_back() -> None:
    ledger = FakeLedger(*[DatabaseAwayError("away")] * 9)
    waits: list[float] = []

    def stopping(seconds: float) -> bool:
        waits.append(seconds)
        return False

    recorded = record([result := an_ending_message(new_id())], ledger=ledger, stopping=stopping)

    assert recorded
    assert ledger.recorded == [result]
    assert waits[0] < waits[1] <= max(waits) == 5


def test_a_worker_that_is_to_stop_gives_the_result_back() -> None:
    ledger = FakeLedger(DatabaseAwayError("away"))

    recorded = record([an_ending_message(new_id())], ledger=ledger, stopping=lambda _: True)

    assert not recorded
    assert ledger.recorded == []


def test_a_row_that_the_database_refuses_ends_its_job_as_dead() -> None:
    ledger = FakeLedger(RowRefusedError("value too long"))
    result = an_article_enriched(new_id())

    record([result], ledger=ledger, stopping=never)

    (ending,) = ledger.recorded
    assert isinstance(ending, JobFinished)
    assert (ending.job_id, ending.reason) == (result.job_id, Reason.STORE_ERROR)
    assert ending.detail == "value too long"


def test_a_refusal_of_the_refusal_is_loud() -> None:
    ledger = FakeLedger(RowRefusedError("no"), RowRefusedError("no"))

    with pytest.raises(RowRefusedError):
        record([an_article_enriched(new_id())], ledger=ledger, stopping=never)


def test_one_bad_result_in_a_batch_fails_alone_and_the_others_are_recorded() -> None:
    results = [an_article_enriched(new_id()) for _ in range(9)]
    ledger = FakeLedger()
    ledger.bad = [results[3]]

    recorded = record(results, ledger=ledger, stopping=never)

    assert recorded
    endings = [one for one in ledger.recorded if isinstance(one, JobFinished)]
    assert [ending.job_id for ending in endings] == [results[3].job_id]
    assert [one for one in ledger.recorded if one not in endings] == results[:3] + results[4:]
