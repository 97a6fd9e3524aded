"""How a worker measures an attempt."""

from newsmill_shared.messages import Span
from newsmill_shared.queue.stage import Watch
from tests.support.builders import NOON


def test_a_span_has_the_workers_time_and_seconds_of_its_monotonic_clock() -> None:
    clock = iter((100.0, 100.81234))
    watch = Watch("ingest:host-1:7:ab12", now=NOON, clock=lambda: next(clock))

    span = watch.span()

    assert span == Span(worker="ingest:host-1:7:ab12", began_at=NOON, seconds=0.8123)
