"""The story of one job, with its waits named and its time accounted for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.dashboard.ports import Retrieval
from newsmill_gateway.dashboard.timeline import Story, story
from tests.unit.dashboard.builders import a_job, ago, an_attempt


def came(seconds_ago: float = 8, *, supplied: bool = False) -> Retrieval:
    """A page that came."""
    url = "https://paper.example/story"
    return Retrieval(
        ago(seconds_ago), 200, url, 9, "text/html", "0" * 64, supplied, {}, ((301, url),)
    )


def lines(told: Story) -> list[tuple[str, str]]:
    """Return what each line says, and how long it took."""
    return [(step.said, step.took) for step in told.steps]


def spent(told: Story) -> dict[str, str]:
    """Return where the time went."""
    return {part.said: part.took for part in told.parts}


def test_a_page_that_was_stored_has_its_waits_between_its_stages() -> None:
    enrich = an_attempt(1, "enrich", began_at=ago(7.2), seconds=0.2)

    told = story(a_job(an_attempt(), enrich), came())

    assert lines(told) == [
        ("Waited for the host's turn", "30 s"),
        ("Waited for a free ingest worker", "1.0 s"),
        ("Attempt 1: fetched, 200", "0.8 s"),
        ("Waited for a free enrich worker", "1.0 s"),
        ("Attempt 1: enriched", "0.2 s"),
        ("Waited for the store's next batch", "2.0 s"),
    ]
    assert told.whole == "35 s"
    assert told.steps[2].hops == ((301, "https://paper.example/story"),)
    assert told.steps[2].more.startswith("ingest host-1:4711 · 9 bytes, text/html")


def test_the_parts_are_as_long_as_the_whole() -> None:
    enrich = an_attempt(1, "enrich", began_at=ago(7.2), seconds=0.2)

    told = story(a_job(an_attempt(), enrich), came())

    assert sum(part.width_ms for part in told.parts) == 35_000
    assert spent(told)["waiting in queues"] == "2.0 s"
    starts = [part.start_ms for part in told.parts]
    assert starts == sorted(starts)


def test_a_retry_tells_its_reason_and_its_back_off() -> None:
    failed = an_attempt(
        sent_at=ago(39),
        began_at=ago(39),
        ended="ended",
        reason="http_5xx",
        detail="503 Service Unavailable",
        held_seconds=20.0,
    )

    told = story(a_job(failed, an_attempt(2)), came())

    assert ("Attempt 1: 503 Service Unavailable", "0.8 s") in lines(told)
    assert ("Backed off", "20 s") in lines(told)
    assert ("Attempt 2: fetched, 200", "0.8 s") in lines(told)
    first = next(step for step in told.steps if "503" in step.said)
    assert first.state == "warn"
    assert first.more == "ingest host-1:4711 · reason http_5xx · tried again after 20 s"


def test_a_chain_that_moved_waits_for_the_other_host() -> None:
    moved = an_attempt(
        sent_at=ago(39), began_at=ago(39), ended="moved", detail="redirected to https://b.example/"
    )

    told = story(a_job(moved, an_attempt(2)), came())

    assert [step.said for step in told.steps][1:3] == [
        "Attempt 1: led to another host",
        "Waited for the other host's turn",
    ]
    assert "redirected to https://b.example/" in told.steps[1].more


def test_a_lost_attempt_is_told_with_how_long_nobody_knew() -> None:
    lost = an_attempt(
        sent_at=ago(39), began_at=ago(38), seconds=None, ended="lost", reason="worker_lost",
        ended_at=ago(18),
    )  # fmt: skip

    told = story(a_job(lost, an_attempt(2)), came())

    assert ("Attempt 1: lost with its ingest worker", "20 s") in lines(told)
    assert spent(told)["lost on the way, until that was seen"] == "20 s"


def test_an_attempt_that_nobody_measured_took_until_the_ledger_heard_of_its_end() -> None:
    told = story(a_job(an_attempt(began_at=None, seconds=None, worker=None)), came())

    assert spent(told)["fetching"] == "2.0 s"
    assert "lost on the way, until that was seen" not in spent(told)


def test_of_several_fetches_only_the_last_shows_the_page_that_is_kept() -> None:
    first = an_attempt(sent_at=ago(39), began_at=ago(39))

    told = story(a_job(first, an_attempt(2)), came())

    assert [said for said, _ in lines(told) if "fetched" in said] == [
        "Attempt 1: fetched",
        "Attempt 2: fetched, 200",
    ]


def test_a_document_waits_for_enrich_and_for_no_host() -> None:
    enrich = an_attempt(1, "enrich")

    told = story(a_job(enrich), came(supplied=True))

    assert lines(told)[0] == ("Waited for a place in enrich", "30 s")
    assert not told.has_fetch


def test_a_job_that_ended_without_an_attempt_waited_all_the_time() -> None:
    told = story(a_job(outcome="skipped", reason="expired"), None)

    assert lines(told) == [("Waited", "35 s")]


def test_a_job_under_way_is_told_up_to_its_last_attempt() -> None:
    told = story(a_job(an_attempt(), state="running", outcome=None, finished_at=None), came())

    assert lines(told)[-1] == ("Attempt 1: fetched, 200", "0.8 s")
    assert told.until == ago(8.2)


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60), st.none() | st.floats(0, 30))))
def test_clocks_that_disagree_make_no_negative_times(
    spans: list[tuple[float, float, float | None]],
) -> None:
    attempts = [
        an_attempt(nth, sent_at=ago(sent), began_at=ago(began), seconds=seconds)
        for nth, (sent, began, seconds) in enumerate(spans, 1)
    ]

    told = story(a_job(*attempts), came())

    assert all(part.width_ms > 0 for part in told.parts)
    assert not any(step.took.startswith("-") for step in told.steps)


@pytest.mark.parametrize("worker", [None, "", "odd"])
def test_a_worker_without_a_name_is_no_problem(worker: str | None) -> None:
    told = story(a_job(an_attempt(worker=worker)), None)

    assert told.steps[2].more == (worker or "worker unknown")
