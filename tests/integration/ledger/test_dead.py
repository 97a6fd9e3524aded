"""Jobs that ended are retried once, however often that is asked, or discarded; nothing is lost."""

from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from newsmill_shared.database.accept import IdempotencyConflictError
from newsmill_shared.database.attempts import AttemptEnd, EndedAttempt, record_attempts
from newsmill_shared.database.audit import read_audit
from newsmill_shared.database.dead import (
    Act,
    DeadJob,
    Ended,
    Pace,
    Preview,
    Retried,
    Settled,
    count_unsettled,
    discard,
    hosts_now,
    list_ended,
    preview,
    retry,
)
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.finish import Ending
from newsmill_shared.reasons import Reason
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_page, a_submission, an_article_enriched

DEAD = Ended()
ALL = Pace(limit=1_000, per_second=1_000)


def died(
    ledger: LedgerUnderTest, *urls: str, reason: Reason = Reason.WORKER_LOST, **fields: Any
) -> list[UUID]:
    """Let jobs of these URLs end for a reason."""
    jobs = ledger.accept(*(a_submission(url, **fields) for url in urls))
    ledger.finish(*(Ending(job_id=job, attempt=None, reason=reason, detail="so") for job in jobs))
    return jobs


def retried(
    ledger: LedgerUnderTest,
    wanted: Ended = DEAD,
    *,
    key: str = "a-key",
    pace: Pace = ALL,
    fetch: bool = False,
    sha256: bytes = b"request",
) -> Retried:
    with transaction(ledger.engine) as connection:
        return retry(
            connection,
            Act(wanted=wanted, by="ana", reason="mended"),
            pace=pace,
            fetch=fetch,
            key=key,
            request_sha256=sha256,
            host_delay_seconds=1,
        )


def discarded(ledger: LedgerUnderTest, wanted: Ended = DEAD, *, limit: int = 1_000) -> int:
    with transaction(ledger.engine) as connection:
        return discard(connection, Act(wanted=wanted, by="ana"), limit=limit)


def listed(ledger: LedgerUnderTest, wanted: Ended = DEAD) -> list[DeadJob]:
    with reading(ledger.engine) as snapshot:
        return list_ended(snapshot, wanted, limit=100)


def previewed(ledger: LedgerUnderTest, wanted: Ended = DEAD, *, limit: int = 1_000) -> Preview:
    with reading(ledger.engine) as snapshot:
        return preview(snapshot, wanted, limit=limit)


def test_a_retry_is_a_new_job_that_names_the_old_one(ledger: LedgerUnderTest) -> None:
    fields: dict[str, Any] = {
        "label": "desk",
        "priority": 3,
        "timezone": "Asia/Baku",
        "meta": {"order": 7},
    }
    (old,) = died(ledger, "https://a.example/1", **fields)

    (new,) = retried(ledger).job_ids

    assert ledger.sql("select id, url, label, priority, timezone, meta, retry_of from job") == [
        (new, "https://a.example/1", "desk", 3, "Asia/Baku", {"order": 7}, old)
    ]
    assert ledger.sql("select job_id, outcome, reason from outcome") == [
        (old, "dead", "worker_lost")
    ]
    assert ledger.conservation().unaccounted == 0


def test_a_retry_that_is_asked_for_twice_is_made_once(ledger: LedgerUnderTest) -> None:
    died(ledger, "https://a.example/1", "https://a.example/2", "https://a.example/3")
    first = retried(ledger, pace=Pace(2, 10))

    again = retried(ledger, pace=Pace(2, 10))

    assert (len(first.job_ids), first.replayed) == (2, False)
    assert (set(again.job_ids), again.replayed) == (set(first.job_ids), True)
    assert ledger.sql("select count(*) from job") == [(2,)]


def test_a_key_of_another_request_retries_nothing(ledger: LedgerUnderTest) -> None:
    died(ledger, "https://a.example/1", "https://a.example/2")
    retried(ledger, pace=Pace(1, 1))

    with pytest.raises(IdempotencyConflictError):
        retried(ledger, sha256=b"another request")

    assert ledger.sql("select count(*) from job") == [(1,)]


def test_what_was_retried_already_is_shown_so_and_not_retried_again(
    ledger: LedgerUnderTest,
) -> None:
    (old,) = died(ledger, "https://a.example/1")
    (new,) = retried(ledger, key="one").job_ids

    assert retried(ledger, key="two").job_ids == ()
    assert listed(ledger) == []
    (shown,) = listed(ledger, Ended(settled=Settled.RETRIED))
    assert (shown.job_id, shown.settled, shown.settled_by) == (old, "retried", "ana")
    assert (shown.retry_id, shown.retry_state) == (new, "waiting")


def test_what_is_asked_for_again_is_retried_again_but_not_while_its_retry_is_under_way(
    ledger: LedgerUnderTest,
) -> None:
    (old,) = died(ledger, "https://a.example/1")
    (first,) = retried(ledger, key="one").job_ids
    again = Ended(job=old, settled=Settled.ANY)
    assert retried(ledger, again, key="two").job_ids == ()
    ledger.finish(an_article_enriched(first, page=a_page("https://a.example/1")))

    (second,) = retried(ledger, again, key="three").job_ids

    assert ledger.sql("select id, retry_of from job") == [(second, old)]


def test_two_who_retry_at_once_make_one_job_each_page(ledger: LedgerUnderTest) -> None:
    died(ledger, *(f"https://a.example/{number}" for number in range(50)))
    threads = [Thread(target=retried, args=(ledger,), kwargs={"key": str(n)}) for n in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ledger.sql("select count(*), count(distinct retry_of) from job") == [(50, 50)]
    assert ledger.conservation().unaccounted == 0


def test_retries_are_capped_and_spread_over_time_the_oldest_first(
    ledger: LedgerUnderTest,
) -> None:
    jobs = died(ledger, *(f"https://a.example/{number}" for number in range(10)))

    retried(ledger, pace=Pace(limit=6, per_second=2))

    assert ledger.sql(
        "select retry_of, state, cast(coalesce(extract(epoch from not_before - accepted_at), 0)"
        " as double precision) from job order by retry_of"
    ) == [
        (job, "waiting" if number < 2 else "held", number / 2 if number >= 2 else 0)
        for number, job in enumerate(jobs[:6])
    ]


def test_a_retry_is_in_the_name_of_who_had_handed_it_in(ledger: LedgerUnderTest) -> None:
    jobs = [
        *ledger.accept(a_submission("https://a.example/1"), submitter="desk"),
        *ledger.accept(a_submission("https://a.example/2"), submitter="crawler"),
    ]
    ledger.finish(*(Ending(job_id=job, attempt=None, reason=Reason.MEMORY) for job in jobs))

    retried(ledger)

    assert ledger.sql("select retry_of, submitter from job order by submitter desc") == [
        (jobs[0], "desk"),
        (jobs[1], "crawler"),
    ]


def test_a_page_that_was_fetched_is_not_fetched_again_unless_that_is_wanted(
    ledger: LedgerUnderTest,
) -> None:
    page = a_page("https://a.example/1")
    (old,) = ledger.accept(a_submission("https://a.example/1", page=page))
    ledger.finish(Ending(job_id=old, attempt=None, reason=Reason.MEMORY))

    retried(ledger, key="one")

    ((fetch_id, supplied),) = ledger.sql("select fetch_id, supplied from job")
    assert fetch_id not in (None, page.fetch_id)
    assert supplied is False
    assert ledger.sql("select count(distinct page ->> 'object') from page_fetch") == [(1,)]
    ledger.sql("delete from job")
    retried(ledger, Ended(settled=Settled.ANY), key="two", fetch=True)
    assert ledger.sql("select fetch_id from job") == [(None,)]


def test_a_supplied_page_is_never_fetched(ledger: LedgerUnderTest) -> None:
    page = a_page("https://a.example/1", supplied=True)
    (old,) = ledger.accept(a_submission("https://a.example/1", page=page))
    ledger.finish(Ending(job_id=old, attempt=None, reason=Reason.MEMORY))

    retried(ledger, fetch=True)

    assert ledger.sql("select fetch_id is not null, supplied from job") == [(True, True)]


def test_what_is_discarded_is_looked_at_no_more_and_still_counted(
    ledger: LedgerUnderTest,
) -> None:
    died(ledger, "https://a.example/1", "https://a.example/2")
    before = ledger.conservation()

    assert discarded(ledger, limit=1) == 1

    with reading(ledger.engine) as snapshot:
        assert count_unsettled(snapshot) == 1
    assert len(listed(ledger)) == 1
    assert [job.settled for job in listed(ledger, Ended(settled=Settled.DISCARDED))] == [
        "discarded"
    ]
    assert ledger.conservation() == before


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Ended(), {"lost", "broken"}),
        (Ended(outcome="failed"), {"gone", "away"}),
        (Ended(reason=Reason.HTTP_404), {"gone"}),
        (Ended(host="b.example"), {"broken"}),
        (Ended(outcome="failed", label="desk"), {"away"}),
        (Ended(stage="enrich"), {"lost"}),
        (Ended(stage="store"), {"broken"}),
    ],
)
def test_filters_choose(ledger: LedgerUnderTest, wanted: Ended, found: set[str]) -> None:
    (lost,) = ledger.running(a_submission("https://a.example/lost"))
    with transaction(ledger.engine) as connection:
        ended = EndedAttempt(job_id=lost, attempt=1, stage="enrich", ended=AttemptEnd.LOST)
        record_attempts(connection, [ended])
    ledger.finish(Ending(job_id=lost, attempt=None, reason=Reason.WORKER_LOST))
    died(ledger, "https://b.example/broken", reason=Reason.STORE_ERROR)
    died(ledger, "https://a.example/gone", reason=Reason.HTTP_404)
    died(ledger, "https://a.example/away", reason=Reason.TIMEOUT, label="desk")
    died(ledger, "https://a.example/skipped", reason=Reason.ROBOTS)

    assert {job.url.rpartition("/")[2] for job in listed(ledger, wanted)} == found
    assert previewed(ledger, wanted).matching == len(found)


def test_a_preview_says_by_reason_and_host_what_would_be_taken(ledger: LedgerUnderTest) -> None:
    died(ledger, *(f"https://a.example/{number}" for number in range(3)))
    died(ledger, "https://b.example/1", reason=Reason.MEMORY)

    shown = previewed(ledger, limit=3)

    assert (shown.matching, shown.chosen) == (4, 3)
    assert [(group.reason, group.host, group.jobs) for group in shown.groups] == [
        ("worker_lost", "a.example", 3)
    ]
    assert [url for _, url in shown.sample] == [f"https://a.example/{number}" for number in "012"]


def test_a_host_is_judged_by_its_last_jobs(ledger: LedgerUnderTest) -> None:
    died(ledger, "https://a.example/1", reason=Reason.CONNECT)
    (good,) = ledger.running(a_submission("https://a.example/2"))
    ledger.finish(an_article_enriched(good, page=a_page("https://a.example/2")))

    with reading(ledger.engine) as snapshot:
        [(_, host)] = hosts_now(snapshot, [1]).items()

    assert (host.ended_well, host.failed, host.paused) == (1, 1, False)
    assert host.well_at is not None


def test_acts_are_written_down_with_how_many(ledger: LedgerUnderTest) -> None:
    died(ledger, "https://a.example/1", "https://a.example/2")
    retried(ledger, Ended(host="a.example"), pace=Pace(1, 1))
    discarded(ledger, Ended(host="a.example"))
    discarded(ledger)

    with reading(ledger.engine) as snapshot:
        acts = read_audit(snapshot, limit=10)

    assert [(act.act, act.subject, act.by, act.detail["jobs"]) for act in acts] == [
        ("dead.discard", "a.example", "ana", 1),
        ("dead.retry", "a.example", "ana", 1),
    ]
