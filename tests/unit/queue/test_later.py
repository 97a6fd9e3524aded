"""What Redis must hear is said until it has heard it, in order, and nobody waits for that."""

import threading
from collections.abc import Callable

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from newsmill_shared.queue.later import Later


class Away:
    """A Redis that is away until it is told to come back, and remembers what it heard."""

    def __init__(self) -> None:
        self.back = threading.Event()
        self.heard: list[str] = []
        self.complete = threading.Event()

    def wait(self) -> None:
        """Wait until it is back, or a little while."""
        self.back.wait(0.001)

    def hears(self, word: str, *, last: bool = False) -> Callable[[], None]:
        """Return a call that says a word."""

        def call() -> None:
            if not self.back.is_set():
                raise RedisConnectionError("away")
            self.heard.append(word)
            if last:
                self.complete.set()

        return call


def test_a_redis_that_is_there_hears_it_at_once() -> None:
    redis = Away()
    redis.back.set()

    Later().do(redis.hears("done"))

    assert redis.heard == ["done"]


def test_a_redis_that_is_away_hears_all_in_order_when_it_is_back() -> None:
    redis = Away()
    later = Later(sleep=lambda _: redis.wait())
    later.do(redis.hears("first"))
    later.do(redis.hears("second"))
    later.do(redis.hears("third", last=True))
    before = list(redis.heard)

    redis.back.set()

    assert redis.complete.wait(30)
    assert before == []
    assert redis.heard == ["first", "second", "third"]


def test_a_call_with_a_defect_is_told_to_the_caller() -> None:
    def call() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Later().do(call)
