"""What the gateway answers, as frozen models that OpenAPI shows."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from newsmill_shared.database.accept import DEFAULT_SUBMITTER
from newsmill_shared.database.attempts import AttemptEnd
from newsmill_shared.database.pauses import Scope
from newsmill_shared.diagnosis import Code, Command, State
from newsmill_shared.messages import Category, Hop
from newsmill_shared.reasons import Outcome, Reason

__all__ = [
    "AcceptedItem",
    "ArticleAnswer",
    "ArticleSummary",
    "Articles",
    "AttemptAnswer",
    "Change",
    "Changes",
    "Cluster",
    "ClusterMember",
    "ConservationAnswer",
    "Health",
    "ItemError",
    "JobAnswer",
    "JobInFull",
    "Jobs",
    "Lifted",
    "PauseAnswer",
    "Pauses",
    "Problem",
    "Readiness",
    "Receipt",
    "RejectedItem",
    "RelatedCluster",
]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class AcceptedItem(_Answer):
    """A line that the ledger has taken."""

    line: int
    url: str
    job_id: UUID
    status_url: str


class ItemError(_Answer):
    """Why a line was refused."""

    code: str
    detail: str


class RejectedItem(_Answer):
    """A line that was refused; the others are not affected."""

    line: int
    url: str | None = None
    """As given, cut at 200 characters, if it can be read."""
    error: ItemError


class Receipt(_Answer):
    """The verdict on a batch, line by line."""

    receipt: str | None
    """The idempotency key: the same request with this key changes nothing and is answered
    alike. None when no line was accepted."""
    accepted: int
    rejected: int
    items: tuple[AcceptedItem | RejectedItem, ...]


class JobAnswer(_Answer):
    """One submission: where it stands, or how it ended."""

    job_id: UUID
    url: str
    state: Literal["waiting", "held", "running", "finished"]
    stage: str | None = None
    """Where a running job is: ``ingest`` or ``enrich``."""
    outcome: Outcome | None = None
    reason: Reason | None = None
    detail: str = ""
    evidence: dict[str, JsonValue] = {}
    article_id: UUID | None = None
    version: int | None = None
    submitter: str = DEFAULT_SUBMITTER
    """Who handed it in: the name that goes with the key, or the door."""
    label: str | None = None
    priority: int
    meta: dict[str, JsonValue] = {}
    attempt: int
    tries: int
    losses: int
    """Attempts that ended with their worker."""
    hops: tuple[Hop, ...] = ()
    receipt: str
    retry_of: UUID | None = None
    accepted_at: AwareDatetime
    not_before: AwareDatetime | None = None
    held_until: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None


class AttemptAnswer(_Answer):
    """What an attempt of a job came to at one stage."""

    attempt: int
    stage: Literal["ingest", "enrich"]
    ended: AttemptEnd
    """``done``: passed on; ``ended``: for this reason; ``moved``: led to another host; ``late``:
    not begun in time; ``lost``: with its worker, a loss of the job; ``void``: gone, at no cost."""
    reason: Reason | None
    detail: str
    worker: str | None
    """Service, machine and process that had it, if that is known."""
    sent_at: AwareDatetime | None
    """When the dispatcher sent it to its first stage."""
    began_at: AwareDatetime | None
    """When the worker began, by the worker's clock."""
    seconds: float | None
    """How long the worker took; None if nobody could measure it."""
    held_seconds: float | None
    """The back-off that followed."""
    ended_at: AwareDatetime
    """When the ledger heard of its end."""


class JobInFull(JobAnswer):
    """One submission, and the story of its attempts."""

    attempts: tuple[AttemptAnswer, ...] = ()
    """What each attempt did at each stage that it has ended at, in order; the first 200."""


class Jobs(_Answer):
    """Submissions, from the newest to the oldest."""

    jobs: tuple[JobAnswer, ...]
    """At most ``limit``; there can be fewer, even none, though more follow."""
    next: UUID | None
    """Ask with ``cursor`` = this for what follows; None at the end."""


class ArticleSummary(_Answer):
    """What a page says, without its text and without the evidence."""

    article_id: UUID
    url: str
    """The page's own address: where it was found, after redirects, or what it is a form of."""
    title: str
    text_truncated: bool
    published_at: AwareDatetime | None
    modified_at: AwareDatetime | None
    language: str
    """BCP 47 tag; ``und`` when it cannot be told."""
    language_confidence: float
    section_raw: str | None
    categories: tuple[Category, ...]
    authors: tuple[str, ...]
    duplicate_of: UUID | None
    """The earlier article that tells the same story."""
    cluster_id: UUID
    outcome: Outcome | None
    """Of the page's last finished job."""
    version: int
    site_name: str | None
    image: str | None
    canonical_url: str | None
    fetched_at: AwareDatetime


class ArticleAnswer(ArticleSummary):
    """What a page says, in the version that is current."""

    text: str | None
    """Paragraphs, separated by one newline; None if the page store has lost it."""
    aliases: tuple[str, ...] = ()
    """Other addresses of the page: its AMP, mobile and print forms, as far as they are known."""
    evidence: dict[str, JsonValue]


class Articles(_Answer):
    """Articles in the order in which they got their current version."""

    articles: tuple[ArticleAnswer | ArticleSummary, ...]
    """At most ``limit``; there can be fewer, even none, though more follow."""
    next: int | None
    """Ask with ``cursor`` = this for what follows. From the oldest on there is always one: at the
    end it serves to ask later for what is new or has changed since."""
    more: bool
    """Whether more follow now."""


class ClusterMember(_Answer):
    """A page that tells the story of a cluster."""

    article_id: UUID
    url: str
    title: str
    language: str
    relation: Literal["original", "duplicate"]
    """``original`` is whoever told it first, by the time of publication if the page says one
    that lies before its fetch: so it can change when an earlier copy is found."""
    duplicate_of: UUID | None
    """The earlier article that it was found to tell again when it came."""
    similarity: float | None
    """Share of the smaller document's passages that are in the larger, 0-1."""
    rule: str | None
    """What decided: ``exact``, ``containment`` or ``excerpt``."""
    version: int
    """The last one that tells this story."""
    versions: int
    """How many do."""
    is_current: bool
    """Whether the page still tells it."""
    published_at: AwareDatetime | None
    first_seen_at: AwareDatetime


class RelatedCluster(_Answer):
    """Another story that is near."""

    cluster_id: UUID
    kind: Literal["also", "drift"]
    """``also``: a page matched documents of both. ``drift``: a page changed step by step from one
    into the other."""
    similarity: float
    article_id: UUID
    """One of its articles."""
    title: str


class Cluster(_Answer):
    """A story, and the pages that tell it, in the order in which they told it."""

    cluster_id: UUID
    """It never changes, unless the story turns out to be another's copy; its old id, which is that
    of an article, finds it then, too."""
    size: int
    """How many pages tell it."""
    original: UUID
    """The article to show for all of them."""
    members: tuple[ClusterMember, ...]
    """At most ``limit``."""
    related: tuple[RelatedCluster, ...]
    """At most 50, the newest."""
    next: UUID | None
    """Ask with ``cursor`` = this for more members; None at the end."""


class Change(_Answer):
    """A numbered event: a job has ended, or an article says more or was deleted without one."""

    position: int
    kind: Outcome | Literal["deleted"]
    """``deleted``: nothing is left of the article, and whoever took it away is to drop it, too."""
    reason: Reason | Literal["reprocessed"]
    job_id: UUID | None
    """None for ``reprocessed`` (an operator's run wrote the version) and a deleted article: no job
    ended."""
    article_id: UUID | None
    version: int | None
    at: AwareDatetime


class Changes(_Answer):
    """Events in the order of their numbers."""

    changes: tuple[Change, ...]
    next: int
    """Ask with ``after`` = this for what follows."""
    last: int
    """The last position of all: when ``next`` has reached it, this is all for now."""


class ConservationAnswer(_Answer):
    """Everything accepted is open or has its outcome: ``unaccounted`` is 0."""

    accepted: int
    outcomes: dict[str, int]
    open: dict[str, int]
    unaccounted: int


class PauseAnswer(_Answer):
    """Something that somebody has stopped: it is not sent, and waits at no cost."""

    model_config = ConfigDict(from_attributes=True)

    scope: Scope
    value: str
    """Which stage, host or label; empty for everything."""
    by: str
    reason: str
    since: AwareDatetime
    until: AwareDatetime | None
    """When it ends by itself; None = when it is lifted."""


class Pauses(_Answer):
    """All that is stopped now."""

    pauses: tuple[PauseAnswer, ...]


class Lifted(_Answer):
    """What was let go on."""

    lifted: int
    """How many pauses ended: several may have stopped the same thing, or none."""


class Health(_Answer):
    """The process answers."""

    status: Literal["ok"] = "ok"


class CommandAnswer(_Answer):
    """What to type, in a deployment and on a laptop."""

    compose: str
    laptop: str

    @classmethod
    def of(cls, command: Command) -> "CommandAnswer":
        """Return it as it is answered."""
        return cls(compose=command.compose, laptop=command.laptop)


class CauseAnswer(_Answer):
    """One finding of the diagnosis; the words are left out for callers without the key."""

    code: Code
    state: State
    said: str | None = None
    meaning: str | None = None
    command: CommandAnswer | None = None
    then: str | None = None
    look: CommandAnswer | None = None
    safe: str | None = None
    since: AwareDatetime | None = None


class Readiness(_Answer):
    """Work can be accepted."""

    status: Literal["ready"] = "ready"
    diagnosis: tuple[CauseAnswer, ...] = ()
    """What is known of the whole system, what to act on first; there is always one."""


class Problem(_Answer):
    """An error, after RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    """A stable word for programs."""
    detail: str
