"""What stages did, as counters and histograms."""

from math import inf

import pytest
from prometheus_client.parser import text_string_to_metric_families

from newsmill_gateway.metrics import Flow, exposition
from newsmill_shared.database.tallies import UNMEASURED, Count


def a_count(
    stage: str = "ingest",
    *,
    ended: str = "done",
    reason: str = "",
    le: float = 1.0,
    count: int = 1,
    seconds: float = 0.8,
) -> Count:
    """Something that happened at a stage."""
    return Count(None, stage, ended, reason, le, count, seconds)


class Shown:
    """What a Prometheus server reads."""

    def __init__(self, *counts: Count) -> None:
        flow = Flow(in_flight={}, oldest={}, position=0, unnumbered=0, totals=counts)
        self._samples = [
            sample
            for family in text_string_to_metric_families(exposition(flow, None, None).decode())
            for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """Return the one value under this name and these labels."""
        (found,) = (
            sample.value
            for sample in self._samples
            if sample.name == f"newsmill_{name}" and sample.labels == labels
        )
        return found


def test_attempts_are_counted_by_how_and_why_they_ended() -> None:
    seen = Shown(
        a_count(count=3),
        a_count(le=0.5, count=2),
        a_count(ended="ended", reason="http_5xx"),
        a_count("enrich", ended="lost", reason="worker_lost", le=UNMEASURED, seconds=0),
    )

    assert seen.value("stage_attempts_total", stage="ingest", ended="done", reason="") == 5
    assert seen.value("stage_attempts_total", stage="ingest", ended="ended", reason="http_5xx") == 1
    assert (
        seen.value("stage_attempts_total", stage="enrich", ended="lost", reason="worker_lost") == 1
    )


def test_durations_are_a_histogram_whose_classes_add_up() -> None:
    seen = Shown(
        a_count(le=0.5, count=2, seconds=0.6),
        a_count(le=1.0, count=3, seconds=2.4),
        a_count(le=60.0, count=1, seconds=40),
    )

    assert seen.value("stage_seconds_bucket", stage="ingest", le="0.25") == 0
    assert seen.value("stage_seconds_bucket", stage="ingest", le="0.5") == 2
    assert seen.value("stage_seconds_bucket", stage="ingest", le="1.0") == 5
    assert seen.value("stage_seconds_bucket", stage="ingest", le="30.0") == 5
    assert seen.value("stage_seconds_bucket", stage="ingest", le="+Inf") == 6
    assert seen.value("stage_seconds_count", stage="ingest") == 6
    assert seen.value("stage_seconds_sum", stage="ingest") == pytest.approx(43)


def test_what_nobody_measured_is_in_no_histogram() -> None:
    seen = Shown(a_count(ended="void", le=UNMEASURED, count=4, seconds=0))

    assert seen.value("stage_seconds_count", stage="ingest") == 0
    assert seen.value("stage_attempts_total", stage="ingest", ended="void", reason="") == 4


def test_jobs_have_classes_up_to_days() -> None:
    seen = Shown(a_count("job", ended="stored", reason="new", le=inf, seconds=100_000))

    assert seen.value("job_seconds_bucket", outcome="stored", le="86400.0") == 0
    assert seen.value("job_seconds_bucket", outcome="stored", le="+Inf") == 1


def test_stages_and_ends_are_there_before_anything_happened() -> None:
    seen = Shown()

    assert (
        seen.value("stage_attempts_total", stage="enrich", ended="lost", reason="worker_lost") == 0
    )
    assert seen.value("stage_attempts_total", stage="ingest", ended="moved", reason="") == 0
    assert seen.value("stage_seconds_count", stage="store") == 0
    assert seen.value("job_seconds_count", outcome="dead") == 0
