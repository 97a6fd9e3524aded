"""The port to the duplicate index: what registering a document gives back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from newsmill_enrich.duplicates.fingerprints import Fingerprint

__all__ = ["Candidate", "Index", "Registered"]


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


class Index(Protocol):
    """An index that registers a document and looks up earlier ones in one atomic step."""

    def register(
        self,
        fingerprint: Fingerprint,
        *,
        article_id: UUID,
        job_id: UUID | None = None,
        now: datetime | None = None,
    ) -> Registered:
        """Give the document its place and its free keys; return the earlier candidates.

        Of two documents that share a key and are registered at the same time, exactly one sees
        the other. The same document keeps its place however often it is registered.

        Args:
            fingerprint: The document.
            article_id: The article of its page.
            job_id: The job whose result will be stored: should it never be, the document is
                forgotten. None if nobody looks after that.
            now: The time that says which generation its keys belong to; None asks the index.

        Raises:
            TransientError: The index is away, full, or waits for its data.
        """
        ...
