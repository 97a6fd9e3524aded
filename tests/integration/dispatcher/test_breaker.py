"""A stage that fails everything is stopped before its work is dead, and goes on by itself."""

from newsmill_shared.database.finish import Ending
from newsmill_shared.messages import JobFinished, PageFetched
from newsmill_shared.queue.notes import EndedNote
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.breaker import LEAST_FAILURES
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_submission, an_article_enriched

_JOBS = 14


def pages_of(mill: Mill, number: int) -> list[PageFetched]:
    """Hand in URLs of as many hosts, and let all be fetched."""
    mill.ledger.accept(*(a_submission(f"https://paper{n}.example/a") for n in range(number)))
    mill.tick()
    return [mill.fetched(fetch) for fetch in mill.fetches()]


def fail(mill: Mill, pages: list[PageFetched], reason: Reason = Reason.ENRICH_ERROR) -> None:
    """Let enrichment raise for each."""
    for page in pages:
        message = JobFinished(
            job_id=page.job_id,
            attempt=page.attempt,
            epoch=page.epoch,
            reason=reason,
            detail="KeyError: 'title'",
            page=page.page,
        )
        mill.ledger.finish(Ending.of(message))


def stopped(mill: Mill) -> list[tuple[object, ...]]:
    return mill.ledger.sql("select value, paused_by, reason from pause")


def release(mill: Mill) -> None:
    """Let the time of all held jobs come."""
    mill.ledger.sql("update job set held_until = now() where state = 'held'")


def test_a_stage_that_fails_everything_is_stopped_with_its_commonest_error(mill: Mill) -> None:
    pages = pages_of(mill, _JOBS)
    mill.tick()

    fail(mill, pages[:10])
    mill.tick()

    assert stopped(mill) == [("enrich", "newsmill", "enrich_error: KeyError: 'title'")]


def test_no_job_is_dead_for_it_however_many_were_under_way(mill: Mill) -> None:
    pages = pages_of(mill, _JOBS)
    mill.tick()

    fail(mill, pages[:10])
    mill.tick()
    fail(mill, pages[10:])

    assert {state for state, *_ in mill.states()} == {"held"}
    assert len(mill.states()) == len(pages)
    assert [losses for _, _, losses, _ in mill.states()].count(1) == 10


def test_nothing_more_is_sent_to_a_stopped_stage(mill: Mill) -> None:
    pages = pages_of(mill, _JOBS)
    mill.tick()
    fail(mill, pages)
    mill.tick()

    release(mill)
    mill.tick(3)

    assert mill.pages() == []


def test_a_good_result_lets_the_stage_go_on(mill: Mill) -> None:
    pages = pages_of(mill, _JOBS)
    mill.tick()
    fail(mill, pages[:10])
    mill.tick()

    last = pages[-1]
    mill.ledger.finish(an_article_enriched(last.job_id, page=last.page, attempt=last.attempt))
    mill.tick()
    release(mill)
    mill.tick(2)

    assert stopped(mill) == []
    assert len(mill.pages()) == 10


def test_a_page_that_alone_meets_a_defect_is_dead_at_the_third(mill: Mill) -> None:
    (page,) = pages_of(mill, 1)
    mill.tick()

    for _ in range(3):
        fail(mill, [page])
        release(mill)
        mill.tick(2)
        page = next(iter(mill.pages()), page)

    assert mill.ledger.sql("select outcome, reason, losses from outcome") == [
        ("dead", "enrich_error", 2)
    ]


def test_hosts_that_are_away_stop_nothing(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://paper.example/{n}") for n in range(3)))
    mill.tick()
    for fetch in mill.fetches() * LEAST_FAILURES:
        mill.note(EndedNote(job_id=fetch.job_id, attempt=fetch.attempt, reason=Reason.CONNECT))
    mill.tick(2)

    assert stopped(mill) == []


def test_a_network_that_is_down_fails_no_backlog(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://paper{n}.example/a") for n in range(12)))
    mill.tick()
    for fetch in mill.fetches():
        mill.note(EndedNote(job_id=fetch.job_id, attempt=fetch.attempt, reason=Reason.TIMEOUT))
    mill.tick(2)

    assert [row[:2] for row in stopped(mill)] == [("ingest", "newsmill")]
