"""A duplicate index in a process's own memory, for offline runs and tests."""

from datetime import datetime
from threading import Lock
from uuid import UUID

from newsmill_enrich.duplicates.fingerprints import Fingerprint
from newsmill_enrich.duplicates.index import Candidate, Registered

__all__ = ["MemoryIndex"]


class MemoryIndex:
    """Keeps everything for as long as it lives; has no generations.

    Args:
        most_candidates: How many candidates registering returns at most.
    """

    def __init__(self, *, most_candidates: int = 16) -> None:
        self._most_candidates = most_candidates
        self._records: dict[bytes, Candidate] = {}
        self._owners: dict[int, bytes] = {}
        self._sequence = 0
        self._lock = Lock()

    def register(
        self,
        fingerprint: Fingerprint,
        *,
        article_id: UUID,
        job_id: UUID | None = None,
        now: datetime | None = None,
    ) -> Registered:
        """See :class:`~newsmill_enrich.duplicates.index.Index`; nothing here grows old."""
        del job_id, now
        with self._lock:
            known = self._records.get(fingerprint.document)
            if known is None:
                self._sequence += 1
                record = Candidate(
                    fingerprint.document, article_id, self._sequence, fingerprint.sketch
                )
                self._records[fingerprint.document] = record
            else:
                record = known
            shared: dict[bytes, int] = {}
            for key in fingerprint.keys:
                owner = self._owners.setdefault(key, fingerprint.document)
                if owner != fingerprint.document:
                    shared[owner] = shared.get(owner, 0) + 1
            earlier = [
                self._records[owner]
                for owner, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))
                if self._records[owner].sequence < record.sequence
            ]
            return Registered(
                record.sequence, known is not None, tuple(earlier[: self._most_candidates])
            )
