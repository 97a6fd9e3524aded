"""What can be asked of a run, and what is answered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import pytest
from pydantic import ValidationError

from newsmill_gateway.problems import ProblemError
from newsmill_gateway.reprocessing import Reprocess, Reprocessing, RunStep
from newsmill_shared.database.rework_runs import MOST_MATCHES, Filters, Run, Wanted
from newsmill_shared.identity import new_id

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class FakeRuns:
    """Runs in memory."""

    def __init__(self, *, matching: int = 7) -> None:
        self.found: dict[UUID, Run] = {}
        self.matching = matching

    def begin(self, run: UUID, wanted: Wanted) -> None:
        made = Run(
            id=run,
            mode="write" if wanted.sample is None else "preview",
            state="running",
            filters=wanted.filters.as_json(),
            sample=wanted.sample,
            by=wanted.by,
            reason=wanted.reason,
            created_at=NOON,
            ended_at=None,
            progress=0.0,
            planned=0,
            waiting=0,
            running=0,
            results={},
            fields={},
        )
        self.found.setdefault(run, made)

    def run(self, run: UUID) -> tuple[Run, int | None] | None:
        found = self.found.get(run)
        return (found, self.matching) if found else None

    def runs(self, *, limit: int) -> Sequence[Run]:
        return list(self.found.values())[:limit]

    def set(self, run: UUID, state: Literal["running", "stopped"], step: RunStep) -> bool:
        found = self.found.get(run)
        if found is None or found.state == "ended":
            return False
        self.found[run] = replace(found, state=state)
        return True


def test_what_is_asked_for_is_kept_and_shown() -> None:
    asked = Reprocess.model_validate(
        {
            "host": "Paper.Example",
            "since": "2026-11-01T00:00:00Z",
            "model_older_than": {"language": 2},
            "sample": 5,
            "why": "new lists",
        }
    )

    run = Reprocessing(FakeRuns()).begin(asked)

    assert (run.mode, run.sample, run.reason) == ("preview", 5, "new lists")
    assert run.filters == {
        "host": "paper.example",
        "since": "2026-11-01T00:00:00+00:00",
        "models": {"language": 2},
    }
    assert (run.matching, run.matching_at_least) == (7, False)
    assert Filters.of(run.filters) == asked.wanted.filters


def test_the_same_request_begins_one_run() -> None:
    runs = FakeRuns()
    desk = Reprocessing(runs)
    asked = Reprocess(id=new_id(), label="sport")

    first, second = desk.begin(asked), desk.begin(asked)

    assert first == second
    assert len(runs.found) == 1


def test_what_is_not_counted_to_its_end_says_so() -> None:
    run = Reprocessing(FakeRuns(matching=MOST_MATCHES)).begin(Reprocess(sample=1))

    assert run.matching_at_least


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": "a.example"},
        {"sample": 0},
        {"sample": 101},
        {"model_older_than": {"weather": 1}},
        {"model_older_than": {"language": 0}},
        {"model_older_than": {"language": "2"}},
        {"since": "yesterday"},
        {"id": "4b2d8a62-58ce-4c61-9c5f-6f3e0f5a2a11"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Reprocess.model_validate(wrong)


def test_a_run_stops_and_goes_on_until_it_is_over() -> None:
    runs = FakeRuns()
    desk = Reprocessing(runs)
    run = desk.begin(Reprocess()).id

    stopped = desk.stop(run, RunStep())
    going_on = desk.go_on(run, RunStep())
    runs.found[run] = replace(runs.found[run], state="ended")

    assert (stopped.state, going_on.state) == ("stopped", "running")
    with pytest.raises(ProblemError) as refused:
        desk.stop(run, RunStep())
    assert (refused.value.status, refused.value.code) == (409, "run_ended")


def test_a_run_that_there_is_not_is_not_found() -> None:
    with pytest.raises(ProblemError) as refused:
        Reprocessing(FakeRuns()).stop(new_id(), RunStep())

    assert refused.value.status == 404
