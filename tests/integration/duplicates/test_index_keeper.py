"""What the process that keeps the index does to it in a real server."""

from datetime import timedelta

from redis import Redis

from newsmill_enrich.adapters.redis_index import RedisIndex
from newsmill_enrich.duplicates import SKETCH_VERSION
from newsmill_shared.identity import article_id, new_id
from newsmill_shared.index.keeper import IndexKeeper, Pending, Progress
from tests.integration.duplicates.conftest import indexed
from tests.unit.duplicates.builders import NOW, a_fingerprint, registered_at

WEEK = timedelta(days=7)
PROGRESS = Progress(NOW, NOW - timedelta(hours=1), b"12345678", loaded=3, total=9)


def a_keeper(server: "Redis", holder: str) -> IndexKeeper:
    return IndexKeeper(server, sketch_version=SKETCH_VERSION, holder=holder)


def test_a_rebuilt_index_answers_as_before_in_whatever_order_it_was_loaded(
    index: RedisIndex, keeper: IndexKeeper, server: "Redis"
) -> None:
    first, second = a_fingerprint(1, page="first"), a_fingerprint(1, page="second")
    before = [registered_at(index, document) for document in (first, second)]
    third = a_fingerprint(1, page="third")
    expected = registered_at(index, third)
    server.flushall()

    loaded = keeper.load([indexed(second, before[1].sequence)], now=NOW)
    loaded += keeper.load([indexed(first, before[0].sequence)], now=NOW)
    keeper.mark_ready(sequence_floor=before[1].sequence)
    answer = registered_at(index, third)

    assert loaded == 2
    assert answer == expected
    assert registered_at(index, second).candidates[0].document == first.document


def test_loading_what_is_there_changes_nothing(
    index: RedisIndex, keeper: IndexKeeper, server: "Redis"
) -> None:
    first = a_fingerprint(1)
    sequence = registered_at(index, first, now=NOW + WEEK).sequence
    names = {bytes(name): server.dump(name) for name in server.scan_iter()}

    loaded = keeper.load([indexed(first, sequence)], now=NOW)

    assert loaded == 1
    assert {bytes(name): server.dump(name) for name in server.scan_iter()} == names


def test_what_lies_outside_the_window_is_not_loaded(index: RedisIndex, keeper: IndexKeeper) -> None:
    loaded = keeper.load([indexed(a_fingerprint(1), 7)], now=NOW + 3 * WEEK)

    assert loaded == 0
    assert registered_at(index, a_fingerprint(2)).sequence == 8


def test_versions_of_the_sketch_lie_side_by_side(server: "Redis") -> None:
    old, new = RedisIndex(server, sketch_version=8), RedisIndex(server, sketch_version=9)
    kept = [IndexKeeper(server, sketch_version=version) for version in (8, 9)]
    kept[0].mark_ready()
    before = registered_at(old, a_fingerprint(1, page="first"))

    after = registered_at(new, a_fingerprint(1, page="second"))
    still = registered_at(old, a_fingerprint(1, page="third"))

    assert after.candidates == ()
    assert len(still.candidates) == 1
    assert before.sequence < after.sequence < still.sequence
    assert [one.ready() for one in kept] == [True, False]


def test_a_forgotten_document_is_seen_no_more_and_its_keys_are_free(
    index: RedisIndex, keeper: IndexKeeper
) -> None:
    first = a_fingerprint(1, page="first")
    heir, later = a_fingerprint(1, page="second"), a_fingerprint(1, page="third")
    registered_at(index, first)

    known = keeper.forget([first.document, b"unknown!"])
    inherited = registered_at(index, heir)
    seen = registered_at(index, later)

    assert known == 1
    assert inherited.candidates == ()
    assert [candidate.document for candidate in seen.candidates] == [heir.document]


def test_one_process_keeps_the_index_until_it_lets_go(server: "Redis") -> None:
    one, other = a_keeper(server, "one"), a_keeper(server, "other")

    held = [one.hold(), other.hold(), one.hold()]
    other.release()
    one.release()

    assert held == [True, False, True]
    assert other.hold()


def test_a_keeper_whose_index_was_lost_again_writes_no_progress_and_no_marker(
    server: "Redis",
) -> None:
    keeper = a_keeper(server, "one")
    keeper.hold()
    kept = keeper.still_hold(PROGRESS)
    server.flushall()

    lost = [keeper.still_hold(PROGRESS), keeper.mark_ready(sequence_floor=9)]

    assert kept
    assert lost == [False, False]
    assert keeper.progress() is None
    assert not keeper.ready()


def test_whoever_comes_next_goes_on_where_a_rebuild_had_come_to(server: "Redis") -> None:
    dead = a_keeper(server, "dead")
    dead.hold()
    dead.still_hold(PROGRESS)

    heir = a_keeper(server, "heir")

    assert heir.progress() == PROGRESS
    heir.end_rebuild()
    assert heir.progress() is None


def test_a_document_is_pending_until_it_is_known_whether_it_was_stored(
    index: RedisIndex, keeper: IndexKeeper
) -> None:
    job = new_id()
    mark = a_fingerprint(1)
    for _ in range(2):
        index.register(mark, article_id=article_id("page"), job_id=job, now=NOW)

    early = keeper.pending(before=NOW - timedelta(seconds=1), limit=10)
    late = keeper.pending(before=NOW, limit=10)
    keeper.settle(late)

    assert early == []
    assert late == [Pending(mark.document, job)]
    assert keeper.pending(before=NOW, limit=10) == []
