"""Metrics in the format of Prometheus, from figures that are asked for seldom enough.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from newsmill_gateway.metric_names import Metric
from newsmill_gateway.stage_metrics import stage_families
from newsmill_shared.database.conservation import Conservation
from newsmill_shared.database.tallies import Count
from newsmill_shared.diagnosis import Cause, Code
from newsmill_shared.errors import TransientError
from newsmill_shared.reasons import RULES, Outcome

__all__ = [
    "CONTENT_TYPE",
    "DOORS",
    "Carried",
    "Flow",
    "LedgerMeter",
    "Meters",
    "QueueMeter",
    "Seldom",
    "exposition",
]

CONTENT_TYPE = CONTENT_TYPE_LATEST

LEAST_SECONDS = 5.0
"""A figure is asked for again after this long, however often it is wanted,"""
COST_FACTOR = 50
"""and after so many times what asking took: so it never takes more than 2 % of a connection."""

_STATES = ("waiting", "held", "running")
_STAGES = ("ingest", "enrich")
DOORS = ("http", "documents", "list", "stream", "celery")
"""Where items come in."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Flow:
    """What moves in the ledger, at a bounded cost.

    Args:
        in_flight: Attempts by stage.
        oldest: Seconds of age of the oldest, by stage; ``waiting`` is the ledger itself.
        position: The last number that an event got.
        unnumbered: Events without a number, 10,000 at most.
        dead_unsettled: Of the last 10,000 dead jobs those that nobody has dealt with.
        totals: What stages did since the beginning.
    """

    in_flight: Mapping[str, int]
    oldest: Mapping[str, float]
    position: int
    unnumbered: int
    dead_unsettled: int = 0
    totals: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """What Redis holds.

    Args:
        lengths: Of lists, by name.
        doors: Items by door and verdict (``accepted``, ``rejected``).
    """

    lengths: Mapping[str, int]
    doors: Mapping[tuple[str, str], int]


class LedgerMeter(Protocol):
    """The figures of the ledger; methods raise DatabaseAwayError."""

    def flow(self) -> Flow:
        """Return what moves."""
        ...

    def conservation(self) -> Conservation:
        """Return what was accepted and what became of it."""
        ...


class QueueMeter(Protocol):
    """The figures of Redis."""

    def carried(self) -> Carried:
        """Return lengths of lists, and what came through doors; raises TransientError."""
        ...


class Seldom(Generic[_Value]):
    """A figure that is kept for a while; thread-safe.

    While one thread asks, the others get what was known before.

    Args:
        ask: Asks for it; may raise TransientError, which is kept as well.
        clock: Monotonic seconds.
    """

    def __init__(self, ask: Callable[[], _Value], *, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._asking = threading.Lock()
        self._known: _Value | TransientError = TransientError("not asked yet")
        self._again_at: float | None = None

    def value(self) -> _Value:
        """Return the figure; raises TransientError if it cannot be had for now."""
        if self._asking.acquire(blocking=False):
            try:
                began = self._clock()
                if self._again_at is None or began >= self._again_at:
                    self._known = self._asked()
                    now = self._clock()
                    self._again_at = now + max(LEAST_SECONDS, COST_FACTOR * (now - began))
            finally:
                self._asking.release()
        known = self._known
        if isinstance(known, TransientError):
            raise known
        return known

    def _asked(self) -> _Value | TransientError:
        try:
            return self._ask()
        except TransientError as error:
            return error


class Meters:
    """All figures, each kept for a while.

    Args:
        ledger: PostgreSQL.
        queues: Redis.
        clock: Monotonic seconds.
    """

    def __init__(
        self, ledger: LedgerMeter, queues: QueueMeter, *, clock: Callable[[], float]
    ) -> None:
        self.flow = Seldom(ledger.flow, clock=clock)
        self.conservation = Seldom(ledger.conservation, clock=clock)
        self.carried = Seldom(queues.carried, clock=clock)


def exposition(
    flow: Flow | None,
    counts: Conservation | None,
    carried: Carried | None,
    causes: Iterable[Cause] = (),
) -> bytes:
    """Return the text that a Prometheus server reads; what is None is left out.

    Every outcome with every reason, every state and every door is shown from the beginning, as 0,
    so that rates and alerts see the first of a kind.
    """
    registry = CollectorRegistry()
    registry.register(
        _Once(
            [
                *_up(flow, carried),
                _diagnosis(causes),
                *_flow(flow),
                *_sums(counts),
                *_carried(carried),
            ]
        )
    )
    return generate_latest(registry)


_Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
_Labels = TypeVar("_Labels", bound=tuple[str, ...])


class _Once(Collector):
    """Families that were made already."""

    def __init__(self, families: Iterable[_Family]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterator[_Family]:
        """Give them."""
        yield from self._families


def _family(
    metric: Metric, samples: Mapping[_Labels, float]
) -> CounterMetricFamily | GaugeMetricFamily:
    make = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = make(metric.title, metric.meaning, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, value)
    return family


def _up(flow: Flow | None, carried: Carried | None) -> Iterator[_Family]:
    answers = {("database",): flow is not None, ("redis",): carried is not None}
    yield _family(Metric.UP, {part: float(up) for part, up in answers.items()})


def _flow(flow: Flow | None) -> Iterator[_Family]:
    if flow is None:
        return
    in_flight = {(stage,): flow.in_flight.get(stage, 0) for stage in _STAGES}
    oldest = {(stage,): flow.oldest.get(stage, 0.0) for stage in ("waiting", *_STAGES)}
    yield _family(Metric.IN_FLIGHT, in_flight)
    yield _family(Metric.OLDEST, oldest)
    yield _family(Metric.POSITION, {(): flow.position})
    yield _family(Metric.UNNUMBERED, {(): flow.unnumbered})
    yield _family(Metric.DEAD_UNSETTLED, {(): flow.dead_unsettled})
    yield from stage_families(flow.totals)


def _sums(counts: Conservation | None) -> Iterator[_Family]:
    if counts is None:
        return
    none_yet = {(str(rule.outcome), str(reason)): 0 for reason, rule in RULES.items()}
    yield _family(Metric.ACCEPTED, {(): counts.accepted})
    yield _family(Metric.FINISHED, none_yet | counts.reasons)
    yield _family(Metric.DEAD, {(): counts.outcomes.get(Outcome.DEAD, 0)})
    yield _family(Metric.UNACCOUNTED, {(): counts.unaccounted})
    yield _family(Metric.OPEN, {(state,): counts.open.get(state, 0) for state in _STATES})


def _diagnosis(causes: Iterable[Cause]) -> _Family:
    """Return 1 for each code that applies, and 0 for all others, so that alerts see them end."""
    found = {cause.code for cause in causes}
    return _family(Metric.DIAGNOSIS, {(str(code),): float(code in found) for code in Code})


def _carried(carried: Carried | None) -> Iterator[_Family]:
    if carried is None:
        return
    yield _family(Metric.QUEUE, {(name,): length for name, length in carried.lengths.items()})
    none_yet = {(door, verdict): 0 for door in DOORS for verdict in ("accepted", "rejected")}
    yield _family(Metric.DOOR_ITEMS, none_yet | dict(carried.doors))
