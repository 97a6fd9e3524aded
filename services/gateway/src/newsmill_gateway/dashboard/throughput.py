"""What stages did in the last hour, minute by minute, from the ledger's own counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsmill_gateway.dashboard.formats import count, lasting, percent
from newsmill_shared.database.attempts import AttemptEnd
from newsmill_shared.database.tallies import Count, quantile
from newsmill_shared.reasons import RULES, Outcome, Reason

__all__ = ["HOUR", "Spark", "by_ending", "failed_share", "latencies", "per_minute", "spark"]

HOUR = 60
"""Minutes that are shown."""

_LATELY = timedelta(minutes=5)
_FAILED = frozenset({Outcome.FAILED, Outcome.DEAD})
_NEVER_BEGUN = frozenset({AttemptEnd.LATE, AttemptEnd.VOID})
_WIDTH, _HEIGHT, _TOP = 120, 32, 4


@dataclass(frozen=True, slots=True)
class Spark:
    """A curve of numbers a minute: points of its line and its area, and what it says."""

    line: str
    area: str
    said: str


def per_minute(counts: Sequence[Count], stage: str, now: datetime) -> list[int]:
    """Return how many ended at a stage in each minute of the last hour, the one that runs last."""
    return [sum(ended.values()) for ended in by_ending(counts, stage, now)]


def by_ending(counts: Sequence[Count], stage: str, now: datetime) -> list[dict[str, int]]:
    """Return the same by how they ended."""
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=HOUR - 1)
    minutes: list[dict[str, int]] = [{} for _ in range(HOUR)]
    for entry in counts:
        if entry.stage != stage or entry.minute is None:
            continue
        nth = int((entry.minute - first) / timedelta(minutes=1))
        if 0 <= nth < HOUR:
            minutes[nth][entry.ended] = minutes[nth].get(entry.ended, 0) + entry.count
    return minutes


def spark(numbers: Sequence[int], what: str) -> Spark:
    """Draw full minutes: the one that runs is not over and would always look like a fall."""
    full = numbers[:-1]
    most = max(*full, 1)
    step = _WIDTH / (len(full) - 1)
    line = " ".join(
        f"{nth * step:.1f},{_HEIGHT - number / most * (_HEIGHT - _TOP):.1f}"
        for nth, number in enumerate(full)
    )
    said = f"{what} a minute, last hour: {count(min(full))} to {count(max(full))}"
    return Spark(line, f"0,{_HEIGHT} {line} {_WIDTH},{_HEIGHT}", said)


def failed_share(counts: Sequence[Count], stage: str) -> str:
    """Return which share of what began at a stage in the last hour failed there or was lost."""
    began = [entry for entry in counts if entry.stage == stage and entry.ended not in _NEVER_BEGUN]
    failed = sum(entry.count for entry in began if _has_failed(entry))
    return percent(failed, sum(entry.count for entry in began))


def latencies(counts: Sequence[Count], stage: str, now: datetime) -> Mapping[str, str]:
    """Return the median and the 95th percentile of the last five minutes, as they are written."""
    lately = [
        entry
        for entry in counts
        if entry.stage == stage and entry.minute is not None and entry.minute > now - _LATELY
    ]
    return {
        name: lasting(quantile(lately, share), missing="none yet")
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }


def _has_failed(entry: Count) -> bool:
    if entry.stage == "job":
        return entry.ended in _FAILED
    if entry.ended == AttemptEnd.LOST:
        return True
    known = entry.reason in Reason.__members__.values()
    return known and RULES[Reason(entry.reason)].outcome in _FAILED
