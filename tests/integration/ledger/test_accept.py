"""Acceptance: once, whole, and the same answer for the same key."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from newsmill_shared.database.accept import IdempotencyConflictError, Order, accept, accept_all
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


def test_many_orders_are_accepted_with_the_same_few_statements(ledger: LedgerUnderTest) -> None:
    orders = [
        Order(f"order-{number}", b"same", (a_submission(f"https://h{number}.example/"),) * 2)
        for number in range(50)
    ]
    statements: list[str] = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))

    with transaction(ledger.engine) as connection:
        answers = accept_all(connection, orders, host_delay_seconds=1)

    assert len(statements) <= 6
    assert [answer.key for answer in answers if answer] == [order.key for order in orders]
    assert ledger.sql("select key, job_ids from receipt order by key") == sorted(
        (answer.key, list(answer.job_ids)) for answer in answers if answer
    )
    assert ledger.sql("select count(*), count(distinct receipt) from job") == [(100, 50)]
    assert ledger.conservation().unaccounted == 0


def test_of_many_orders_each_has_its_own_answer(ledger: LedgerUnderTest) -> None:
    with transaction(ledger.engine) as connection:
        [known] = accept_all(
            connection, [Order("b", b"1", (a_submission(),))], host_delay_seconds=1
        )
        accept_all(connection, [Order("c", b"1", ())], host_delay_seconds=1)

    with transaction(ledger.engine) as connection:
        empty, again, other, fresh = accept_all(
            connection,
            [
                Order("d", b"1", ()),
                Order("b", b"1", (a_submission(),)),
                Order("c", b"2", (a_submission(),)),
                Order("a", b"1", (a_submission("https://new.example/"),)),
            ],
            host_delay_seconds=1,
        )

    assert other is None
    assert known
    assert again
    assert empty
    assert fresh
    assert (again.job_ids, again.replayed, again.hosts) == (known.job_ids, True, ())
    assert (empty.job_ids, empty.hosts) == ((), ())
    assert (len(fresh.job_ids), fresh.replayed, len(fresh.hosts)) == (1, False, 1)
    assert ledger.conservation().accepted == 2


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
