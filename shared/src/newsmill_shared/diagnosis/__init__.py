"""The diagnosis: from a snapshot to what an operator must know, in one set of words.

Everybody who answers "is it moving, and if not, why" shows this: ``newsmill doctor``, the body of
``/readyz``, the dashboard and ``newsmill_diagnosis`` of ``/metrics``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from newsmill_shared.diagnosis import engines, flow, stalls
from newsmill_shared.diagnosis.cause import SERVICES, Cause, Code, Command, Help, State
from newsmill_shared.diagnosis.snapshot import Snapshot

__all__ = [
    "SERVICES",
    "Cause",
    "Code",
    "Command",
    "Help",
    "Snapshot",
    "State",
    "dated",
    "diagnose",
]


_Finder = Callable[[Snapshot], Iterator[Cause]]

# What comes first explains what is missing behind it.
_FAULTS: tuple[_Finder, ...] = (
    engines.database_away,
    engines.database_read_only,
    engines.schema_old,
    engines.redis_away,
    engines.redis_refuses,
    stalls.unaccounted,
    stalls.no_worker,
    stalls.redis_other_data,
    engines.database_disk,
    engines.page_store,
    engines.index_away,
    stalls.stage_failing,
    engines.database_slow,
    stalls.dispatcher_inactive,
    stalls.service_waits,
    stalls.nothing_sent,
    stalls.nothing_ends,
    stalls.events_unnumbered,
    stalls.no_bridge,
    stalls.api_unreachable,
    engines.clock_skew,
)
_PURPOSES: tuple[_Finder, ...] = (
    flow.paused,
    flow.enrich_slow,
    engines.index_rebuilding,
    engines.index_full,
)


def diagnose(seen: Snapshot) -> tuple[Cause, ...]:
    """Return every cause that applies, the one to act on first.

    What wakes somebody comes before what is on purpose, and a cause before what it explains. The
    first is the verdict; there is always one.
    """
    faults = [cause for find in _FAULTS for cause in find(seen)]
    purposes = [cause for find in _PURPOSES for cause in find(seen)]
    causes = faults + purposes
    if not faults:
        causes += flow.how_it_goes(seen)
    if not causes:
        causes.append(
            Cause(
                code=Code.IDLE,
                state="ok",
                said="Nothing is known yet",
                meaning="The first look has not ended.",
            )
        )
    return tuple(causes)


def dated(
    causes: Iterable[Cause], known: Mapping[tuple[Code, str], datetime], now: datetime
) -> tuple[Cause, ...]:
    """Return causes, those without a beginning dated by when they were first seen.

    Args:
        causes: As found now.
        known: When causes that were seen at the last look began, by code and words.
        now: When these were found.
    """
    return tuple(
        cause
        if cause.since or cause.state == "ok"
        else replace(cause, since=known.get((cause.code, cause.said), now))
        for cause in causes
    )
