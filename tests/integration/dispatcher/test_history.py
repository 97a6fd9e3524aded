"""The history of attempts and the counts of stages, as an operator finds them afterwards."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from newsmill_shared.database.attempts import PastAttempt, read_attempts
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.database.tallies import forget_minutes, read_minutes, read_totals
from newsmill_shared.identity import new_id
from newsmill_shared.messages import Span
from newsmill_shared.queue.notes import (
    AnyNote,
    EndedNote,
    FetchedNote,
    LateNote,
    LostNote,
    MissingNote,
    MovedNote,
)
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.sweep import void_running
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import (
    NOON,
    a_page,
    a_page_fetched,
    a_submission,
    an_article_enriched,
    an_ending_message,
)


def a_span(worker: str = "ingest:host-1:7:ab12", seconds: float = 0.8) -> Span:
    """A worker's own measure of an attempt."""
    return Span(worker=worker, began_at=NOON, seconds=seconds)


def history(mill: Mill, job_id: UUID | None = None) -> tuple[PastAttempt, ...]:
    """Return the attempts of a job; of the only one that there is, if none is named."""
    if job_id is None:
        ((job_id,),) = mill.ledger.sql("select distinct job_id from attempt")  # type: ignore[assignment]
    assert job_id is not None
    with reading(mill.ledger.engine) as snapshot:
        return read_attempts(snapshot, job_id)


def told(mill: Mill) -> list[tuple[int, str, str, str]]:
    """Return attempt, stage, end and reason of the only job's attempts."""
    return [(past.attempt, past.stage, past.ended, past.reason) for past in history(mill)]


def totals(mill: Mill) -> dict[tuple[str, str, str], int]:
    """Return the counts since the beginning, by stage, end and reason."""
    counts: dict[tuple[str, str, str], int] = {}
    with reading(mill.ledger.engine) as snapshot:
        for count in read_totals(snapshot):
            key = (count.stage, count.ended, count.reason)
            counts[key] = counts.get(key, 0) + count.count
    return counts


def test_a_page_that_becomes_an_article_leaves_an_attempt_at_each_stage(mill: Mill) -> None:
    (job,) = mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()
    mill.fetched(fetch, span=a_span())
    mill.tick()

    article = an_article_enriched(job)
    mill.ledger.finish(article.model_copy(update={"span": a_span("enrich:host-2:9:cd34", 0.1)}))

    ingest, enrich = history(mill, job)
    assert (ingest.stage, ingest.ended, ingest.worker) == ("ingest", "done", "ingest:host-1:7:ab12")
    assert (enrich.stage, enrich.ended, enrich.worker) == ("enrich", "done", "enrich:host-2:9:cd34")
    assert ingest.began_at == NOON
    assert ingest.seconds == pytest.approx(0.8)
    assert ingest.sent_at is not None
    assert ingest.sent_at == enrich.sent_at


def test_a_fetch_that_is_noted_after_its_article_was_stored_is_in_the_history(mill: Mill) -> None:
    (job,) = mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()
    mill.ledger.finish(an_article_enriched(job))

    mill.fetched(fetch, span=a_span())
    mill.tick()

    assert told(mill) == [(1, "ingest", "done", ""), (1, "enrich", "done", "")]


def test_a_retry_tells_its_reason_and_how_long_it_held_the_job(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()
    mill.note(
        EndedNote(
            job_id=fetch.job_id,
            attempt=1,
            reason=Reason.HTTP_5XX,
            detail="503 Service Unavailable",
            retry_after_seconds=120,
            span=a_span(),
        )
    )
    mill.tick()
    mill.ledger.sql("update job set held_until = now()")
    mill.let_hosts_be_asked()
    mill.tick()
    (again,) = mill.fetches()
    mill.fetched(again)
    mill.tick()

    first, second = history(mill)

    assert (first.ended, first.reason, first.detail) == (
        "ended",
        "http_5xx",
        "503 Service Unavailable",
    )
    assert first.held_seconds == pytest.approx(120)
    assert (second.attempt, second.ended, second.held_seconds) == (2, "done", None)


def test_a_fetch_that_fails_for_good_is_in_the_history_of_a_finished_job(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()

    mill.note(EndedNote(job_id=fetch.job_id, attempt=1, reason=Reason.HTTP_404, span=a_span()))
    mill.tick()

    (past,) = history(mill)
    assert (past.ended, past.reason, past.held_seconds) == ("ended", "http_404", None)
    assert past.sent_at is not None
    assert totals(mill) == {("ingest", "ended", "http_404"): 1, ("job", "failed", "http_404"): 1}


def test_a_note_that_is_applied_twice_counts_once(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()
    for _ in range(2):
        mill.fetched(fetch, span=a_span())
        mill.tick()

    mill.fetched(fetch, span=a_span(seconds=9))
    mill.tick()

    assert told(mill) == [(1, "ingest", "done", "")]
    assert totals(mill) == {("ingest", "done", ""): 1}


def test_a_result_that_comes_twice_counts_once(mill: Mill) -> None:
    (job,) = mill.ledger.running(a_submission())

    for _ in range(2):
        mill.ledger.finish(Ending.of(an_ending_message(job)))
    mill.tick()

    assert told(mill) == [(1, "enrich", "ended", "not_an_article")]
    assert totals(mill) == {
        ("enrich", "ended", "not_an_article"): 1,
        ("job", "skipped", "not_an_article"): 1,
        ("store", "done", ""): 1,
    }


def test_a_chain_that_moves_on_names_where_it_was_led(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()

    mill.note(
        MovedNote(
            job_id=fetch.job_id, attempt=1, target="https://b.example/", hops=(), span=a_span()
        )
    )
    mill.tick()

    (past,) = history(mill)
    assert (past.stage, past.ended) == ("ingest", "moved")
    assert past.detail == "redirected to https://b.example/"
    assert past.seconds == pytest.approx(0.8)


def test_an_attempt_that_was_claimed_too_late_is_told_with_the_stage_it_ran_at(mill: Mill) -> None:
    mill.ledger.accept(a_submission(page=a_page(supplied=True)))
    mill.tick()
    (page,) = mill.pages()

    mill.note(LateNote(job_id=page.job_id, attempt=1, stage="enrich", detail="claimed too late"))
    mill.tick()

    assert told(mill) == [(1, "enrich", "late", "")]


def test_a_document_has_no_attempt_at_ingest(mill: Mill) -> None:
    (job,) = mill.ledger.accept(a_submission(page=a_page(supplied=True)))
    mill.tick()

    mill.ledger.finish(an_article_enriched(job))

    assert told(mill) == [(1, "enrich", "done", "")]


def test_a_lost_attempt_names_the_worker_that_it_was_lost_with(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()
    mill.claim(fetch, by="ingest:host-1:7:ab12", alive=False)

    mill.age()
    mill.tick()

    (past,) = history(mill)
    assert (past.ended, past.reason, past.worker) == (
        "lost",
        "worker_lost",
        "ingest:host-1:7:ab12",
    )
    assert past.began_at is not None


def test_a_loss_that_a_worker_notes_itself_is_told_once(mill: Mill) -> None:
    mill.ledger.accept(a_submission(page=a_page(supplied=True)))
    mill.tick()
    (page,) = mill.pages()
    lost = LostNote(
        job_id=page.job_id, attempt=1, reason=Reason.TIME_LIMIT, span=Span(worker="enrich:h:1:a")
    )

    mill.note(lost)
    mill.note(lost.model_copy(update={"reason": Reason.WORKER_LOST}))
    mill.tick()

    (past,) = history(mill)
    assert (past.ended, past.reason, past.worker) == ("lost", "time_limit", "enrich:h:1:a")
    assert totals(mill) == {("enrich", "lost", "time_limit"): 1}


def test_the_third_loss_is_in_the_history_of_a_dead_job(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    for n in range(3):
        mill.let_hosts_be_asked()
        mill.tick()
        (fetch,) = mill.fetches()
        mill.claim(fetch, by=f"worker-{n}", alive=False)
        mill.age()
        mill.tick()

    lost = [(past.attempt, past.ended, past.worker) for past in history(mill)]

    assert lost == [(n + 1, "lost", f"worker-{n}") for n in range(3)]
    assert mill.ledger.sql("select outcome from outcome") == [("dead",)]


def test_work_that_was_nowhere_says_so(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    mill.fetches()
    mill.age()

    mill.tick(2)

    (past,) = history(mill)
    assert (past.stage, past.ended) == ("ingest", "void")
    assert "in no list" in past.detail


def test_a_body_that_is_gone_ends_the_attempt_at_enrich(mill: Mill) -> None:
    mill.ledger.accept(a_submission(), delay=3600)
    mill.tick()
    mill.fetched(mill.fetches()[0])
    mill.tick()

    ((job, attempt),) = mill.ledger.sql("select id, attempt from job")
    mill.note(MissingNote(job_id=job, attempt=attempt, span=a_span("enrich:h:1:a")))
    mill.tick()

    assert told(mill) == [
        (1, "ingest", "done", ""),
        (1, "enrich", "ended", "page_missing"),
    ]


def test_the_history_outlives_a_wiped_redis_and_tells_of_it(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    mill.fetched(mill.fetches()[0], span=a_span())
    mill.tick()

    mill.redis.flushall()
    mill.tick(2)

    ingest, enrich = history(mill)
    assert (ingest.ended, ingest.worker) == ("done", "ingest:host-1:7:ab12")
    assert (enrich.ended, enrich.detail) == ("void", "Redis came back without its data")
    assert totals(mill) == {("ingest", "done", ""): 1, ("enrich", "void", ""): 1}


def test_minutes_and_totals_hold_how_long_attempts_took(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://{n}.example/") for n in range(3)))
    mill.tick()
    for fetch, seconds in zip(mill.fetches(), (0.2, 0.8, 0.9), strict=True):
        mill.fetched(fetch, span=a_span(seconds=seconds))

    mill.tick()

    with reading(mill.ledger.engine) as snapshot:
        counted = read_totals(snapshot)
        minutes = read_minutes(snapshot, minutes=5)
    assert {(count.le, count.count) for count in counted} == {(0.25, 1), (1.0, 2)}
    assert sum(count.seconds for count in counted) == pytest.approx(1.9)
    assert sum(count.count for count in minutes) == 3
    assert mill.ledger.sql("select count(*) from tally") == [(0,)]


def test_totals_stay_when_old_minutes_are_forgotten(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    mill.fetched(mill.fetches()[0], span=a_span())
    mill.tick()
    before = totals(mill)
    mill.ledger.sql("update stage_minute set minute = minute - interval '4 days'")

    with transaction(mill.ledger.engine) as connection:
        forgotten = forget_minutes(connection)

    assert forgotten == 1
    assert mill.ledger.sql("select count(*) from stage_minute") == [(0,)]
    assert totals(mill) == before


def test_a_job_counts_with_all_the_time_since_it_was_accepted(mill: Mill) -> None:
    (job,) = mill.ledger.accept(a_submission())
    mill.ledger.sql("update job set accepted_at = now() - interval '20 minutes'")
    mill.ledger.finish(an_article_enriched(job))

    mill.tick()

    with reading(mill.ledger.engine) as snapshot:
        counted = [count for count in read_totals(snapshot) if count.stage == "job"]
    assert [(count.ended, count.reason, count.le) for count in counted] == [
        ("stored", "new", 1800.0)
    ]
    assert counted[0].seconds == pytest.approx(timedelta(minutes=20).total_seconds(), abs=30)


def test_a_result_and_a_judgement_of_the_same_attempt_wait_in_no_circle(mill: Mill) -> None:
    (job,) = mill.ledger.running(a_submission())
    mill.ledger.sql("update job set stage = 'enrich'")

    with transaction(mill.ledger.engine) as store, ThreadPoolExecutor(1) as dispatcher:
        store.execute(text("select from job for update"))
        voided = dispatcher.submit(void, mill)
        wait_for(lambda: mill.ledger.sql(BLOCKED) == [(1,)])
        finish(store, [an_article_enriched(job)])
        store.commit()
        voided.result(timeout=20)

    assert told(mill) == [(1, "enrich", "done", "")]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_counts_are_those_of_the_rows_whatever_comes_however_often(
    mill: Mill, data: st.DataObject
) -> None:
    jobs = mill.ledger.accept(*(a_submission(f"https://a.example/{new_id()}") for _ in range(4)))
    mill.ledger.sql(
        "update job set state = 'running', stage = 'ingest', attempt = 1 where id = any(:jobs)",
        jobs=jobs,
    )
    notes = data.draw(st.lists(st.sampled_from(every_note(jobs)), max_size=30))

    for batch in (notes[::2], notes[1::2]):
        for note in batch:
            mill.note(note)
        mill.tick()
    results = data.draw(st.lists(st.sampled_from(jobs), unique=True))
    for _ in range(2):
        mill.ledger.finish(*(Ending.of(an_ending_message(job)) for job in results))
    mill.tick()

    ((rows, outcomes),) = mill.ledger.sql(
        "select (select count(*) from attempt), (select count(*) from outcome)"
    )
    counted = totals(mill)
    assert sum(n for (stage, *_), n in counted.items() if stage in ("ingest", "enrich")) == rows
    assert sum(n for (stage, *_), n in counted.items() if stage == "job") == outcomes


def every_note(jobs: list[UUID]) -> list[AnyNote]:
    """Return each kind of note about each of these jobs' first attempts."""
    return [
        note
        for job in jobs
        for note in (
            EndedNote(job_id=job, attempt=1, reason=Reason.HTTP_404, span=a_span()),
            EndedNote(job_id=job, attempt=1, reason=Reason.TIMEOUT, span=a_span()),
            MovedNote(job_id=job, attempt=1, target="https://b.example/", hops=()),
            LateNote(job_id=job, attempt=1),
            LateNote(job_id=job, attempt=1, stage="enrich"),
            LostNote(job_id=job, attempt=1, reason=Reason.MEMORY),
            MissingNote(job_id=job, attempt=1),
            FetchedNote(job_id=job, attempt=1, message=a_page_fetched(job), span=a_span()),
        )
    ]


BLOCKED = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'
"""


def void(mill: Mill) -> None:
    """Void all running work, as the dispatcher does when Redis has lost its data."""
    with transaction(mill.ledger.engine) as connection:
        void_running(connection)


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when a condition holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
