"""Runs that enrich stored pages again, as operators ask for them and see them."""

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Literal, Protocol
from uuid import UUID

from pydantic import UUID7, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from newsmill_gateway.intake import Label, Line, Time
from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.queries import Host, Language
from newsmill_shared.database.rework_runs import MOST_MATCHES, Filters, Part, Run, Wanted
from newsmill_shared.identity import new_id

__all__ = ["Reprocess", "Reprocessing", "RunAnswer", "RunRegister", "RunStep", "Runs"]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    by: Annotated[Line, Field(min_length=1, max_length=100)] = "loopback"
    """Who wants it."""
    why: Annotated[Line, Field(max_length=500)] = ""
    """Why, for whoever wonders."""


class Reprocess(_Request):
    """Which stored pages are to be enriched again; what is given must all fit."""

    id: UUID7 | None = None
    """Names the run: the same request with the same id begins it once."""
    host: Host | None = None
    """Articles at this host, exactly."""
    label: Label | None = None
    """Those whose current version was brought by a submission with this tag."""
    language: Language | None = None
    """Those in this language (BCP 47 tag, as the article has it)."""
    since: Time | None = None
    """Those that are new, or have changed, since this time."""
    model_older_than: dict[Part, Annotated[int, Field(strict=True, ge=1, le=10**8)]] = {}
    """By part the number of a model: those of which any of these parts was made by an older one."""
    sample: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    """Only compare so many of them, and write nothing; left out: enrich and write all."""

    @property
    def wanted(self) -> Wanted:
        """Return the run as the ledger takes it."""
        filters = Filters(
            host=self.host,
            label=self.label,
            language=self.language,
            since=self.since,
            models=dict(self.model_older_than),
        )
        return Wanted(filters, self.sample, by=self.by, reason=self.why)


class RunStep(_Request):
    """A run is to stop, or to go on."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, use_attribute_docstrings=True)


class PageOfRun(_Answer):
    """A page of a run."""

    article_id: UUID
    url: str
    version: int
    reason: str
    """Why no article came of it; empty if one did."""
    detail: str
    changes: dict[str, JsonValue]
    """By field what is, and what would be; of a text its length and an excerpt."""


class RunAnswer(_Answer):
    """A run, and how far it is."""

    id: UUID
    mode: Literal["preview", "write"]
    state: Literal["running", "stopped", "ended"]
    filters: dict[str, JsonValue]
    sample: int | None
    by: str
    reason: str
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    progress: float
    """Share of the list of articles that has been gone through, 0-1."""
    planned: int
    """Pages that match, as far as it has come."""
    waiting: int
    """Of these, not sent yet."""
    running: int
    """Of these, on their way."""
    results: dict[str, int]
    """How many pages ``changed``, stayed the ``same``, were ``overtaken`` by a newer version, or
    ``failed``."""
    fields: dict[str, int]
    """In how many pages each field changed, or would."""
    compared: tuple[PageOfRun, ...]
    """Of a preview, pages that would change, at most 100."""
    failed: tuple[PageOfRun, ...]
    """Pages of which no article came, at most 100: they stay as they are."""
    matching: int | None = None
    """How many articles match by host, label, language and time; asked of previews alone."""
    matching_at_least: bool = False
    """There are more: they are not counted further."""

    @classmethod
    def of(cls, run: Run, matching: int | None = None) -> "RunAnswer":
        """Return what is shown of a run."""
        counted = {"matching": matching, "matching_at_least": matching == MOST_MATCHES}
        return cls.model_validate({**asdict(run), **counted})


class Runs(_Answer):
    """Runs, the newest first."""

    runs: tuple[RunAnswer, ...]


class RunRegister(Protocol):
    """Runs in the ledger; every method raises `DatabaseAwayError` when that is away."""

    def begin(self, run: UUID, wanted: Wanted) -> None:
        """Begin a run, once, and write down who did it."""
        ...

    def run(self, run: UUID) -> tuple[Run, int | None] | None:
        """Return a run, and of a preview how many articles match."""
        ...

    def runs(self, *, limit: int) -> Sequence[Run]:
        """Return the newest runs."""
        ...

    def set(self, run: UUID, state: Literal["running", "stopped"], step: RunStep) -> bool:
        """Stop a run or let it go on, write down who did it; False if it has ended."""
        ...


class Reprocessing:
    """Answers operators.

    Args:
        register: The ledger's runs.
    """

    _SHOWN = 50

    def __init__(self, register: RunRegister) -> None:
        self._register = register

    def begin(self, asked: Reprocess) -> RunAnswer:
        """Begin a run, or return the one that the same request began before."""
        run = asked.id or new_id()
        self._register.begin(run, asked.wanted)
        return self.run(run)

    def run(self, run: UUID) -> RunAnswer:
        """Return a run; raises ProblemError 404."""
        found = self._register.run(run)
        if found is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, Code.NOT_FOUND, "there is no such run")
        return RunAnswer.of(*found)

    def runs(self) -> Runs:
        """Return the newest runs."""
        return Runs(runs=tuple(map(RunAnswer.of, self._register.runs(limit=self._SHOWN))))

    def stop(self, run: UUID, step: RunStep) -> RunAnswer:
        """Send no more of a run; what is on its way is still written. 404, or 409 if it is over."""
        return self._set(run, "stopped", step)

    def go_on(self, run: UUID, step: RunStep) -> RunAnswer:
        """Let a run go on where it stopped; raises ProblemError 404, or 409 if it is over."""
        return self._set(run, "running", step)

    def _set(self, run: UUID, state: Literal["running", "stopped"], step: RunStep) -> RunAnswer:
        set_ = self._register.set(run, state, step)
        answer = self.run(run)
        if not set_:
            raise ProblemError(HTTPStatus.CONFLICT, Code.RUN_ENDED, "this run is over")
        return answer
