"""How much a submitter may have open, and that nothing is half accepted beyond it."""

import pytest

from newsmill_shared.database.accept import QuotaExceededError, accept
from newsmill_shared.database.engine import transaction
from newsmill_shared.database.events import count_receipts, number_events
from newsmill_shared.database.finish import Ending
from newsmill_shared.reasons import Reason
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_submission

URLS = [a_submission(f"https://a.example/{number}") for number in range(4)]


def count(ledger: LedgerUnderTest) -> None:
    """Do what the dispatcher does now and then."""
    with transaction(ledger.engine) as connection:
        count_receipts(connection)
        number_events(connection)


@pytest.mark.parametrize("counted", [False, True])
def test_what_would_go_beyond_the_quota_is_refused_as_a_whole(
    ledger: LedgerUnderTest, *, counted: bool
) -> None:
    ledger.accept(*URLS[:2], submitter="mine", quota=3)
    if counted:
        count(ledger)

    with pytest.raises(QuotaExceededError) as refused:
        ledger.accept(*URLS[2:], submitter="mine", quota=3)

    assert (refused.value.submitter, refused.value.open_jobs, refused.value.quota) == ("mine", 2, 3)
    assert ledger.sql("select count(*) from job") == [(2,)]
    assert ledger.conservation().accepted == 2


def test_up_to_the_quota_and_for_other_submitters_there_is_room(ledger: LedgerUnderTest) -> None:
    ledger.accept(*URLS[:3], submitter="mine", quota=3)

    assert len(ledger.accept(*URLS[:3], submitter="yours", quota=3)) == 3


def test_what_has_ended_makes_room(ledger: LedgerUnderTest) -> None:
    jobs = ledger.running(*URLS[:3], submitter="mine")
    ledger.finish(Ending(job_id=jobs[0], attempt=1, reason=Reason.HTTP_404))
    count(ledger)

    assert len(ledger.accept(URLS[3], submitter="mine", quota=3)) == 1


def test_a_receipt_that_was_given_before_is_given_again_however_full_it_is(
    ledger: LedgerUnderTest,
) -> None:
    with transaction(ledger.engine) as connection:
        first = accept(
            connection, URLS, key="k", request_sha256=b"r", host_delay_seconds=1, quota=4
        )

    with transaction(ledger.engine) as connection:
        again = accept(
            connection, URLS, key="k", request_sha256=b"r", host_delay_seconds=1, quota=1
        )

    assert again.replayed
    assert again.job_ids == first.job_ids
