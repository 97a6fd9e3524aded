"""The port to the duplicate index: what registering a document gives back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from newsmill_enrich.duplicates.fingerprints import Fingerprint

__all__ = ["Candidate", "Index", "Registered", "StoredDocument"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier document that shares a key."""

    document: bytes
    article_id: UUID
    sequence: int
    sketch: bytes


@dataclass(frozen=True, slots=True)
class Registered:
    """A document's place in the order of registration, and who came before it."""

    sequence: int
    redelivered: bool
    """The same page had been registered with the same content."""
    candidates: tuple[Candidate, ...]
    """Earlier documents only, those that share most keys first."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A registered document as a database keeps it, to rebuild the index from."""

    document: bytes
    article_id: UUID
    sequence: int
    registered_at: datetime
    keys: tuple[int, ...]
    sketch: bytes


class Index(Protocol):
    """An index that registers a document and looks up earlier ones in one atomic step."""

    def register(
        self, fingerprint: Fingerprint, *, article_id: UUID, now: datetime | None = None
    ) -> Registered:
        """Give the document its place and its free keys; return the earlier candidates.

        Of two documents that share a key and are registered at the same time, exactly one sees
        the other. The same document keeps its place however often it is registered.

        Args:
            fingerprint: The document.
            article_id: The article of its page.
            now: The time that says which generation its keys belong to; None asks the index.

        Raises:
            TransientError: The index is away, full, or waits for its data.
        """
        ...

    def forget(self, document: bytes) -> bool:
        """Drop a document that will never be stored; return whether it was known.

        Its keys are free from then on.
        """
        ...
