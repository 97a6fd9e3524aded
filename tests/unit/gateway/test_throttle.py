"""How often a key may be guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.throttle import ADDRESSES_MAX, Rate, Throttle

HOME = "192.0.2.1"
AWAY = "198.51.100.7"


def a_throttle(*, burst: int = 3, all_burst: int = 1000) -> Throttle:
    """One more wrong key every ten seconds by address, every second by all."""
    return Throttle(Rate(burst, 10), Rate(all_burst, 1))


def guess(throttle: Throttle, address: str, times: int, *, now: float = 0.0) -> None:
    for _ in range(times):
        throttle.wrong(address, now)


def test_a_few_wrong_keys_are_let_through() -> None:
    throttle = a_throttle(burst=3)

    guess(throttle, HOME, 2)

    assert throttle.wait_seconds(HOME, 0) == 0


def test_then_one_has_to_wait_and_is_told_how_long() -> None:
    throttle = a_throttle(burst=3)

    guess(throttle, HOME, 3)

    assert throttle.wait_seconds(HOME, 0) == 10
    assert throttle.wait_seconds(HOME, 4) == pytest.approx(6)
    assert throttle.wait_seconds(HOME, 10) == 0


def test_who_waits_long_enough_may_err_as_often_as_at_first() -> None:
    throttle = a_throttle(burst=3)
    guess(throttle, HOME, 3)

    guess(throttle, HOME, 2, now=30)

    assert throttle.wait_seconds(HOME, 30) == 0


def test_others_do_not_wait_for_the_errors_of_one() -> None:
    throttle = a_throttle(burst=3)

    guess(throttle, HOME, 3)

    assert throttle.wait_seconds(AWAY, 0) == 0


def test_many_addresses_together_wait_as_well() -> None:
    throttle = a_throttle(burst=3, all_burst=20)

    for number in range(20):
        guess(throttle, f"203.0.113.{number}", 1)

    assert throttle.wait_seconds(AWAY, 0) == 1


def test_but_they_keep_out_nobody_who_has_shown_the_key() -> None:
    throttle = a_throttle(burst=3, all_burst=20)
    throttle.right(HOME)

    for number in range(100):
        guess(throttle, f"203.0.113.{number}", 1)

    assert throttle.wait_seconds(HOME, 0) == 0
    assert throttle.wait_seconds(AWAY, 0) > 0


def test_a_network_of_version_6_is_one_address() -> None:
    throttle = a_throttle(burst=3)

    for number in range(3):
        guess(throttle, f"2001:db8:1:2::{number}", 1)

    assert throttle.wait_seconds("2001:db8:1:2:ffff::1", 0) > 0
    assert throttle.wait_seconds("2001:db8:1:3::1", 0) == 0


def test_an_address_of_version_4_is_itself_in_either_notation() -> None:
    throttle = a_throttle(burst=3)

    guess(throttle, f"::ffff:{HOME}", 3)

    assert throttle.wait_seconds(HOME, 0) > 0
    assert throttle.wait_seconds(f"::ffff:{AWAY}", 0) == 0


def test_memory_is_bounded_however_many_come() -> None:
    throttle = a_throttle()

    for number in range(ADDRESSES_MAX + 10):
        throttle.wrong(f"host {number}", 0)
        throttle.right(f"host {number}")

    assert len(throttle._debts) == ADDRESSES_MAX
    assert len(throttle._known) == ADDRESSES_MAX


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 50)), max_size=60))
def test_whoever_errs_the_wait_ends_after_a_while(events: list[tuple[bool, float]]) -> None:
    throttle, now = a_throttle(burst=3, all_burst=20), 0.0

    for home, passed in events:
        now += passed
        address = HOME if home else AWAY
        if throttle.wait_seconds(address, now) == 0:
            throttle.wrong(address, now)

    for address in (HOME, AWAY):
        assert throttle.wait_seconds(address, now) <= 10
