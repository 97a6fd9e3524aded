"""A soak tells growth by pages, not by time, once caches are full."""

import pytest

from tests.chaos.sampler import Memory
from tests.chaos.soak import slopes


def test_growth_is_told_for_ten_thousand_pages_after_warm_up() -> None:
    warm_up = [Memory(float(at), at * 100, {"store": at * 10_000_000}, 0) for at in range(4)]
    steady = [
        Memory(float(at), at * 100, {"store": 90_000_000 + at * 1000}, 5000) for at in range(4, 20)
    ]

    found = slopes([*warm_up, *steady])

    assert found["store"] == pytest.approx(100_000)
    assert found["redis (data)"] == pytest.approx(0)


def test_a_process_that_was_away_for_a_moment_is_left_out() -> None:
    samples = [Memory(float(at), at, {"store": 1, "gateway": 1}, 1) for at in range(10)]
    samples[5] = Memory(5.0, 5, {"store": 1}, 1)

    assert set(slopes(samples)) == {"store", "redis (data)"}


def test_nothing_is_told_where_nothing_ended() -> None:
    assert slopes([Memory(0.0, 0, {"store": 1}, 1)] * 5) == {}
