"""What is stored of documents, in PostgreSQL, as the keeper of the index reads it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from newsmill_shared.database import fingerprints
from newsmill_shared.database.engine import transaction
from newsmill_shared.index.layout import IndexedDocument

__all__ = ["SQLFingerprints"]


class SQLFingerprints:
    """Implements ``newsmill_store.keeping.Rows``; each call is a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> datetime:
        """Return PostgreSQL's time."""
        with transaction(self._engine) as connection:
            return fingerprints.database_now(connection)

    def count(self, version: int, *, since: datetime) -> int:
        """Return how many documents were registered since a time."""
        with transaction(self._engine) as connection:
            return fingerprints.count_fingerprints(connection, version=version, since=since)

    def highest_sequence(self) -> int:
        """Return the highest sequence that is stored."""
        with transaction(self._engine) as connection:
            return fingerprints.highest_sequence(connection)

    def registered_before(
        self, place: tuple[datetime, bytes], version: int, *, since: datetime, limit: int
    ) -> list[IndexedDocument]:
        """Return documents registered before a place, the newest first."""
        with transaction(self._engine) as connection:
            return fingerprints.registered_before(
                connection, place, version=version, since=since, limit=limit
            )

    def stored_since(
        self, since: datetime, version: int, *, limit: int
    ) -> tuple[list[IndexedDocument], datetime | None]:
        """Return documents by the time they were stored, and where to go on if there are more."""
        with transaction(self._engine) as connection:
            return fingerprints.stored_since(connection, since, version=version, limit=limit)

    def stored(self, documents: Sequence[bytes]) -> set[bytes]:
        """Return those that are kept."""
        with transaction(self._engine) as connection:
            return fingerprints.stored_documents(connection, documents)

    def doomed(self, version: int, *, limit: int) -> list[bytes]:
        """Return documents of deleted pages that the index may still have."""
        with transaction(self._engine) as connection:
            return fingerprints.doomed_documents(connection, version=version, limit=limit)

    def forgotten(self, documents: Sequence[bytes], version: int) -> None:
        """Note that the index has no more of these."""
        with transaction(self._engine) as connection:
            fingerprints.forgotten(connection, documents, version=version)

    def open_jobs(self, job_ids: Sequence[UUID]) -> set[UUID]:
        """Return those that have not ended."""
        with transaction(self._engine) as connection:
            return fingerprints.open_jobs(connection, job_ids)
