"""Idle times and second fetches are found in logs, and laid to the right fault."""

from tests.chaos.measures import Due, Inflicted, fetched_again, idle_by_fault, longest_idle
from tests.chaos.press import Request

STORE = frozenset({"store"})


def a_fault(begin: float, end: float) -> Inflicted:
    return Inflicted("kill store", "worker killed", begin, end, in_flight=0, window=0)


def samples(first: int, last: int, stages: frozenset[str] = STORE) -> list[Due]:
    return [Due(float(at), stages) for at in range(first, last + 1)]


def test_a_stage_with_work_idles_from_one_piece_to_the_next() -> None:
    due = samples(0, 20)

    assert longest_idle(due, [1.0, 2.0, 12.0, 13.0], "store", begin=0, end=14) == 10.0


def test_a_stage_without_work_does_not_idle() -> None:
    due = [*samples(0, 5), *samples(6, 15, frozenset()), *samples(16, 20)]

    assert longest_idle(due, [5.0], "store", begin=0, end=18) == 5.0
    assert longest_idle(due, [], "enrich", begin=0, end=20) == 0.0


def test_a_stage_that_never_moves_again_idles_to_the_end() -> None:
    assert longest_idle(samples(0, 20), [3.0], "store", begin=0, end=20) == 17.0


def test_idle_time_counts_from_the_end_of_a_fault_to_the_next_fault() -> None:
    faults = [a_fault(1, 3), a_fault(10, 11)]
    ended = [0.5, 8.0, 9.0, 10.0, 15.0]
    progress = {"ingest": [], "enrich": [], "store": ended, "whole": ended}

    idle = idle_by_fault(samples(0, 16), progress, faults, end=16)

    assert [one["store"] for one in idle] == [5.0, 4.0]


def test_a_page_fetched_again_is_laid_to_the_fault_that_hit_its_first_fetch() -> None:
    first = Request("127.77.1.1", "/page/1", 1.5, 1.5, 1.6)
    again = Request("127.77.1.1", "/page/1", 28.0, 28.0, 28.1)
    once = Request("127.77.1.1", "/page/2", 29.0, 29.0, 29.1)

    counts, unexplained = fetched_again([again, once, first], [a_fault(1, 2), a_fault(20, 21)])

    assert counts == [1, 0]
    assert unexplained == []


def test_a_page_in_flight_at_a_fault_is_not_laid_to_the_one_that_was_just_over() -> None:
    first = Request("127.77.1.1", "/page/1", 19.0, 19.0, 19.1)
    again = Request("127.77.1.1", "/page/1", 45.0, 45.0, 45.1)

    counts, _ = fetched_again([first, again], [a_fault(10, 11), a_fault(20, 21)])

    assert counts == [0, 1]


def test_a_page_fetched_again_long_after_the_last_fault_is_unexplained() -> None:
    first = Request("127.77.1.1", "/page/1", 100.0, 100.0, 100.1)
    again = Request("127.77.1.1", "/page/1", 101.0, 101.0, 101.1)

    assert fetched_again([first, again], [a_fault(1, 2)]) == ([0], ["127.77.1.1/page/1"])


def test_robots_txt_may_be_asked_for_again() -> None:
    asked = [Request("127.77.1.1", "/robots.txt", at, at, at + 0.1) for at in (1.0, 2.0)]

    assert fetched_again(asked, []) == ([], [])
