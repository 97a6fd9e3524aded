"""How long stages idled and what was fetched again, by fault. Pure: logs in, figures out."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from tests.chaos.press import Request

__all__ = ["STAGES", "WHOLE", "Due", "Inflicted", "fetched_again", "idle_by_fault", "longest_idle"]

WHOLE = "whole"
"""Not a stage: all of it. It idles while work has been sent and nothing ends."""
STAGES = ("ingest", "enrich", "store", WHOLE)
_BEFORE_SECONDS = 5.0
"""What was asked so long before a fault may have been in flight at it."""
_AFTERMATH_SECONDS = 10.0
"""What was asked so soon after a fault may be its victim still."""


@dataclass(frozen=True, slots=True)
class Due:
    """Which stages had work that they could do, at a moment in monotonic seconds."""

    at: float
    stages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Inflicted:
    """A fault that was inflicted; times are monotonic seconds."""

    name: str
    group: str
    begin: float
    end: float
    in_flight: int
    """Chains that were under way when it began."""
    window: int
    """Jobs that were sent and not ended when it began."""
    empties_broker: bool = False


def longest_idle(
    due: Sequence[Due], progress: Sequence[float], stage: str, *, begin: float, end: float
) -> float:
    """Return the longest time between ``begin`` and ``end`` that a stage had work and did none.

    Args:
        due: Samples, in order.
        progress: When the stage did a piece of work, sorted.
        stage: Which one.
        begin: In monotonic seconds.
        end: Likewise.
    """
    longest = 0.0
    seen = [sample for sample in due if begin <= sample.at <= end]
    for had_work, run in groupby(seen, key=lambda sample: stage in sample.stages):
        if had_work:
            times = [sample.at for sample in run]
            first, last = bisect_left(progress, times[0]), bisect_right(progress, times[-1])
            moments = [times[0], *progress[first:last], times[-1]]
            longest = max(longest, *(later - before for before, later in pairwise(moments)))
    return longest


def idle_by_fault(
    due: Sequence[Due],
    progress: Mapping[str, Sequence[float]],
    faults: Sequence[Inflicted],
    *,
    end: float,
) -> list[dict[str, float]]:
    """Return for each fault the longest idle time of each stage from its end to the next fault."""
    ends = [*(fault.begin for fault in faults), end][1:]
    return [
        {
            stage: longest_idle(due, progress[stage], stage, begin=fault.end, end=until)
            for stage in STAGES
        }
        for fault, until in zip(faults, ends, strict=True)
    ]


def fetched_again(
    requests: Iterable[Request], faults: Sequence[Inflicted]
) -> tuple[list[int], list[str]]:
    """Count pages that were asked for more than once, by the fault that hit the request before.

    Returns:
        A count for each fault, and the pages that no fault explains.
    """
    by_page: dict[tuple[str, str], list[Request]] = defaultdict(list)
    for request in sorted(requests, key=lambda request: request.start):
        if request.path != "/robots.txt":
            by_page[request.host, request.path].append(request)
    counts = [0] * len(faults)
    unexplained = []
    for (host, path), asked in by_page.items():
        for before in asked[:-1]:
            victim_of = _fault_at(before.start, faults)
            if victim_of is None:
                unexplained.append(host + path)
            else:
                counts[victim_of] += 1
    return counts, unexplained


def _fault_at(moment: float, faults: Sequence[Inflicted]) -> int | None:
    """Return the fault at whose time something was in flight, else the last that was just over."""
    for number, fault in enumerate(faults):
        if fault.begin - _BEFORE_SECONDS <= moment <= fault.end:
            return number
    for number, fault in reversed(list(enumerate(faults))):
        if fault.end < moment <= fault.end + _AFTERMATH_SECONDS:
            return number
    return None
