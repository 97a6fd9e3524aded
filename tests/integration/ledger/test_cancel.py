"""Work that waits is cancelled in bounded steps; what runs is left alone, nothing is lost."""

from uuid import UUID

import pytest
from sqlalchemy import text

from newsmill_shared.database.cancel import LOOKED_AT, Chosen, Step, cancel_step
from newsmill_shared.database.engine import transaction
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_submission, an_article_enriched


def step(
    ledger: LedgerUnderTest, chosen: Chosen, *, after: UUID | None = None, dry: bool = False
) -> Step:
    with transaction(ledger.engine) as connection:
        return cancel_step(connection, chosen, after=after, detail="by ana", dry=dry)


def test_what_waits_is_cancelled_and_what_runs_goes_on(ledger: LedgerUnderTest) -> None:
    (runs,) = ledger.running(a_submission("https://a.example/1"))
    ledger.accept(a_submission("https://a.example/2"), a_submission("https://b.example/1"))
    ledger.sql("update job set state = 'held', held_until = now() where url like '%/2'")

    done = step(ledger, Chosen(host="a.example"))

    assert (done.waiting, done.running, done.next) == (1, 1, None)
    assert ledger.sql("select url, outcome, reason, detail from outcome") == [
        ("https://a.example/2", "skipped", "cancelled", "by ana")
    ]
    assert len(ledger.finish(an_article_enriched(runs))) == 1
    assert ledger.conservation().unaccounted == 0


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (Chosen(label="x"), {"1", "3"}),
        (Chosen(host="a.example", label="x"), {"1", "3", "4"}),
        (Chosen(host="b.example"), {"1", "2"}),
    ],
)
def test_all_filters_must_fit(ledger: LedgerUnderTest, chosen: Chosen, left: set[str]) -> None:
    ledger.accept(
        a_submission("https://a.example/1"),
        a_submission("https://a.example/2", label="x"),
        a_submission("https://b.example/3"),
        a_submission("https://b.example/4", label="x"),
    )

    step(ledger, chosen)

    assert {str(url)[-1] for (url,) in ledger.sql("select url from job")} == left


def test_one_job_is_cancelled_by_its_id(ledger: LedgerUnderTest) -> None:
    first, second = ledger.accept(
        a_submission("https://a.example/1"), a_submission("https://a.example/2")
    )

    assert step(ledger, Chosen(job=first)).waiting == 1

    assert ledger.sql("select id from job") == [(second,)]


def test_a_dry_step_counts_and_cancels_nothing(ledger: LedgerUnderTest) -> None:
    ledger.accept(a_submission("https://a.example/1"))

    seen = step(ledger, Chosen(host="a.example"), dry=True)

    assert (seen.waiting, [url for _, url in seen.sample]) == (1, ["https://a.example/1"])
    assert ledger.sql("select count(*) from job") == [(1,)]


def test_a_walk_is_bounded_and_can_be_broken_off_and_begun_anew(ledger: LedgerUnderTest) -> None:
    urls = (f"https://a.example/{number}" for number in range(LOOKED_AT + 10))
    ledger.accept(*(a_submission(url, label="x") for url in urls))

    first = step(ledger, Chosen(label="x"))
    anew = step(ledger, Chosen(label="x"))

    assert (first.waiting, first.next is None) == (LOOKED_AT, False)
    assert (anew.waiting, anew.next) == (10, None)
    assert ledger.conservation().unaccounted == 0


def test_what_is_accepted_after_the_beginning_is_left_alone(ledger: LedgerUnderTest) -> None:
    ledger.accept(a_submission("https://a.example/1"))
    before = step(ledger, Chosen(host="a.example"), dry=True).accepted_before
    ledger.accept(a_submission("https://a.example/2"))

    done = step(ledger, Chosen(host="a.example", accepted_before=before))

    assert done.waiting == 1
    assert ledger.sql("select url from job") == [("https://a.example/2",)]


def test_a_job_that_is_being_taken_up_is_not_waited_for(ledger: LedgerUnderTest) -> None:
    ledger.accept(a_submission("https://a.example/1"), a_submission("https://a.example/2"))

    with ledger.engine.begin() as dispatcher:
        dispatcher.execute(text("update job set state = 'running' where url like '%/1'"))
        done = step(ledger, Chosen(host="a.example"))

    assert (done.waiting, done.running) == (1, 1)
    assert ledger.sql("select url, state from job") == [("https://a.example/1", "running")]
