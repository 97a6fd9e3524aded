"""What the gateway needs of the outside, as protocols; adapters fulfil them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from newsmill_gateway.answers import ArticleAnswer, Change, Cluster, JobAnswer, JobInFull
from newsmill_gateway.queries import (
    ArticleQuery,
    ClusterQuery,
    JobQuery,
    PauseRequest,
    ResumeTarget,
)
from newsmill_shared.database.accept import Accepted, Order
from newsmill_shared.database.conservation import Conservation
from newsmill_shared.database.pauses import Pause
from newsmill_shared.database.tombstones import Tombstone
from newsmill_shared.pages import StoredBody

__all__ = ["Bodies", "FoundChanges", "Ledger", "Listed", "StoredArticle", "Tally", "Waker"]

_Entry_co = TypeVar("_Entry_co", covariant=True)
_Place_co = TypeVar("_Place_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Listed(Generic[_Place_co, _Entry_co]):
    """A page of a list: entries with their places."""

    entries: tuple[tuple[_Place_co, _Entry_co], ...]
    next: _Place_co | None
    """The place behind which the next page begins; None when the list is at its end."""


@dataclass(frozen=True, slots=True)
class FoundChanges:
    """Events behind a position, and which positions there are."""

    changes: tuple[Change, ...]
    first: int
    """The first that is kept; 0 if none is."""
    last: int


class StoredArticle(Protocol):
    """An article as the ledger has it: its text may lie in the page store."""

    @property
    def answer(self) -> ArticleAnswer:
        """The article, with the text if that is short."""
        ...

    @property
    def text_object(self) -> str | None:
        """Where a long text lies."""
        ...


class Ledger(Protocol):
    """The ledger, as far as the gateway reads and writes it.

    Every method raises `DatabaseAwayError` when PostgreSQL cannot be used for now.
    """

    def accept(self, order: Order) -> Accepted:
        """Write a receipt and its jobs in one transaction.

        Raises:
            IdempotencyConflictError: The key belongs to another request.
            QuotaExceededError: The submitter has too many open jobs; nothing was written.
        """
        ...

    def job(self, job_id: UUID) -> JobInFull | None:
        """Return a job, open or finished."""
        ...

    def job_at(self, url_key: str) -> JobInFull | None:
        """Return the newest job of a page, or that led to it."""
        ...

    def article(self, article_id: UUID) -> StoredArticle | None:
        """Return an article in its current version."""
        ...

    def article_at(self, url_key: str) -> StoredArticle | None:
        """Return the article at a page, or the one that the page last led to."""
        ...

    def tombstone(self, *, article: UUID | None, key: str | None) -> Tombstone | None:
        """Return when an article, or the page with a key, was deleted, if it was."""
        ...

    def jobs(self, query: JobQuery) -> Listed[UUID, JobAnswer]:
        """Return submissions, newest first."""
        ...

    def articles(self, query: ArticleQuery) -> Listed[int, StoredArticle]:
        """Return articles by the positions of their current versions."""
        ...

    def cluster(self, cluster_id: UUID, query: ClusterQuery) -> Cluster | None:
        """Return a page of a cluster, by its id or that of an article."""
        ...

    def changes(self, after: int, *, limit: int) -> FoundChanges:
        """Return numbered events that follow a position."""
        ...

    def conservation(self) -> Conservation:
        """Count what was accepted and what became of it."""
        ...

    def pauses(self) -> Sequence[Pause]:
        """Return what is stopped now."""
        ...

    def pause(self, request: PauseRequest) -> Pause:
        """Stop something."""
        ...

    def resume(self, target: ResumeTarget) -> int:
        """Let something go on and return how many pauses ended."""
        ...

    def has_schema(self) -> bool:
        """Tell whether every migration has been applied."""
        ...


class Bodies(Protocol):
    """The page store."""

    def put_raw(self, url_key: str, body: bytes, *, at: datetime) -> StoredBody:
        """Store a body."""
        ...

    def get(self, key: str) -> bytes:
        """Return an object's bytes."""
        ...


class Waker(Protocol):
    """Tells the dispatcher that there is new work."""

    def wake(self, hosts: tuple[int, ...]) -> None:
        """Name the hosts; failing costs a few seconds, no more, so it is logged at most."""
        ...


class Tally(Protocol):
    """Counts items by door."""

    def count(self, door: str, *, accepted: int, rejected: int) -> None:
        """Add to a door's figures; failing costs figures, no more."""
        ...
