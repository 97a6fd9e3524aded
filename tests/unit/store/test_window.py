"""How much is sent, and how long a failed fetch waits."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.queue.window import Depths
from newsmill_store.dispatcher.backoff import backoff_seconds
from newsmill_store.dispatcher.window import FetchRate, room_for_fetches, room_for_pages


def depths(*, ingest: int = 0, enrich: int = 0, store: int = 0) -> Depths:
    """Lists of these lengths."""
    return Depths("epoch", 0, ingest, enrich, store)


def room(lists: Depths, *, rate: float) -> int:
    """Room at a measured rate, with the default limits."""
    measured = FetchRate(0)
    measured.per_second = rate
    return room_for_fetches(
        lists, rate=measured, claim_seconds=8, least=16, most=400, queue_limit=1000
    )


def test_the_list_before_ingest_holds_four_seconds_of_work() -> None:
    assert room(depths(), rate=50) == 200
    assert room(depths(ingest=150), rate=50) == 50


def test_a_slow_start_and_a_fast_fetcher_stay_within_the_bounds() -> None:
    assert room(depths(), rate=0) == 16
    assert room(depths(), rate=10_000) == 400


def test_nothing_is_sent_while_a_later_stage_is_full() -> None:
    assert room(depths(enrich=1000), rate=50) == 0
    assert room(depths(store=1000), rate=50) == 0
    assert room_for_pages(depths(store=1000), queue_limit=1000) == 0
    assert room_for_pages(depths(enrich=900), queue_limit=1000) == 100


def test_pages_wait_in_the_ledger_while_enrichment_waits_for_its_index() -> None:
    waiting = replace(depths(), index_waits=True)

    assert room_for_pages(waiting, queue_limit=1000) == 0
    assert room(waiting, rate=50) > 0


def test_the_rate_follows_what_is_fetched_and_keeps_its_value_when_there_is_nothing() -> None:
    rate = FetchRate(0)
    for second in range(1, 30):
        rate.count(100)
        rate.measure(second, waiting=5)
    busy = rate.per_second

    for second in range(30, 60):
        rate.measure(second, waiting=0)

    assert 95 < busy < 100
    assert rate.per_second == busy


@given(st.integers(0, 200), st.integers())
def test_a_back_off_is_between_half_and_all_of_its_ceiling(tries: int, seed: int) -> None:
    seconds = backoff_seconds(tries, base_seconds=30, max_seconds=3600, random=Random(seed))

    ceiling = min(3600, 30 * 2.0**tries)
    assert ceiling / 2 <= seconds <= ceiling
