"""What lists can be asked for: filters, the order, and where a page begins."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from newsmill_gateway.intake import Label, Line, Time
from newsmill_gateway.problems import Code, ProblemError
from newsmill_shared.database.pauses import STAGES, Scope
from newsmill_shared.reasons import RULES, Outcome, Reason
from newsmill_shared.urls import URLRefusedError, canonicalize

__all__ = [
    "LARGEST_POSITION",
    "ArticleQuery",
    "ChangeQuery",
    "ClusterQuery",
    "JobQuery",
    "PauseRequest",
    "PauseTarget",
    "ResumeTarget",
    "read_id",
]

LARGEST_POSITION = 2**63 - 1
_LABEL_CHARACTERS = 200


def _canonical_host(value: str) -> str:
    try:
        url = canonicalize(f"http://{value}/")
    except URLRefusedError as error:
        raise ValueError(f"this is no host's name: {error.detail}") from None
    if url.url != f"http://{url.host}/":
        raise ValueError("write a host's name alone, such as paper.example")
    return url.host


Host = Annotated[str, Field(max_length=300), AfterValidator(_canonical_host)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,35}$")]
Category = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]
Position = Annotated[int, Field(ge=0, le=LARGEST_POSITION)]


class _Query(BaseModel):
    """Parameters of a request. What is not known is refused: a filter must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class JobQuery(_Query):
    """Which submissions, from the newest to the oldest; or that of one URL."""

    url: str | None = None
    """The newest submission of this page, or that led to it, instead of a list."""
    label: Label | None = None
    """Those with this tag of their submitter."""
    host: Host | None = None
    """Those whose URL is at this host, exactly."""
    state: Literal["waiting", "held", "running", "finished"] | None = None
    """Those in this state."""
    outcome: Outcome | None = None
    """Those that ended so."""
    reason: Reason | None = None
    """Those that ended for this reason."""
    since: Time | None = None
    """Those accepted at this time or later."""
    cursor: UUID | None = None
    """Where the page begins: ``next`` of the page before."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """So many at most."""

    @property
    def is_of_open(self) -> bool:
        """Whether jobs that are still open can be asked for."""
        return self.outcome is None and self.reason is None and self.state != "finished"

    @property
    def is_of_finished(self) -> bool:
        """Whether jobs that have ended can be asked for."""
        if self.state not in (None, "finished"):
            return False
        return None in (self.outcome, self.reason) or self._agrees()

    def _agrees(self) -> bool:
        return self.reason is not None and RULES[self.reason].outcome is self.outcome


class ArticleQuery(_Query):
    """Which articles, in the order in which they got their current version; or that at one URL."""

    url: str | None = None
    """The article at this URL, or the one that the URL led to, instead of a list."""
    language: Language | None = None
    """Those in this language (BCP 47 tag, as the article has it)."""
    category: Category | None = None
    """Those in this category (its id)."""
    host: Host | None = None
    """Those found at this host, exactly."""
    label: Label | None = None
    """Those whose current version was brought by a submission with this tag."""
    since: Time | None = None
    """Those that are new, or have changed, since this time."""
    order: Literal["oldest", "newest"] = "oldest"
    """``oldest``: to the end and on with what comes; ``newest``: back from the end."""
    full: bool = False
    """With text and evidence."""
    cursor: Position | None = None
    """Where the page begins: ``next`` of the page before."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """So many at most."""


class ClusterQuery(_Query):
    """Which members of a cluster."""

    cursor: UUID | None = None
    """Where the page begins: ``next`` of the page before."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """So many at most."""


class ChangeQuery(_Query):
    """Which events."""

    after: Position = 0
    """Those whose position is greater."""
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    """So many at most."""


class PauseTarget(_Query):
    """What is to be stopped, or to go on."""

    scope: Scope
    """``all``, or whether ``value`` names a ``stage``, a ``host`` or a ``label``."""
    value: Annotated[str, Field(max_length=300, validate_default=True)] = ""
    """Which one: ``ingest``, ``enrich`` or ``store``, a host's name, or a label."""
    by: Annotated[Line, Field(min_length=1, max_length=100)] = "loopback"
    """Who wants it."""

    @property
    def subject(self) -> str:
        """What it is, for the audit: a host's name alone, as all that is done to a host has it."""
        if self.scope in (Scope.ALL, Scope.HOST):
            return self.value or "everything"
        return f"{self.scope} {self.value}"

    @field_validator("value")
    @classmethod
    def _named_rightly(cls, value: str, known: ValidationInfo) -> str:
        match known.data.get("scope"):
            case Scope.ALL if value:
                raise ValueError("everything has no name, leave it out")
            case Scope.STAGE if value not in STAGES:
                raise ValueError(f"a stage is one of {', '.join(STAGES)}")
            case Scope.HOST:
                return _canonical_host(value)
            case Scope.LABEL if not (0 < len(value) <= _LABEL_CHARACTERS and value.isprintable()):
                raise ValueError(f"a label is 1 to {_LABEL_CHARACTERS} printable characters")
        return value


class ResumeTarget(PauseTarget):
    """Something that is to go on."""

    paused_by: Annotated[Line, Field(max_length=100)] | None = None
    """Only what this hand stopped; left out: whoever did."""


class PauseRequest(PauseTarget):
    """Something that is to be stopped."""

    reason: Annotated[Line, Field(max_length=500)] = ""
    """Why, for whoever wonders."""
    seconds: Annotated[float, Field(gt=0, le=315_360_000)] | None = None
    """When it ends by itself, from now on; left out: when it is lifted."""
    hand: Literal["drain"] | None = None
    """Keeps it apart from other pauses, whoever sets it: it is lifted as ``paused_by`` this."""


def read_id(text: str) -> UUID:
    """Return an id; raises ProblemError 422."""
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, Code.INVALID_ID, "the id is not a UUID"
        ) from None
