"""The duplicate index in a real server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from redis import Redis

from newsmill_enrich.adapters.redis_index import RedisIndex
from newsmill_enrich.duplicates import SKETCH_VERSION
from newsmill_shared.errors import TransientError
from newsmill_shared.identity import article_id
from newsmill_shared.index.keeper import IndexKeeper, wanted_versions
from newsmill_shared.index.layout import IndexFullError, IndexNotReadyError
from tests.integration.duplicates.conftest import indexed
from tests.unit.duplicates.builders import NOW, a_fingerprint, registered_at
from tests.unit.duplicates.index_suite import IndexSuite

WEEK = timedelta(days=7)


def names_in(server: "Redis") -> list[bytes]:
    return [bytes(name) for name in server.scan_iter()]


class TestRedisIndex(IndexSuite):
    pass


def test_a_document_is_found_for_a_week_and_not_after_two(index: RedisIndex) -> None:
    registered_at(index, a_fingerprint(1, page="first"), now=NOW)

    next_week = registered_at(index, a_fingerprint(1, page="second"), now=NOW + WEEK)
    later = registered_at(index, a_fingerprint(1, page="third"), now=NOW + 2 * WEEK)

    assert len(next_week.candidates) == 1
    assert later.candidates == ()


def test_a_document_seen_again_a_week_later_stays_in_the_window(index: RedisIndex) -> None:
    first = a_fingerprint(1, page="first")
    before = registered_at(index, first, now=NOW)
    again = registered_at(index, first, now=NOW + WEEK)

    later = registered_at(index, a_fingerprint(1, page="second"), now=NOW + 2 * WEEK)

    assert again.sequence == before.sequence
    assert [candidate.document for candidate in later.candidates] == [first.document]


def test_everything_the_index_keeps_expires(index: RedisIndex, server: "Redis") -> None:
    registered_at(index, a_fingerprint(1))

    names = [name for name in names_in(server) if name != b"nd:sequence"]

    assert names
    assert all(0 < server.ttl(name) <= 15 * 86_400 for name in names)


def test_without_a_time_the_servers_clock_decides(index: RedisIndex, server: "Redis") -> None:
    index.register(a_fingerprint(1), article_id=article_id("page"))

    seconds, _ = server.time()
    week = int(seconds) // 604_800
    assert any(name.startswith(b"nd1:k:%d:" % week) for name in names_in(server))


def test_of_racing_copies_exactly_one_sees_no_other(index_url: str) -> None:
    racers, stories = 8, 25
    gate = Barrier(racers)

    def race(racer: int) -> list[bool]:
        index = RedisIndex.open(index_url)
        alone = []
        for story in range(stories):
            document = a_fingerprint(story, page=f"page {racer}")
            gate.wait()
            alone.append(not registered_at(index, document).candidates)
        index.close()
        return alone

    with ThreadPoolExecutor(racers) as pool:
        outcomes = list(pool.map(race, range(racers)))

    assert [sum(alone) for alone in zip(*outcomes, strict=True)] == [1] * stories


def test_a_server_that_is_away_is_a_transient_error() -> None:
    index = RedisIndex.open("redis://127.0.0.1:1/0", timeout_seconds=0.2)

    with pytest.raises(TransientError):
        registered_at(index, a_fingerprint(1))


def test_an_index_that_lost_its_data_refuses_and_asks_for_it(
    guarded: RedisIndex, server: "Redis"
) -> None:
    with pytest.raises(IndexNotReadyError):
        guarded.wait_until_ready(0)
    with pytest.raises(IndexNotReadyError):
        registered_at(guarded, a_fingerprint(1))

    assert wanted_versions(server) == [SKETCH_VERSION]


def test_a_worker_goes_on_as_soon_as_the_index_is_ready(
    guarded: RedisIndex, keeper: IndexKeeper
) -> None:
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        keeper.mark_ready(sequence_floor=41)

    guarded.wait_until_ready(60, sleep=nap)

    assert len(naps) == 1
    assert registered_at(guarded, a_fingerprint(1)).sequence == 42


def test_while_one_worker_makes_room_the_others_wait(index: RedisIndex, server: "Redis") -> None:
    server.set("nd1:trimming", "1")
    server.config_set("maxmemory", 1)

    try:
        with pytest.raises(IndexFullError):
            registered_at(index, a_fingerprint(1))
    finally:
        server.config_set("maxmemory", 0)


def test_a_full_index_drops_its_oldest_generation_and_says_so(
    index: RedisIndex, keeper: IndexKeeper, server: "Redis"
) -> None:
    old = [a_fingerprint(number, page=f"old {number}") for number in range(2_000)]
    keeper.load([indexed(document, place) for place, document in enumerate(old, 1)], now=NOW)
    used = int(0.9 * server.info("memory")["used_memory"])
    server.config_set("maxmemory-policy", "noeviction")
    server.config_set("maxmemory", used)

    try:
        for number in range(50):
            registered_at(index, a_fingerprint(10_000 + number, page="new"), now=NOW + WEEK)
        state = keeper.state()
    finally:
        server.config_set("maxmemory", 0)

    assert state.trimmed_at == NOW + WEEK
    assert state.trimmed_documents == len(old)
    assert state.sequence == len(old) + 50


def test_a_full_index_of_one_generation_drops_its_older_half(
    index: RedisIndex, keeper: IndexKeeper, server: "Redis"
) -> None:
    documents = [a_fingerprint(number, page=f"page {number}") for number in range(4_000)]
    keeper.load([indexed(document, place) for place, document in enumerate(documents, 1)], now=NOW)
    # Buffers of the load may be gone in a moment: all the same it is full.
    server.config_set("maxmemory", int(0.9 * server.info("memory")["used_memory"]))

    try:
        dropped = index.make_room(now=NOW)
    finally:
        server.config_set("maxmemory", 0)
    oldest = registered_at(index, a_fingerprint(0, page="copy of an old one"))
    newest = registered_at(index, a_fingerprint(3_999, page="copy of a new one"))

    # Half, and half of the rest where keys fill most of the memory.
    assert 1_999 <= dropped < 3_500
    assert oldest.candidates == ()
    assert len(newest.candidates) == 1


def test_an_index_that_must_lose_everything_goes_on_empty(
    index: RedisIndex, keeper: IndexKeeper, server: "Redis"
) -> None:
    empty = server.info("memory")["used_memory"]
    documents = [a_fingerprint(number, page=f"page {number}") for number in range(4_000)]
    keeper.load([indexed(document, place) for place, document in enumerate(documents, 1)], now=NOW)
    filled = server.info("memory")["used_memory"] - empty
    server.config_set("maxmemory", empty + filled // 3)

    try:
        dropped = index.make_room(now=NOW)
        state = keeper.state()
        later = [registered_at(index, a_fingerprint(1, page=page)) for page in ("new", "copy")]
    finally:
        server.config_set("maxmemory", 0)

    assert dropped >= 3_500
    assert state.trimmed_documents == dropped
    assert [len(registered.candidates) for registered in later] == [0, 1]


def test_an_index_without_a_limit_is_never_full(index: RedisIndex) -> None:
    registered_at(index, a_fingerprint(1, page="first"))

    dropped = index.make_room(now=NOW)
    later = registered_at(index, a_fingerprint(1, page="second"))

    assert dropped == 0
    assert len(later.candidates) == 1
