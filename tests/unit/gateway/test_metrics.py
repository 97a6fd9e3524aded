"""Metrics: what a Prometheus server reads, and how seldom the ledger is asked for it."""

import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from newsmill_gateway.metric_names import Metric
from newsmill_gateway.metrics import DOORS, Carried, Flow, Seldom, exposition
from newsmill_shared.database.conservation import Conservation
from newsmill_shared.diagnosis import Code, diagnose
from newsmill_shared.diagnosis.snapshot import Away
from newsmill_shared.errors import TransientError
from newsmill_shared.reasons import Reason
from tests.unit.diagnosis.builders import a_snapshot

FLOW = Flow(in_flight={"enrich": 3}, oldest={"waiting": 12.5}, position=70, unnumbered=2)
COUNTS = Conservation(9, {("dead", "memory"): 2, ("stored", "new"): 3}, {"waiting": 3})
CARRIED = Carried({"ingest": 4, "notes": 0}, {("list", "accepted"): 7, ("list", "rejected"): 2})


class FakeLedgerMeter:
    """Figures of a ledger."""

    def flow(self) -> Flow:
        return FLOW

    def conservation(self) -> Conservation:
        return COUNTS


class FakeQueueMeter:
    """Figures of Redis."""

    def carried(self) -> Carried:
        return CARRIED


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def samples(text: bytes) -> dict[str, float]:
    """Read an exposition as Prometheus does: values by name and labels."""
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_the_figures_are_shown_under_their_names() -> None:
    shown = samples(exposition(FLOW, COUNTS, CARRIED))

    assert (
        shown.items()
        >= {
            "newsmill_up|database": 1,
            "newsmill_up|redis": 1,
            "newsmill_jobs_accepted_total": 9,
            "newsmill_jobs_finished_total|stored|new": 3,
            "newsmill_jobs_dead_total": 2,
            "newsmill_jobs_unaccounted": 1,
            "newsmill_jobs_open|waiting": 3,
            "newsmill_jobs_in_flight|enrich": 3,
            "newsmill_oldest_age_seconds|waiting": 12.5,
            "newsmill_queue_messages|ingest": 4,
            "newsmill_door_items_total|list|accepted": 7,
            "newsmill_door_items_total|stream|rejected": 0,
            "newsmill_events_position": 70,
            "newsmill_events_unnumbered": 2,
        }.items()
    )


def test_every_metric_is_shown_with_its_meaning() -> None:
    families = list(text_string_to_metric_families(exposition(FLOW, COUNTS, CARRIED).decode()))

    shown = {(family.name, family.type, family.documentation) for family in families}
    assert shown == {
        (metric.title.removesuffix("_total"), metric.kind, metric.meaning) for metric in Metric
    }


def test_every_reason_is_there_before_it_ever_happened() -> None:
    shown = samples(exposition(FLOW, Conservation(0, {}, {}), CARRIED))

    assert len([name for name in shown if name.startswith("newsmill_jobs_finished")]) == len(Reason)
    assert shown["newsmill_jobs_finished_total|failed|http_404"] == 0
    assert shown["newsmill_jobs_open|held"] == 0


def test_what_is_away_is_said_to_be_and_left_out() -> None:
    shown = samples(exposition(None, None, CARRIED))

    assert set(shown) == {
        "newsmill_up|database",
        "newsmill_up|redis",
        "newsmill_queue_messages|ingest",
        "newsmill_queue_messages|notes",
        *(f"newsmill_diagnosis|{code}" for code in Code),
        *(
            f"newsmill_door_items_total|{door}|{verdict}"
            for door in DOORS
            for verdict in ("accepted", "rejected")
        ),
    }
    assert (shown["newsmill_up|database"], shown["newsmill_up|redis"]) == (0, 1)


def test_a_cause_that_applies_is_one_and_all_others_are_zero() -> None:
    causes = diagnose(a_snapshot(broker=Away("refused")))

    shown = samples(exposition(FLOW, COUNTS, CARRIED, causes=causes))

    applies = [name for name, value in shown.items() if "diagnosis" in name and value]
    assert applies == ["newsmill_diagnosis|redis_unreachable"]


def test_a_figure_is_asked_for_once_in_five_seconds() -> None:
    clock, asked = Clock(), iter(range(10))
    figure = Seldom(lambda: next(asked), clock=clock)

    seen = []
    for seconds in (0, 4.9, 0.1, 4.9, 0.1):
        clock.now += seconds
        seen.append(figure.value())

    assert seen == [0, 0, 1, 1, 2]


def test_a_figure_that_is_slow_to_get_is_asked_for_less_often() -> None:
    clock, asked = Clock(), iter(range(10))

    def slowly() -> int:
        clock.now += 2
        return next(asked)

    figure = Seldom(slowly, clock=clock)
    first = figure.value()
    clock.now += 99
    before = figure.value()
    clock.now += 1

    assert (first, before, figure.value()) == (0, 0, 1)


def test_what_cannot_be_had_is_not_asked_for_again_at_once() -> None:
    clock, asked = Clock(), []

    def away() -> int:
        asked.append(clock.now)
        raise TransientError("PostgreSQL: connection refused")

    figure = Seldom(away, clock=clock)
    for _ in range(3):
        with pytest.raises(TransientError, match="refused"):
            figure.value()

    assert asked == [100.0]


def test_nobody_waits_while_another_asks() -> None:
    clock, asked = Clock(), iter(range(10))
    asking, answer = threading.Event(), threading.Event()

    def slowly() -> int:
        number = next(asked)
        if number:
            asking.set()
            assert answer.wait(10)
        return number

    figure = Seldom(slowly, clock=clock)
    figure.value()
    clock.now += 60
    thread = threading.Thread(target=figure.value)
    thread.start()
    assert asking.wait(10)
    meanwhile = figure.value()
    answer.set()
    thread.join()

    assert (meanwhile, figure.value()) == (0, 1)


def test_the_page_has_every_metric_with_its_meaning() -> None:
    page = Path(__file__).parents[3] / "docs" / "metrics.md"
    rows = [
        tuple(cell.strip().replace("`", "") for cell in line.strip("|").split("|"))
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `newsmill_")
    ]

    assert rows == [
        (metric.title, ", ".join(metric.labels), metric.kind, metric.meaning) for metric in Metric
    ]
