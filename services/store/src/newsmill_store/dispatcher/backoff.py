"""How long a job waits before it is tried again, and how far a host's delay grows and shrinks."""

from enum import StrEnum
from random import Random

from newsmill_shared.reasons import Reason

__all__ = [
    "LEAST_BACKOFF_SECONDS",
    "RETRY_AFTER_MAX_SECONDS",
    "Scope",
    "Sign",
    "backoff_seconds",
    "eased",
    "sign_of",
    "slowed",
]

RETRY_AFTER_MAX_SECONDS = 24 * 3600.0
"""A host that asks for more silence than a day gets a day."""

LEAST_BACKOFF_SECONDS = 0.25
"""Where a delay that is shorter, or none, begins to grow."""

_EASE_STEP = 0.125
"""Each answer gives back so much of the host's usual rate."""

_NOTICEABLE = 1.001
"""A delay that is longer by less is the usual one; the ledger keeps single precision."""

_UNREACHED = frozenset({Reason.DNS, Reason.CONNECT, Reason.TLS})


def backoff_seconds(
    tries: int, *, base_seconds: float, max_seconds: float, random: Random
) -> float:
    """Return a wait with full jitter: between half and all of ``base * 2 ** tries``, capped.

    Args:
        tries: Tries that failed before this one, from 0.
        base_seconds: Upper bound of the first wait.
        max_seconds: Upper bound of any wait.
        random: Where the jitter comes from.

    Source: M. Brooker, "Exponential Backoff and Jitter" (AWS, 2015), the "equal jitter" form,
    which never comes back at once.
    """
    ceiling = min(max_seconds, base_seconds * 2.0**tries)
    return ceiling * random.uniform(0.5, 1)


class Scope(StrEnum):
    """Whom a host means that answers 429 or 503, or asks us to stay away."""

    URL = "url"
    """The page alone: its job waits, the host's others go on."""
    HOST = "host"
    DOMAIN = "domain"
    """All known hosts under its registered domain."""


class Sign(StrEnum):
    """What the end of a chain says about how its host bears us."""

    ANSWERED = "answered"
    THROTTLED = "throttled"
    """It says that we ask too much: 429, 503, or for how long to stay away."""
    STRAINED = "strained"
    """It shows it: it falls silent, or cannot even give its robots.txt."""
    NOTHING = "nothing"
    """It was not reached, or not asked."""


def sign_of(reason: Reason, status: int | None, *, asked_away: bool) -> Sign:
    """Return what a chain that ended without a page says about its host.

    Args:
        reason: Why it ended.
        status: Of its last response, if there was one.
        asked_away: Whether that asked us to stay away for some time.
    """
    if reason in (Reason.TIMEOUT, Reason.ROBOTS_UNREACHABLE):
        return Sign.STRAINED
    if asked_away or reason is Reason.HTTP_429 or status == 503:
        return Sign.THROTTLED
    return Sign.NOTHING if status is None or reason in _UNREACHED else Sign.ANSWERED


def slowed(backoff: float, *, base_seconds: float, max_seconds: float) -> float:
    """Return a host's back-off (seconds between chains) after it had too much: twice the delay.

    Args:
        backoff: So far; 0 for none.
        base_seconds: The delay without any back-off: the operator's or robots.txt's.
        max_seconds: Upper bound of any back-off.

    With `eased` this is additive increase and multiplicative decrease of the rate, which settles
    near what the other side bears: D.-M. Chiu, R. Jain, "Analysis of the Increase and Decrease
    Algorithms for Congestion Avoidance in Computer Networks" (1989).
    """
    return max(backoff, min(max_seconds, 2 * max(backoff, base_seconds, LEAST_BACKOFF_SECONDS)))


def eased(backoff: float, *, base_seconds: float) -> float:
    """Return a host's back-off after an answer: the rate grows by an eighth of the usual one.

    From any height the usual delay is back after eight answers.

    Args:
        backoff: So far; 0 for none.
        base_seconds: The delay without any back-off.
    """
    if not backoff:
        return 0.0
    usual = max(base_seconds, LEAST_BACKOFF_SECONDS)
    faster = 1 / (1 / backoff + _EASE_STEP / usual)
    return faster if faster > usual * _NOTICEABLE else 0.0
