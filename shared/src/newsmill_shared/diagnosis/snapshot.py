"""A snapshot: all that is known of one newsmill at one moment, as values.

A part that could not be read is `Away`, which is a finding of its own; a part that was not asked is
None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

__all__ = [
    "Api",
    "Away",
    "Backlog",
    "Beat",
    "Broker",
    "Database",
    "Failing",
    "Index",
    "Ledger",
    "PageStoreRoom",
    "Pause",
    "Running",
    "Snapshot",
]


@dataclass(frozen=True, slots=True)
class Away:
    """A part that did not answer, or not what was asked."""

    detail: str
    """One line: what it, or the attempt to reach it, said."""
    why: Literal["unreachable", "connections", "refused", "slow"] = "unreachable"
    """Nobody answers; all connections are taken; it answers, and refuses; it takes too long."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A process that lives."""

    service: str
    host: str
    pid: int
    started_at: datetime
    clock_ahead_seconds: float = 0.0
    """How far its wall clock is ahead of Redis'; within some tenths of a second."""
    waits_for: str = ""
    """What keeps it from working now, in its own words."""
    waits_since: datetime | None = None

    @property
    def name(self) -> str:
        """Return where it runs, for people."""
        return f"{self.service} {self.host}:{self.pid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Redis as the carrier."""

    now: datetime
    """Redis' clock."""
    epoch: str | None
    depths: Mapping[str, int]
    """Messages that wait, by queue."""
    notes: int = 0
    """Notes that the dispatcher has not read."""
    used_bytes: int = 0
    max_bytes: int = 0
    """0 = no limit is set."""
    read_only: bool = False
    """A replica, which takes no writes."""
    write_problem: str = ""
    """Why it refuses writes for the sake of its files."""
    beats: tuple[Beat, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The Redis of the duplicate index."""

    read_only: bool = False
    write_problem: str = ""
    rebuilding: str = ""
    """How far a rebuild is, in words; empty when none runs."""
    dropped_at: datetime | None = None
    """When its oldest documents were last dropped for want of memory."""
    dropped: int = 0
    """How many were."""


@dataclass(frozen=True, slots=True)
class Running:
    """Jobs that are sent and have not ended, of one stage."""

    jobs: int
    oldest_at: datetime | None
    """When the oldest was sent to its first worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Open jobs by what they wait for."""

    due: int = 0
    """Jobs that the dispatcher may send at once."""
    due_since: datetime | None = None
    turn: int = 0
    """Jobs whose host has its next request later, or enough requests now."""
    turn_at: datetime | None = None
    """When the first of their hosts may be asked again."""
    held: int = 0
    """Jobs with a time of their own: a retry, or what their submitter asked for."""
    held_until: datetime | None = None
    """When the first of them is due."""
    fetched: int = 0
    """Jobs whose page is there already and that wait for enrich."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Work that somebody has stopped."""

    what: str
    """In words: ``everything``, ``ingest``, ``host paper.example``."""
    by: str
    reason: str
    since: datetime
    whole: bool = False
    """Whether a whole stage stands still, not only the work of some hosts or submitters."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A stage of which every result lately was a failure of ours; nothing is sent to it."""

    stage: str
    error: str
    """The commonest."""
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the ledger says, from reads that cost little however long it is."""

    now: datetime
    """PostgreSQL's clock."""
    epoch: str | None = None
    """Of the Redis that this ledger works with."""
    dispatcher_active: bool = True
    """Whether any process holds the lock of the active dispatcher."""
    accepted_any: bool = True
    """Whether anything was ever handed in."""
    last_outcome_at: datetime | None = None
    last_sent_at: datetime | None = None
    ended_last_minute: int = 0
    running: Mapping[str, Running] = field(default_factory=dict)
    """By stage."""
    unnumbered: int = 0
    """Events without a number, 10,000 at most."""
    unnumbered_since: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    failing: tuple[Failing, ...] = ()
    disk_short: str = ""
    """Where the dispatcher finds so little room that it sends nothing, in words."""
    disk_short_since: datetime | None = None
    backlog: Backlog | None = None
    """None when it could not be counted in time."""
    unaccounted: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """PostgreSQL, and the ledger in it."""

    answered_seconds: float = 0.0
    """How long it took to answer one trivial question."""
    read_only: bool = False
    """New transactions may not write."""
    standby: bool = False
    connections: int = 0
    connections_max: int = 0
    schema_is_current: bool = True
    ledger: Ledger | Away | None = None
    """None when there is no such schema."""


@dataclass(frozen=True, slots=True)
class PageStoreRoom:
    """The room that the page store's disk has left; None = it has no limit that we know."""

    free_bytes: int | None = None
    total_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """The HTTP API, as another process finds it."""

    url: str
    answers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything at one moment."""

    now: datetime
    """The clock of the machine that looks."""
    database: Database | Away | None = None
    broker: Broker | Away | None = None
    index: Index | Away | None = None
    pages: PageStoreRoom | Away | None = None
    api: Api | None = None

    @property
    def ledger(self) -> Ledger | None:
        """Return the ledger, if it could be read."""
        found = self.database.ledger if isinstance(self.database, Database) else None
        return found if isinstance(found, Ledger) else None

    @property
    def carries(self) -> bool:
        """Tell whether Redis answers."""
        return isinstance(self.broker, Broker)

    @property
    def living(self) -> tuple[Beat, ...]:
        """Return the processes that are known to live."""
        return self.broker.beats if isinstance(self.broker, Broker) else ()
