"""What stages did and how long it took, as counters and histograms that never go down."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import inf

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from newsmill_gateway.metric_names import Metric
from newsmill_shared.database.attempts import AttemptEnd
from newsmill_shared.database.tallies import BOUNDS, UNMEASURED, Count
from newsmill_shared.reasons import Outcome, Reason

__all__ = ["stage_families"]

_ATTEMPTED = ("ingest", "enrich")
_STAGES = (*_ATTEMPTED, "store")
_AT_FIRST = (
    *((end, "") for end in (AttemptEnd.DONE, AttemptEnd.MOVED, AttemptEnd.LATE, AttemptEnd.VOID)),
    *((AttemptEnd.LOST, reason) for reason in (Reason.WORKER_LOST, Reason.TIME_LIMIT)),
    (AttemptEnd.LOST, Reason.MEMORY),
)
"""Shown as 0 before they are, so that rates and alerts see the first."""

_ATTEMPT_BOUNDS = tuple(bound for bound in BOUNDS if bound <= 30 or bound == inf)
"""No attempt takes longer than half a minute; a job may wait for days."""


def stage_families(
    totals: Sequence[Count],
) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
    """Return the families of the counts since the beginning."""
    yield _attempts(totals)
    stages = {stage: [count for count in totals if count.stage == stage] for stage in _STAGES}
    yield _histogram(Metric.STAGE_SECONDS, stages, _ATTEMPT_BOUNDS)
    jobs = [count for count in totals if count.stage == "job"]
    outcomes = {name: [count for count in jobs if count.ended == name] for name in Outcome}
    yield _histogram(Metric.JOB_SECONDS, outcomes, BOUNDS)


def _attempts(totals: Iterable[Count]) -> CounterMetricFamily:
    numbers: Counter[tuple[str, str, str]] = Counter(
        {(stage, str(end), str(reason)): 0 for stage in _ATTEMPTED for end, reason in _AT_FIRST}
    )
    for count in totals:
        if count.stage in _ATTEMPTED:
            numbers[count.stage, count.ended, count.reason] += count.count
    family = CounterMetricFamily(
        Metric.STAGE_ATTEMPTS.title,
        Metric.STAGE_ATTEMPTS.meaning,
        labels=Metric.STAGE_ATTEMPTS.labels,
    )
    for labels, number in numbers.items():
        family.add_metric(labels, number)
    return family


def _histogram(
    metric: Metric,
    groups: dict[str, list[Count]] | dict[Outcome, list[Count]],
    bounds: Sequence[float],
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(metric.title, metric.meaning, labels=metric.labels)
    for name, counts in groups.items():
        measured = [count for count in counts if count.le != UNMEASURED]
        numbers: Counter[float] = Counter()
        for count in measured:
            numbers[next(bound for bound in bounds if count.le <= bound)] += count.count
        reached = accumulate(numbers[bound] for bound in bounds)
        family.add_metric(
            [str(name)],
            buckets=[(_said(bound), n) for bound, n in zip(bounds, reached, strict=True)],
            sum_value=sum(count.seconds for count in measured),
        )
    return family


def _said(bound: float) -> str:
    return "+Inf" if bound == inf else str(bound)
