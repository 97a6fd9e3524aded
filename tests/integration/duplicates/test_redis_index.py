"""The duplicate index in a real server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from redis import Redis

from newsmill_enrich.adapters.redis_index import IndexFullError, IndexNotReadyError, RedisIndex
from newsmill_enrich.duplicates import Fingerprint, StoredDocument
from newsmill_shared.errors import TransientError
from newsmill_shared.identity import article_id
from tests.unit.duplicates.builders import NOW, a_fingerprint, registered_at
from tests.unit.duplicates.index_suite import IndexSuite

WEEK = timedelta(days=7)


@pytest.fixture
def index(index_url: str) -> Iterator[RedisIndex]:
    index = RedisIndex.open(index_url)
    yield index
    index.close()


@pytest.fixture
def server(index_url: str) -> Iterator["Redis"]:
    with Redis.from_url(index_url) as client:
        yield client


def stored(document: Fingerprint, sequence: int) -> StoredDocument:
    return StoredDocument(
        document=document.document,
        article_id=article_id(document.page_key),
        sequence=sequence,
        registered_at=NOW,
        keys=document.keys,
        sketch=document.sketch,
    )


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


def test_an_index_that_lost_its_data_refuses_until_it_is_marked_ready(index_url: str) -> None:
    guarded = RedisIndex.open(index_url, needs_marker=True)
    assert not guarded.ready()
    with pytest.raises(IndexNotReadyError):
        registered_at(guarded, a_fingerprint(1))

    guarded.mark_ready(sequence_floor=41)

    assert guarded.ready()
    assert registered_at(guarded, a_fingerprint(1)).sequence == 42
    guarded.close()


def test_a_rebuilt_index_answers_as_before_in_whatever_order_it_was_loaded(
    index: RedisIndex, server: "Redis"
) -> None:
    first, second = a_fingerprint(1, page="first"), a_fingerprint(1, page="second")
    before = [registered_at(index, document) for document in (first, second)]
    third = a_fingerprint(1, page="third")
    expected = registered_at(index, third)
    server.flushall()

    loaded = index.load([stored(second, before[1].sequence)], now=NOW)
    loaded += index.load([stored(first, before[0].sequence)], now=NOW)
    index.mark_ready(sequence_floor=before[1].sequence)
    answer = registered_at(index, third)

    assert loaded == 2
    assert answer == expected
    assert registered_at(index, second).candidates[0].document == first.document


def test_what_lies_outside_the_window_is_not_loaded(index: RedisIndex) -> None:
    loaded = index.load([stored(a_fingerprint(1), 7)], now=NOW + 3 * WEEK)

    assert loaded == 0
    assert registered_at(index, a_fingerprint(2)).sequence == 8


def test_versions_of_the_sketch_lie_side_by_side(index_url: str, server: "Redis") -> None:
    old, new = RedisIndex(server, sketch_version=8), RedisIndex(server, sketch_version=9)
    old.mark_ready()
    before = registered_at(old, a_fingerprint(1, page="first"))

    after = registered_at(new, a_fingerprint(1, page="second"))
    still = registered_at(old, a_fingerprint(1, page="third"))

    assert after.candidates == ()
    assert len(still.candidates) == 1
    assert before.sequence < after.sequence < still.sequence
    assert old.ready()
    assert not new.ready()


def test_while_one_worker_makes_room_the_others_wait(index: RedisIndex, server: "Redis") -> None:
    server.set("nd1:trimming", "1")
    server.config_set("maxmemory", 1)

    try:
        with pytest.raises(IndexFullError):
            registered_at(index, a_fingerprint(1))
    finally:
        server.config_set("maxmemory", 0)


def test_a_full_index_drops_its_oldest_generation_and_says_so(
    index: RedisIndex, server: "Redis"
) -> None:
    old = [a_fingerprint(number, page=f"old {number}") for number in range(2_000)]
    index.load([stored(document, place) for place, document in enumerate(old, 1)], now=NOW)
    used = int(server.info("memory")["used_memory"])
    server.config_set("maxmemory-policy", "noeviction")
    server.config_set("maxmemory", used)

    try:
        for number in range(50):
            registered_at(index, a_fingerprint(10_000 + number, page="new"), now=NOW + WEEK)
        state = index.state()
    finally:
        server.config_set("maxmemory", 0)

    assert state.trimmed_at == NOW + WEEK
    assert state.trimmed_documents == len(old)
    assert state.sequence == len(old) + 50


def test_a_full_index_of_one_generation_drops_its_older_half(
    index: RedisIndex, server: "Redis"
) -> None:
    documents = [a_fingerprint(number, page=f"page {number}") for number in range(1_000)]
    index.load([stored(document, place) for place, document in enumerate(documents, 1)], now=NOW)
    server.config_set("maxmemory", int(server.info("memory")["used_memory"]))

    try:
        dropped = index.make_room(now=NOW)
    finally:
        server.config_set("maxmemory", 0)
    oldest = registered_at(index, a_fingerprint(0, page="copy of an old one"))
    newest = registered_at(index, a_fingerprint(999, page="copy of a new one"))

    assert dropped == 499
    assert oldest.candidates == ()
    assert len(newest.candidates) == 1


def test_an_index_without_a_limit_is_never_full(index: RedisIndex) -> None:
    registered_at(index, a_fingerprint(1, page="first"))

    dropped = index.make_room(now=NOW)
    later = registered_at(index, a_fingerprint(1, page="second"))

    assert dropped == 0
    assert len(later.candidates) == 1
