"""Answers that are kept for seconds."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from newsmill_gateway.dashboard.caching import Cached


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_an_answer_is_asked_for_once_while_it_is_fresh() -> None:
    asked: list[int] = []
    clock = Clock()
    cached = Cached(lambda: asked.append(1) or len(asked), seconds=5, now=clock)  # type: ignore[func-returns-value]

    cached.get()
    clock.seconds = 4
    kept = cached.get()

    assert kept is not None
    assert (kept.value, kept.seconds_old) == (1, 4)


def test_an_old_answer_is_asked_for_again() -> None:
    clock = Clock()
    answers = iter("ab")
    cached = Cached(lambda: next(answers), seconds=5, now=clock)

    cached.get()
    clock.seconds = 6
    kept = cached.get()

    assert kept is not None
    assert kept.value == "b"


def test_what_is_slow_to_come_is_kept_longer() -> None:
    clock = Clock()
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        clock.seconds += 2
        return len(asked)

    cached = Cached(ask, seconds=5, share=0.05, now=clock)
    cached.get()
    clock.seconds += 39
    cached.get()

    assert len(asked) == 1


def test_many_viewers_ask_once_and_get_the_old_answer_meanwhile() -> None:
    clock = Clock()
    go_on = threading.Event()
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        if len(asked) > 1:
            go_on.wait(10)
        return len(asked)

    cached = Cached(ask, seconds=1, patience=0.01, now=clock)
    cached.get()
    clock.seconds = 2
    with ThreadPoolExecutor(8) as viewers:
        seen = [future.result() for future in [viewers.submit(cached.get) for _ in range(8)]]
    go_on.set()

    assert {kept.value for kept in seen if kept} == {1}
    assert len(asked) == 2


def test_nothing_is_known_before_the_first_answer_has_come() -> None:
    go_on = threading.Event()
    cached = Cached(lambda: go_on.wait(10), seconds=1, patience=0.01)

    kept, peeked = cached.get(), cached.peek()
    go_on.set()

    assert (kept, peeked) == (None, None)


def test_what_asking_raises_is_raised_and_asked_again() -> None:
    answers = iter([KeyError("away"), "here"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    cached = Cached(ask, seconds=1)

    with pytest.raises(KeyError):
        cached.get()
    kept = cached.get()
    assert kept is not None
    assert kept.value == "here"
