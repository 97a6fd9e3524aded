"""What operators do with runs from the dashboard: compare, enrich, stop, go on. Methods block."""

from collections.abc import Mapping
from typing import Literal, Protocol
from uuid import UUID

from newsmill_gateway.dashboard.act_pages import (
    Context,
    Fields,
    act_page,
    done_page,
    number_or_text,
    read_fields,
)
from newsmill_gateway.dashboard.formats import count
from newsmill_gateway.dashboard.runs import articles_of, pages_of
from newsmill_gateway.queries import read_id
from newsmill_gateway.reprocessing import Reprocess, RunAnswer, RunStep
from newsmill_shared.identity import new_id

__all__ = ["RUN_ACTS", "RunActs", "RunDesk"]

RUN_ACTS = ("reprocess", "stop", "continue")
"""What can be done with runs."""

_SAMPLE = 20
"""So many pages are compared before anything is written; the command compares as many."""
_STANDS: Mapping[str, str] = {
    "running": "This run goes on",
    "stopped": "This run is stopped",
    "ended": "This run is over",
}


class RunDesk(Protocol):
    """What does the work on runs, as for the API."""

    def begin(self, asked: Reprocess) -> RunAnswer:
        """Begin a run, once for its id."""
        ...

    def run(self, run: UUID) -> RunAnswer:
        """Return a run."""
        ...

    def stop(self, run: UUID, step: RunStep) -> RunAnswer:
        """Send no more of a run."""
        ...

    def go_on(self, run: UUID, step: RunStep) -> RunAnswer:
        """Let a run go on where it stopped."""
        ...


class RunActs:
    """Previews and does what operators want of runs.

    A run that writes begins from one that has compared a sample, with what that was asked for.

    Args:
        desk: Works on runs.
    """

    def __init__(self, desk: RunDesk) -> None:
        self._desk = desk

    def preview(self, name: str, given: Fields) -> Context:
        """Return the page that says what an act would do.

        Args:
            name: One of `RUN_ACTS`.
            given: What it is about; of ``reprocess`` either ``compared``, a run, or which articles.

        Raises:
            ProblemError: It cannot be done so.
        """
        if name == "reprocess":
            return self._preview_write(given) if "compared" in given else _preview_sample(given)
        run = self._desk.run(_run(given))
        read_fields(RunStep, _without(given, "run"))
        if run.state != _before(name):
            return _stands(run)
        heading, more, button = (
            (
                "Stop this run?",
                "No more of its pages are sent; what is on its way is still written.",
                "Stop it",
            )
            if name == "stop"
            else ("Let this run go on?", "It goes on where it stopped.", "Go on")
        )
        return act_page(heading, more, button, {"run": str(run.id)}, facts=_facts(run))

    def act(self, name: str, given: Fields, *, key: str) -> Context:
        """Do it and return the page that says what was done.

        Args:
            name: One of `RUN_ACTS`.
            given: What it is about, who wants it, and why.
            key: The id of a run that begins: the same begins it once.

        Raises:
            ProblemError: It cannot be done so.
        """
        if name == "reprocess":
            return self._begin(given, key)
        step = read_fields(RunStep, _without(given, "run"))
        run = self._desk.run(_run(given))
        if run.state != _before(name):
            return _stands(run)
        if name == "stop":
            return done_page(
                "Stopped the run", "It can go on later.", _page(self._desk.stop(run.id, step))
            )
        return done_page("The run goes on", "", _page(self._desk.go_on(run.id, step)))

    def _preview_write(self, given: Fields) -> Context:
        compared = self._compared(given)
        _write(compared, given)
        if not compared.planned and compared.state == "ended":
            return done_page("No article is like this", "There is nothing to do.", _page(compared))
        left = "" if compared.state == "ended" else " The comparison is not over yet."
        return act_page(
            f"Enrich {_matching(compared)} again, and write what changes?",
            "Nothing is fetched, no job is accepted and no outcome changes; it goes on when no "
            f"other page waits.{left}",
            "Enrich them",
            {"compared": str(compared.id), "key": str(new_id())},
            facts=_facts(compared),
        )

    def _begin(self, given: Fields, key: str) -> Context:
        if "compared" in given:
            asked, said = _write(self._compared(given), given, key), "Begun to enrich them again"
        else:
            asked, said = _sample(given, key), "Begun to compare"
        more = "It goes on when no other page waits; the page of the run says how far it is."
        return done_page(said, more, _page(self._desk.begin(asked)))

    def _compared(self, given: Fields) -> RunAnswer:
        return self._desk.run(read_id(given["compared"]))


def _preview_sample(given: Fields) -> Context:
    asked = _sample(given)
    return act_page(
        f"Compare {_SAMPLE} stored pages?",
        "They are enriched again, and the page of the run shows what would change; nothing is "
        "written. From there all of them can be.",
        "Compare",
        {**given, "key": str(new_id())},
        facts=(("articles", articles_of(asked.wanted.filters.as_json())),),
    )


def _sample(given: Fields, key: str | None = None) -> Reprocess:
    """Return the run that compares a sample of what a form describes."""
    values: dict[str, object] = {**_without(given, "part", "older_than"), "sample": _SAMPLE}
    if "part" in given or "older_than" in given:
        number = number_or_text(given.get("older_than", ""))
        values["model_older_than"] = {given.get("part", ""): number}
    if "since" in given:
        values["since"] = _moment(given["since"])
    return read_fields(Reprocess, values | ({"id": key} if key else {}))


def _write(compared: RunAnswer, given: Fields, key: str | None = None) -> Reprocess:
    """Return the run that writes what another has compared a sample of."""
    filters = {
        "model_older_than" if name == "models" else name: value
        for name, value in compared.filters.items()
    }
    values = {**_without(given, "compared"), **filters}
    return read_fields(Reprocess, values | ({"id": key} if key else {}))


def _moment(day: str) -> str:
    """Return the moment that a form means by a day: its beginning, in UTC, as all its times."""
    return f"{day}T00:00:00Z" if "T" not in day else day


def _matching(compared: RunAnswer) -> str:
    if compared.matching is None:
        return "all that match"
    more = "more than " if compared.matching_at_least else ""
    # What made them is looked at when the run comes to them.
    up_to = "up to " if compared.filters.get("models") and not more else ""
    pages = "1 page" if compared.matching == 1 else f"{count(compared.matching)} pages"
    return f"{up_to}{more}{pages}"


def _facts(run: RunAnswer) -> tuple[tuple[str, str], ...]:
    return (
        ("articles", articles_of(run.filters)),
        ("does", "compares a sample" if run.mode == "preview" else "writes"),
        ("pages", pages_of(run) or "none yet"),
    )


def _stands(run: RunAnswer) -> Context:
    return done_page(_STANDS[run.state], "", _page(run))


def _before(name: str) -> Literal["running", "stopped"]:
    return "running" if name == "stop" else "stopped"


def _page(run: RunAnswer) -> str:
    return f"/runs?of={run.id}"


def _run(given: Fields) -> UUID:
    return read_id(given.get("run", ""))


def _without(given: Fields, *names: str) -> dict[str, str]:
    return {name: value for name, value in given.items() if name not in names}
