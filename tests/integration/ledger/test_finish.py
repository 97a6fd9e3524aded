"""Finish: one outcome a job, whatever arrives, however often, in whatever order."""

from datetime import timedelta
from threading import Barrier, Thread

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.events import number_events, read_events
from newsmill_shared.database.finish import Ending
from newsmill_shared.reasons import Reason
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import (
    NOON,
    a_page,
    a_relation,
    a_submission,
    an_article,
    an_article_enriched,
)

URL = "https://paper.example/story"


def test_a_new_article_is_stored_with_its_version_event_and_outcome(
    ledger: LedgerUnderTest,
) -> None:
    (job,) = ledger.running(a_submission(URL))

    (done,) = ledger.finish(an_article_enriched(job, page=a_page(URL)))

    assert done.reason is Reason.NEW
    assert ledger.sql("select outcome, reason, article_id, version from outcome") == [
        ("stored", "new", done.article_id, 1)
    ]
    assert ledger.sql("select kind, job_id from event") == [("stored", job)]
    assert ledger.sql("select id, version from article") == [(done.article_id, 1)]
    assert ledger.sql("select count(*) from job") == [(0,)]
    assert ledger.conservation().unaccounted == 0


def test_a_result_that_comes_twice_counts_once(ledger: LedgerUnderTest) -> None:
    (job,) = ledger.running(a_submission(URL))
    result = an_article_enriched(job, page=a_page(URL))
    ledger.finish(result)

    again = ledger.finish(result, result)

    assert again == []
    assert ledger.sql("select count(*) from version") == [(1,)]
    assert ledger.sql("select count(*) from outcome") == [(1,)]


def test_the_same_content_again_is_unchanged(ledger: LedgerUnderTest) -> None:
    (first,) = ledger.running(a_submission(URL))
    ledger.finish(an_article_enriched(first, page=a_page(URL)))
    (second,) = ledger.running(a_submission(URL))

    (done,) = ledger.finish(
        an_article_enriched(second, page=a_page(URL, fetched_at=NOON + timedelta(days=30)))
    )

    assert done.reason is Reason.SAME_CONTENT
    assert done.version == 1
    assert ledger.sql("select count(*) from version") == [(1,)]


def test_other_content_fetched_later_is_an_update(ledger: LedgerUnderTest) -> None:
    (first,) = ledger.running(a_submission(URL))
    ledger.finish(an_article_enriched(first, page=a_page(URL)))
    (second,) = ledger.running(a_submission(URL))

    (done,) = ledger.finish(
        an_article_enriched(
            second,
            page=a_page(URL, fetched_at=NOON + timedelta(hours=1)),
            article=an_article(text="What happened since."),
        )
    )

    assert done.reason is Reason.REVISION
    assert ledger.sql("select version from article") == [(2,)]


def test_an_older_fetch_that_arrives_late_does_not_replace_the_newer_one(
    ledger: LedgerUnderTest,
) -> None:
    (first,) = ledger.running(a_submission(URL))
    ledger.finish(an_article_enriched(first, page=a_page(URL)))
    (second,) = ledger.running(a_submission(URL))

    (done,) = ledger.finish(
        an_article_enriched(
            second,
            page=a_page(URL, fetched_at=NOON - timedelta(hours=1)),
            article=an_article(text="What was known before."),
        )
    )

    assert done.reason is Reason.SUPERSEDED
    assert ledger.sql("select version from article") == [(1,)]
    assert ledger.sql("select count(*) from version") == [(2,)]


def test_a_copy_elsewhere_is_stored_as_a_duplicate_in_the_cluster_of_its_original(
    ledger: LedgerUnderTest,
) -> None:
    wire = "https://wire.example/copy"
    original, copy = ledger.running(a_submission(URL), a_submission(wire))
    (first,) = ledger.finish(an_article_enriched(original, page=a_page(URL)))

    (done,) = ledger.finish(
        an_article_enriched(
            copy, page=a_page(wire), article=an_article(duplicate_of=a_relation(URL))
        )
    )

    assert done.reason is Reason.NEAR_DUPLICATE
    assert ledger.sql("select duplicate_of, cluster_id from article where url = :u", u=wire) == [
        (first.article_id, first.article_id)
    ]


def test_copies_of_a_copy_follow_it_into_its_cluster(ledger: LedgerUnderTest) -> None:
    middle, last = "https://b.example/copy", "https://c.example/copy"
    jobs = ledger.running(a_submission(URL), a_submission(middle), a_submission(last))
    ledger.finish(
        an_article_enriched(
            jobs[2], page=a_page(last), article=an_article(duplicate_of=a_relation(middle))
        )
    )
    ledger.finish(
        an_article_enriched(
            jobs[1], page=a_page(middle), article=an_article(duplicate_of=a_relation(URL))
        )
    )

    ledger.finish(an_article_enriched(jobs[0], page=a_page(URL)))

    assert len(ledger.sql("select distinct cluster_id from article")) == 1


def test_an_article_counts_from_an_attempt_that_was_given_up(ledger: LedgerUnderTest) -> None:
    (job,) = ledger.running(a_submission(URL))
    ledger.sql("update job set attempt = 3, state = 'waiting'")

    (done,) = ledger.finish(an_article_enriched(job, attempt=1, page=a_page(URL)))

    assert done.reason is Reason.NEW


def test_an_ending_counts_only_from_the_attempt_that_runs(ledger: LedgerUnderTest) -> None:
    (job,) = ledger.running(a_submission(URL))
    ledger.sql("update job set attempt = 2")

    stale = ledger.finish(Ending(job_id=job, attempt=1, reason=Reason.HTTP_404))
    current = ledger.finish(Ending(job_id=job, attempt=2, reason=Reason.HTTP_404))

    assert stale == []
    assert [done.reason for done in current] == [Reason.HTTP_404]
    assert ledger.sql("select outcome from outcome") == [("failed",)]


def test_a_redirected_page_is_found_by_both_its_urls(ledger: LedgerUnderTest) -> None:
    short = "https://short.example/x"
    (job,) = ledger.running(a_submission(short))

    ledger.finish(an_article_enriched(job, page=a_page(short, final_url=URL)))

    assert ledger.sql("select url from outcome") == [(short,)]
    assert ledger.sql("select url from article") == [(URL,)]


def test_results_of_one_page_in_many_transactions_at_once_make_one_article(
    ledger: LedgerUnderTest,
) -> None:
    jobs = [ledger.running(a_submission(URL))[0]]
    for _ in range(3):
        ledger.sql("update job set state = 'held'")
        jobs += ledger.accept(a_submission(URL))
    barrier = Barrier(len(jobs))

    def finish(job: object) -> None:
        barrier.wait()
        ledger.finish(an_article_enriched(job, page=a_page(URL)))  # type: ignore[arg-type]

    threads = [Thread(target=finish, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ledger.sql("select reason, count(*) from outcome group by 1 order by 1") == [
        ("new", 1),
        ("same_content", 3),
    ]
    assert ledger.sql("select count(*) from version") == [(1,)]


def test_numbered_events_are_read_in_order_without_gaps(ledger: LedgerUnderTest) -> None:
    jobs = ledger.running(*(a_submission(f"https://paper.example/{n}") for n in range(3)))
    for job in reversed(jobs):
        ledger.finish(Ending(job_id=job, attempt=1, reason=Reason.HTTP_410))

    with transaction(ledger.engine) as connection:
        number_events(connection)
        events = read_events(connection, after=1, limit=10)

    assert [event.position for event in events] == [2, 3]
    assert [event.job_id for event in events] == [jobs[1], jobs[0]]
