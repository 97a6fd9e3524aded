"""When a stage fails everything, and when it is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_store.dispatcher.breaker import LEAST_FAILURES, Breaker, Ended

FAILED = {
    "ingest": Ended("ingest", "ended", "fetch_error", 1),
    "enrich": Ended("enrich", "ended", "enrich_error", 1),
    "store": Ended("enrich", "ended", "store_error", 1),
}
GOOD = {
    "ingest": Ended("ingest", "ended", "http_404", 1),
    "enrich": Ended("enrich", "ended", "not_an_article", 1),
    "store": Ended("enrich", "done", "", 1),
}


@pytest.mark.parametrize("stage", FAILED)
def test_failures_in_a_row_are_a_failing_stage(stage: str) -> None:
    breaker = Breaker(stage)

    breaker.observe([FAILED[stage]] * (LEAST_FAILURES - 1), 0)
    almost = breaker.failing
    breaker.observe([FAILED[stage]], 1)

    assert not almost
    assert breaker.failing
    assert breaker.reasons == (FAILED[stage].reason,)


@pytest.mark.parametrize("stage", FAILED)
def test_one_good_result_among_them_tells_that_the_stage_works(stage: str) -> None:
    breaker = Breaker(stage)

    good = breaker.observe([*[FAILED[stage]] * 9, GOOD[stage], *[FAILED[stage]] * 9], 0)

    assert good
    assert not breaker.failing


def test_what_another_stage_met_is_not_held_against_a_stage() -> None:
    enrich, store = Breaker("enrich"), Breaker("store")

    enrich.observe([FAILED["store"]] * 20, 0)
    store.observe([FAILED["enrich"]] * 20, 0)

    assert not enrich.failing
    assert not store.failing


def test_losses_of_workers_are_failures_of_their_stage() -> None:
    breaker = Breaker("enrich")

    breaker.observe([Ended("enrich", "lost", "memory", LEAST_FAILURES)], 0)

    assert breaker.failing


def test_failures_of_long_ago_say_nothing_about_now() -> None:
    breaker = Breaker("enrich")

    breaker.observe([FAILED["enrich"]] * 9, 0)
    breaker.observe([FAILED["enrich"]] * 9, 3600)

    assert not breaker.failing


def test_probes_are_sent_ever_more_rarely() -> None:
    breaker, now, sent = Breaker("enrich"), 0.0, []

    while now < 1000:
        if breaker.probe_due(now):
            breaker.probed(now)
            sent.append(now)
        now += 1

    assert sent == [10, 30, 70, 150, 310, 610, 910]


@given(st.lists(st.sampled_from([*FAILED.values(), *GOOD.values()]), max_size=40))
def test_a_stage_never_fails_right_after_a_good_result(results: list[Ended]) -> None:
    breaker = Breaker("enrich")

    breaker.observe([*results, GOOD["enrich"]], 0)

    assert not breaker.failing
