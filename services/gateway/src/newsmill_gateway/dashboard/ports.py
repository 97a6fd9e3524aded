"""What the dashboard shows, as values, and where it reads them, as protocols."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import JsonValue

from newsmill_shared.database.conservation import Conservation
from newsmill_shared.database.hosts import HostSetting
from newsmill_shared.database.tallies import Count
from newsmill_shared.diagnosis.snapshot import Beat

__all__ = [
    "Article",
    "ArticleList",
    "ArticleQuery",
    "Backlog",
    "Broker",
    "Copied",
    "Facets",
    "Failure",
    "FailureGroup",
    "FailureList",
    "FailureQuery",
    "Failures",
    "Host",
    "Ledger",
    "Neighbour",
    "Pulse",
    "Queues",
    "Retrieval",
    "Running",
    "Version",
    "WaitingJob",
]


@dataclass(frozen=True, slots=True)
class Running:
    """Jobs that are sent and have not ended, of one stage."""

    jobs: int
    oldest_at: datetime | None
    """When the oldest was sent to its first worker."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the last moments brought, from reads that cost the same however long the ledger is."""

    now: datetime
    """PostgreSQL's clock: every age on a page is measured by it."""
    answered_seconds: float
    """How long PostgreSQL took to answer."""
    connections: int
    connections_max: int
    accepted_any: bool
    """Whether anything was ever handed in."""
    accepted_per_second: float
    """Over the last minute."""
    ended_per_second: float
    last_outcome_at: datetime | None
    last_sent_at: datetime | None
    """When the dispatcher last sent a job that still runs."""
    running: Mapping[str, Running]
    """By stage."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host with open work, and when it may be asked again."""

    name: str
    waiting: int
    """Jobs that wait for their first or next fetch."""
    held: int
    """Jobs that back off after a failed try."""
    running: int
    oldest_at: datetime | None
    """When the oldest job that waits was accepted."""
    delay_seconds: float
    crawl_delay_seconds: float | None
    max_in_flight: int
    in_flight: int
    next_at: datetime | None
    """When the next request may begin; None for a host that was never asked."""
    retry_at: datetime | None = None
    """When the first of the held jobs is tried again."""
    backoff_seconds: float = 0.0
    """How far the delay has grown because the host had too much; 0 = not at all."""
    setting: HostSetting = field(default_factory=HostSetting)
    """What an operator has set for it; read for one host alone."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Open jobs by what they wait for, and the hosts with most of them."""

    due: int
    """Jobs that the dispatcher may send at once."""
    due_since: datetime | None
    turn: int
    """Jobs whose host has its next request later, or enough requests now."""
    turn_oldest_at: datetime | None
    held: int
    held_oldest_at: datetime | None
    retry_at: datetime | None
    fetched: int
    """Jobs whose page is there already and that wait for enrich."""
    fetched_oldest_at: datetime | None
    hosts: int
    """Hosts with open work."""
    largest: tuple[Host, ...]
    """Those with the largest backlogs."""

    @property
    def waiting(self) -> int:
        """Every job that is in no queue and in no hands."""
        return self.due + self.turn + self.held + self.fetched


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that waits for its host."""

    job_id: UUID
    url: str
    priority: int
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class FailureQuery:
    """Which failures to list: newest first, before an event."""

    reason: str | None = None
    host: str | None = None
    kind: str | None = None
    """``failed`` or ``dead``."""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures of one host for one reason."""

    kind: str
    reason: str
    host: str
    jobs: int
    first_at: datetime
    last_at: datetime
    detail: str
    """What the last of them said."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Groups of failures among the newest outcomes, largest first."""

    since: datetime | None
    """When the oldest outcome that was looked at came in."""
    looked_at: int
    """Outcomes, of every kind."""
    jobs: int
    """Failures among them."""
    dead: int
    groups: tuple[FailureGroup, ...]
    reasons: Mapping[str, int]
    """All failures, by reason."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed."""

    event: int
    job_id: UUID
    url: str
    kind: str
    reason: str
    detail: str
    tries: int
    at: datetime


@dataclass(frozen=True, slots=True)
class FailureList:
    """A page of failures."""

    failures: tuple[Failure, ...]
    next_before: int | None
    """Ask with ``before`` = this for older ones."""


@dataclass(frozen=True, slots=True)
class ArticleQuery:
    """Which articles to list: newest stored first, before an event."""

    languages: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Ids; any of them."""
    hosts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """``no_date``, ``no_language``, ``no_category``, ``short``: all of them."""
    story: str | None = None
    """``first``, ``copy`` or ``changed``."""
    words: str = ""
    """To be found in the title."""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """An article in a list."""

    event: int
    article_id: UUID
    job_id: UUID
    url: str
    title: str
    lead: str
    language: str
    language_confidence: float
    categories: tuple[Mapping[str, JsonValue], ...]
    published_at: datetime | None
    stored_at: datetime
    bytes: int | None
    """Of the text, in UTF-8; None when it lies in the page store, being long."""
    duplicate_of: UUID | None
    number: int
    """Of its version."""


@dataclass(frozen=True, slots=True)
class ArticleList:
    """A page of articles."""

    articles: tuple[Article, ...]
    next_before: int | None
    """Ask with ``before`` = this for older ones."""
    exhausted: bool
    """Whether the page is short because the search went as far back as one answer may."""


@dataclass(frozen=True, slots=True)
class Facets:
    """What the newest articles are made of: value and count, largest first."""

    looked_at: int
    languages: tuple[tuple[str, int], ...] = ()
    categories: tuple[tuple[str, str, int], ...] = ()
    """Id, name, count."""
    hosts: tuple[tuple[str, int], ...] = ()
    flags: Mapping[str, int] = field(default_factory=dict)
    stories: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How a page came, as it was kept."""

    fetched_at: datetime
    status: int
    final_url: str
    size: int
    media_type: str
    sha256: str
    supplied: bool
    headers: Mapping[str, str]
    hops: tuple[tuple[int, str], ...]
    """Status and URL of each redirect."""


@dataclass(frozen=True, slots=True)
class Version:
    """What an article said in one version, and why each thing was decided."""

    article_id: UUID
    number: int
    versions: int
    url: str
    cluster_id: UUID
    duplicate_of: UUID | None
    title: str
    text: str | None
    text_truncated: bool
    published_at: datetime | None
    modified_at: datetime | None
    authors: tuple[str, ...]
    section_raw: str | None
    site_name: str | None
    canonical_url: str | None
    language: str
    language_confidence: float
    categories: tuple[Mapping[str, JsonValue], ...]
    evidence: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another article: of the same story, or compared with one."""

    article_id: UUID
    url: str
    title: str
    language: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Copied:
    """The earlier article that a version tells again, as it was when they were compared."""

    article_id: UUID
    url: str
    language: str
    text: str | None


class Ledger(Protocol):
    """The ledger, as the dashboard reads it.

    Every method raises `DatabaseAwayError` when PostgreSQL cannot be used for now.
    """

    def pulse(self) -> Pulse:
        """Return what the last moments brought."""
        ...

    def conservation(self) -> Conservation:
        """Count everything. Takes longer the longer the ledger is."""
        ...

    def backlog(self) -> Backlog:
        """Count open jobs. Takes longer the more are open."""
        ...

    def minutes(self) -> tuple[Count, ...]:
        """Return what stages did in the minutes of the last hour, oldest first."""
        ...

    def host(self, name: str) -> Host | None:
        """Return one host, with its counts up to 10,000."""
        ...

    def next_jobs(self, name: str) -> tuple[WaitingJob, ...]:
        """Return the jobs that a host gives next."""
        ...

    def failures(self) -> Failures:
        """Group the failures among the newest outcomes."""
        ...

    def failure_list(self, query: FailureQuery) -> FailureList:
        """Return failures, newest first."""
        ...

    def articles(self, query: ArticleQuery) -> ArticleList:
        """Return articles, newest stored first."""
        ...

    def facets(self) -> Facets:
        """Count the newest articles by what they are."""
        ...

    def retrieval(self, fetch_of: UUID) -> Retrieval | None:
        """Return how the page of a job came."""
        ...

    def version(self, article_id: UUID, number: int | None) -> Version | None:
        """Return an article in one version, or its current one."""
        ...

    def copied(self, article_id: UUID, number: int) -> Copied | None:
        """Return the earlier article that a version tells again, if that is stored."""
        ...

    def story(self, cluster_id: UUID) -> tuple[Neighbour, ...]:
        """Return the first articles of a story, oldest first."""
        ...

    def neighbours(self, article_ids: tuple[UUID, ...]) -> Mapping[UUID, Neighbour]:
        """Return those of these articles that are stored."""
        ...

    def job_of(self, article_id: UUID) -> UUID | None:
        """Return the last job that led to an article."""
        ...


@dataclass(frozen=True, slots=True)
class Queues:
    """What Redis holds and who is alive, at one moment."""

    depths: Mapping[str, int]
    """Messages that wait, by queue."""
    used_bytes: int
    max_bytes: int
    """0: no limit is set."""
    beats: tuple[Beat, ...]


class Broker(Protocol):
    """Redis, as the dashboard reads it."""

    def queues(self) -> Queues:
        """Return lengths, memory and heartbeats.

        Raises:
            TransientError: Redis cannot be used for now.
        """
        ...
