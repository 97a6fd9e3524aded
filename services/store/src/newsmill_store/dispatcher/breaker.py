"""When a stage fails everything: what its last results say, and when the next probe is due."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from newsmill_shared.database.attempts import AttemptEnd
from newsmill_shared.reasons import Reason

__all__ = ["LEAST_FAILURES", "NETWORK", "Breaker", "Ended"]

LEAST_FAILURES = 10
"""So many results in a row, and not one that was good."""
_WINDOW_SECONDS = 600.0
"""A failure that is older says nothing about now."""
_FIRST_PROBE_SECONDS = 10.0
_LAST_PROBE_SECONDS = 300.0

NETWORK = frozenset({Reason.DNS, Reason.CONNECT, Reason.TIMEOUT})
"""One host's fault, or that of our way to all of them."""
_OURS: dict[str, frozenset[str]] = {
    "ingest": frozenset({Reason.FETCH_ERROR, *NETWORK}),
    "enrich": frozenset(
        {Reason.ENRICH_ERROR, Reason.MEMORY, Reason.TIME_LIMIT, Reason.WORKER_LOST}
    ),
    "store": frozenset({Reason.STORE_ERROR}),
}
"""Grounds that are, or may be, a defect of ours."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Attempts that ended alike at a stage, in the order in which they did."""

    stage: str
    ended: str
    reason: str
    count: int


@dataclass(slots=True)
class _Streak:
    failures: int = 0
    last_at: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)


class Breaker:
    """Watches one stage. Times are monotonic seconds.

    Args:
        stage: ``ingest``, ``enrich`` or ``store``.
    """

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._streak = _Streak()
        self._probe_at: float | None = None
        self._probe_seconds = _FIRST_PROBE_SECONDS

    @property
    def failing(self) -> bool:
        """Whether every result lately was a failure of ours."""
        return self._streak.failures >= LEAST_FAILURES

    @property
    def reasons(self) -> tuple[str, ...]:
        """Grounds of the failures in a row, the commonest first."""
        return tuple(reason for reason, _ in self._streak.reasons.most_common())

    def observe(self, results: Iterable[Ended], now: float) -> bool:
        """Take results in their order; return whether one of them was good."""
        good = False
        for result in results:
            verdict = _is_good(self.stage, result)
            if verdict is None:
                continue
            if verdict or now - self._streak.last_at > _WINDOW_SECONDS:
                self._streak = _Streak()
            if not verdict:
                self._streak.failures += result.count
                self._streak.reasons[result.reason] += result.count
            self._streak.last_at = now
            good = good or verdict
        return good

    def forget(self) -> None:
        """Begin anew: the stage works again, or the failures turned out to be no fault of ours."""
        self._streak = _Streak()
        self._probe_at, self._probe_seconds = None, _FIRST_PROBE_SECONDS

    def probe_due(self, now: float) -> bool:
        """Tell whether one job may be sent to a stage that is stopped."""
        if self._probe_at is None:
            self._probe_at = now + self._probe_seconds
        return now >= self._probe_at

    def probed(self, now: float) -> None:
        """A job was sent: wait twice as long before the next, five minutes at most."""
        self._probe_seconds = min(2 * self._probe_seconds, _LAST_PROBE_SECONDS)
        self._probe_at = now + self._probe_seconds


def _is_good(stage: str, result: Ended) -> bool | None:
    """Tell what a result says about a stage; None if nothing.

    What store could not record is told as the end of enrich's attempt, which was good.
    """
    at = "ingest" if stage == "ingest" else "enrich"
    if result.stage != at or result.ended in (AttemptEnd.LATE, AttemptEnd.VOID):
        return None
    lost = result.ended == AttemptEnd.LOST and stage != "store"
    if lost or result.reason in _OURS[stage]:
        return False
    done = result.ended == AttemptEnd.DONE
    passed = stage != "store" and result.reason != Reason.STORE_ERROR
    return True if done or passed else None
