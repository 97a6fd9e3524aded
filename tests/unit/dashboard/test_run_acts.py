"""Acts on runs: a sample is compared first, what writes asks for the same, and steps come once."""

from typing import Any, Literal
from uuid import UUID

import pytest

from newsmill_gateway.dashboard.run_acts import RunActs
from newsmill_gateway.dashboard.runs import run_page
from newsmill_gateway.problems import ProblemError
from newsmill_gateway.reprocessing import Reprocess, RunAnswer, RunStep
from tests.unit.dashboard.builders import AN_ID, NOW

KEY = "01994d2e-0000-7000-8000-000000000001"


def a_run(**fields: object) -> RunAnswer:
    """A comparison that has ended."""
    values: dict[str, object] = {
        "id": AN_ID,
        "mode": "preview",
        "state": "ended",
        "filters": {"host": "paper.example", "models": {"language": 2}},
        "sample": 20,
        "by": "ana",
        "reason": "",
        "created_at": NOW,
        "ended_at": NOW,
        "progress": 1.0,
        "planned": 20,
        "waiting": 0,
        "running": 0,
        "results": {"changed": 3, "same": 17},
        "fields": {"language": 3},
        "compared": (),
        "failed": (),
        "matching": 1_200,
    }
    return RunAnswer.model_validate({**values, **fields})


class FakeRuns:
    """Knows one run, and remembers what it was asked."""

    def __init__(self, **fields: object) -> None:
        self.known = a_run(**fields)
        self.begun: list[Reprocess] = []
        self.steps: list[tuple[str, RunStep]] = []

    def begin(self, asked: Reprocess) -> RunAnswer:
        self.begun.append(asked)
        return self.known

    def run(self, run: UUID) -> RunAnswer:
        assert run == self.known.id
        return self.known

    def stop(self, run: UUID, step: RunStep) -> RunAnswer:
        return self._set("stopped", step)

    def go_on(self, run: UUID, step: RunStep) -> RunAnswer:
        return self._set("running", step)

    def _set(self, state: Literal["stopped", "running"], step: RunStep) -> RunAnswer:
        self.steps.append((state, step))
        self.known = self.known.model_copy(update={"state": state})
        return self.known


def hidden_of(page: Any) -> dict[str, str]:
    hidden = page["hidden"]
    assert isinstance(hidden, dict)
    return hidden


def test_a_form_describes_articles_of_which_a_sample_is_compared() -> None:
    runs = FakeRuns()
    acts = RunActs(runs)
    form = {"host": "paper.example", "since": "2026-11-01", "part": "language", "older_than": "2"}

    page = acts.preview("reprocess", form)
    hidden = hidden_of(page)
    key = hidden.pop("key")
    done = acts.act("reprocess", {**hidden, "by": "ana", "why": "new lists"}, key=key)

    facts = (
        "articles",
        "host paper.example, since 2026-11-01T00:00:00+00:00, language older than 2",
    )
    (asked,) = runs.begun
    assert page["facts"] == (facts,)
    assert (str(asked.id), asked.sample, asked.by, asked.why) == (key, 20, "ana", "new lists")
    assert asked.model_older_than == {"language": 2}
    assert done["back"] == f"/runs?of={AN_ID}"


def test_what_is_written_is_what_was_compared() -> None:
    runs = FakeRuns()
    acts = RunActs(runs)

    page = acts.preview("reprocess", {"compared": str(AN_ID)})
    hidden = hidden_of(page)
    key = hidden.pop("key")
    acts.act("reprocess", {**hidden, "by": "ana"}, key=key)

    (asked,) = runs.begun
    assert page["heading"] == "Enrich up to 1,200 pages again, and write what changes?"
    assert ("pages", "same 17, changed 3") in page["facts"]  # type: ignore[operator]
    assert asked.wanted.filters.as_json() == runs.known.filters
    assert (str(asked.id), asked.sample) == (key, None)


def test_a_comparison_that_found_nothing_has_no_button() -> None:
    page = RunActs(FakeRuns(planned=0)).preview("reprocess", {"compared": str(AN_ID)})

    assert (page["heading"], page["button"]) == ("No article is like this", "")


def test_a_comparison_that_is_not_over_is_said_to_be_so() -> None:
    page = RunActs(FakeRuns(state="running")).preview("reprocess", {"compared": str(AN_ID)})

    assert "not over yet" in str(page["more"])


@pytest.mark.parametrize(
    ("act", "before", "after"), [("stop", "running", "stopped"), ("continue", "stopped", "running")]
)
def test_a_step_that_is_confirmed_twice_is_taken_once(act: str, before: str, after: str) -> None:
    runs = FakeRuns(mode="write", state=before)
    acts = RunActs(runs)

    form = {**hidden_of(acts.preview(act, {"run": str(AN_ID)})), "by": "ana", "why": "so"}
    for _ in range(2):
        acts.act(act, form, key=KEY)

    assert runs.steps == [(after, RunStep(by="ana", why="so"))]


@pytest.mark.parametrize("act", ["stop", "continue"])
def test_a_run_that_is_over_has_no_button(act: str) -> None:
    page = RunActs(FakeRuns()).preview(act, {"run": str(AN_ID)})

    assert (page["heading"], page["button"]) == ("This run is over", "")


@pytest.mark.parametrize(
    ("fields", "links"),
    [
        ({"state": "running"}, [("Stop", f"/acts/stop?run={AN_ID}")]),
        ({"state": "stopped"}, [("Continue", f"/acts/continue?run={AN_ID}")]),
        ({}, [("Enrich them all", f"/acts/reprocess?compared={AN_ID}")]),
        ({"planned": 0}, []),
        ({"mode": "write"}, []),
    ],
)
def test_a_run_is_linked_to_what_can_be_done_with_it(
    fields: dict[str, object], links: list[tuple[str, str]]
) -> None:
    assert run_page(a_run(**fields))["acts"] == tuple(links)


@pytest.mark.parametrize(
    "fields",
    [
        {"part": "language"},
        {"older_than": "2"},
        {"part": "language", "older_than": "many"},
        {"part": "moon", "older_than": "2"},
        {"since": "soon"},
        {"everything": "1"},
        {"compared": "x"},
        {"compared": str(AN_ID), "older_than": "2"},
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, str]) -> None:
    runs = FakeRuns()

    with pytest.raises(ProblemError):
        RunActs(runs).preview("reprocess", fields)
    with pytest.raises(ProblemError):
        RunActs(runs).act("reprocess", fields, key=KEY)

    assert runs.begun == []
