"""What stages did in the last hour, from counts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.dashboard.throughput import (
    HOUR,
    failed_share,
    latencies,
    per_minute,
    spark,
)
from newsmill_shared.database.tallies import UNMEASURED
from tests.unit.dashboard.builders import NOW, a_count, ago


def test_minutes_stand_in_order_and_those_without_counts_are_0() -> None:
    counts = (
        a_count("ingest", "done", minute=NOW.replace(second=0) - timedelta(minutes=2), count=3),
        a_count("ingest", "ended", "dns", count=2),
        a_count("ingest", "done", count=1, le=5.0),
        a_count("enrich", "done", count=7),
    )

    minutes = per_minute(counts, "ingest", NOW)

    assert len(minutes) == HOUR
    assert minutes[-3:] == [3, 0, 3]
    assert sum(minutes) == 6


def test_the_minute_that_runs_is_not_drawn() -> None:
    drawn = spark([*[4] * (HOUR - 1), 0], "Attempts")

    assert drawn.said == "Attempts a minute, last hour: 4 to 4"
    assert {point.split(",")[1] for point in drawn.line.split()} == {"4.0"}


@given(st.lists(st.integers(0, 10**6), min_size=HOUR, max_size=HOUR))
def test_a_curve_stays_inside_its_box(numbers: list[int]) -> None:
    points = [tuple(map(float, point.split(","))) for point in spark(numbers, "x").area.split()]

    assert all(0 <= across <= 120 and 4 <= down <= 32 for across, down in points)


@pytest.mark.parametrize(
    ("ended", "reason", "share"),
    [
        ("ended", "http_5xx", "50 %"),
        ("ended", "robots", "0.0 %"),
        ("ended", "not_modified", "0.0 %"),
        ("lost", "worker_lost", "50 %"),
        ("moved", "", "0.0 %"),
        ("void", "", "0.0 %"),
    ],
)
def test_failed_is_what_a_host_or_we_did_wrong(ended: str, reason: str, share: str) -> None:
    counts = (a_count("ingest", "done"), a_count("ingest", ended, reason))

    assert failed_share(counts, "ingest") == share


def test_a_reason_of_a_later_release_is_no_failure() -> None:
    assert failed_share((a_count("ingest", "ended", "of_tomorrow"),), "ingest") == "0.0 %"


def test_jobs_fail_by_their_outcome() -> None:
    counts = (a_count(count=3), a_count(ended="dead", reason="memory"))

    assert failed_share(counts, "job") == "25 %"


def test_latencies_are_of_the_last_five_minutes() -> None:
    counts = (
        a_count("enrich", "done", le=0.1, count=10),
        a_count("enrich", "done", le=30.0, minute=ago(600), count=1000),
        a_count("enrich", "void", le=UNMEASURED, count=1000),
    )

    found = latencies(counts, "enrich", NOW)

    assert found == {"p50": "75 ms", "p95": "98 ms"}
    assert latencies((), "enrich", NOW) == {"p50": "none yet", "p95": "none yet"}
