"""Acceptance: once, whole, and the same answer for the same key."""

from datetime import UTC, datetime, timedelta

import pytest

from newsmill_shared.database.accept import IdempotencyConflictError, accept
from newsmill_shared.database.engine import transaction
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_page, a_submission


def test_each_submission_becomes_one_waiting_job_on_its_host(ledger: LedgerUnderTest) -> None:
    first, second = ledger.accept(
        a_submission("https://a.example/1"), a_submission("https://b.example/2")
    )

    rows = ledger.sql(
        "select job.id, host.name, state from job join host on host.id = host_id order by job.id"
    )
    assert rows == [(first, "a.example", "waiting"), (second, "b.example", "waiting")]
    assert ledger.conservation().accepted == 2
    assert ledger.conservation().unaccounted == 0


def test_the_same_key_again_gives_the_same_receipt_and_no_second_job(
    ledger: LedgerUnderTest,
) -> None:
    answers = []
    for _ in range(2):
        with transaction(ledger.engine) as connection:
            answers.append(
                accept(
                    connection,
                    [a_submission()],
                    key="order-7",
                    request_sha256=b"same",
                    host_delay_seconds=1,
                )
            )

    assert answers[0].job_ids == answers[1].job_ids
    assert [answer.replayed for answer in answers] == [False, True]
    assert ledger.conservation().accepted == 1


def test_the_same_key_for_another_request_is_refused(ledger: LedgerUnderTest) -> None:
    with transaction(ledger.engine) as connection:
        accept(connection, [], key="order-7", request_sha256=b"one", host_delay_seconds=1)

    with (
        pytest.raises(IdempotencyConflictError, match="use a new key"),
        transaction(ledger.engine) as connection,
    ):
        accept(connection, [], key="order-7", request_sha256=b"two", host_delay_seconds=1)


def test_a_job_that_must_not_begin_yet_is_held(ledger: LedgerUnderTest) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    ledger.accept(a_submission(not_before=tomorrow))

    assert ledger.sql("select state, held_until from job") == [("held", tomorrow)]


def test_a_document_is_accepted_with_its_fetch(ledger: LedgerUnderTest) -> None:
    page = a_page(supplied=True)

    (job,) = ledger.accept(a_submission(page=page))

    assert ledger.sql("select id, job_id from page_fetch") == [(page.fetch_id, job)]
    assert ledger.sql("select fetch_id, supplied from job") == [(page.fetch_id, True)]


def test_a_job_that_vanishes_by_hand_is_seen_as_unaccounted(ledger: LedgerUnderTest) -> None:
    ledger.accept(a_submission("https://a.example/1"), a_submission("https://a.example/2"))

    ledger.sql("delete from job where url like '%/1'")

    assert ledger.conservation().unaccounted == 1
