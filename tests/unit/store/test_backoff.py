"""How far a host's delay grows when it has too much, and how it shrinks again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.backoff import (
    LEAST_BACKOFF_SECONDS,
    Sign,
    eased,
    sign_of,
    slowed,
)

delays = st.floats(0, 3600)


@given(st.floats(0, 600), delays)
def test_a_delay_that_has_to_grow_doubles_up_to_its_bound(backoff: float, base: float) -> None:
    grown = slowed(backoff, base_seconds=base, max_seconds=600)

    assert grown >= backoff
    assert grown == min(600, 2 * max(backoff, base, LEAST_BACKOFF_SECONDS))


@given(st.floats(0, 600), delays)
def test_a_delay_that_may_shrink_is_never_below_the_usual_one(backoff: float, base: float) -> None:
    shrunk = eased(backoff, base_seconds=base)

    assert shrunk <= backoff
    assert shrunk == 0 or shrunk > base


@given(st.integers(0, 30), delays)
def test_the_usual_delay_is_back_after_eight_answers_from_any_height(
    troubles: int, base: float
) -> None:
    backoff = 0.0
    for _ in range(troubles):
        backoff = slowed(backoff, base_seconds=base, max_seconds=100_000)
    for _ in range(8):
        backoff = eased(backoff, base_seconds=base)

    assert backoff == 0


def test_a_host_without_any_delay_gets_one() -> None:
    assert slowed(0, base_seconds=0, max_seconds=600) == 2 * LEAST_BACKOFF_SECONDS


@pytest.mark.parametrize(
    ("reason", "status", "asked_away", "sign"),
    [
        (Reason.HTTP_429, 429, False, Sign.THROTTLED),
        (Reason.HTTP_429, None, False, Sign.THROTTLED),
        (Reason.HTTP_5XX, 503, False, Sign.THROTTLED),
        (Reason.HTTP_5XX, 500, False, Sign.ANSWERED),
        (Reason.HTTP_5XX, 500, True, Sign.THROTTLED),
        (Reason.HTTP_4XX, 403, True, Sign.THROTTLED),
        (Reason.TIMEOUT, None, False, Sign.STRAINED),
        (Reason.TIMEOUT, 302, False, Sign.STRAINED),
        (Reason.ROBOTS_UNREACHABLE, None, True, Sign.STRAINED),
        (Reason.HTTP_404, 404, False, Sign.ANSWERED),
        (Reason.NOT_MODIFIED, 304, False, Sign.ANSWERED),
        (Reason.CONNECT, 302, False, Sign.NOTHING),
        (Reason.DNS, None, False, Sign.NOTHING),
        (Reason.ROBOTS, None, False, Sign.NOTHING),
        (Reason.FETCH_ERROR, None, False, Sign.NOTHING),
    ],
)
def test_a_chains_end_says_how_its_host_bears_us(
    reason: Reason, status: int | None, asked_away: bool, sign: Sign
) -> None:
    assert sign_of(reason, status, asked_away=asked_away) is sign
