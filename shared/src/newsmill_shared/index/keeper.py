"""The index as its keeper sees it: loading, the marker, progress, and documents to forget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import cast
from uuid import UUID

from redis import Redis

from newsmill_shared.index.layout import (
    DOCUMENT_BYTES,
    GENERATION_SECONDS,
    SEQUENCE_KEY,
    WANTED_KEY,
    IndexedDocument,
    namespace,
)
from newsmill_shared.index.scripts import Argument, load_script, translated

__all__ = ["HOLD_SECONDS", "IndexKeeper", "IndexState", "Pending", "Progress", "wanted_versions"]

HOLD_SECONDS = 15
"""A keeper that is silent for this long has lost its lock."""
_LOAD_BATCH = 200


@dataclass(frozen=True, slots=True)
class IndexState:
    """What a diagnosis wants to know of the index."""

    ready: bool
    sequence: int
    """The last sequence number given."""
    used_bytes: int
    most_bytes: int
    """0 when unlimited."""
    trimmed_at: datetime | None
    """When documents were last dropped for want of memory."""
    trimmed_documents: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild has come: everything that was registered later is loaded."""

    began: datetime
    registered_at: datetime
    document: bytes
    loaded: int
    total: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A registered document of which it is not known whether it was stored."""

    document: bytes
    job_id: UUID
    """Whose result it is, or was to be."""


class IndexKeeper:
    """The index of one sketch version, for the process that keeps it.

    Every method raises TransientError when Redis is away.

    Args:
        redis: A client that returns bytes.
        sketch_version: Whose documents these are.
        generations_back: How many weeks besides the current one are looked at.
        holder: Names this process in the lock.
    """

    def __init__(
        self,
        redis: "Redis",
        *,
        sketch_version: int,
        generations_back: int = 1,
        holder: str = "",
    ) -> None:
        self._redis = redis
        self._generations_back = generations_back
        self._holder = holder
        self._space = namespace(sketch_version)
        self._lock, self._progress = self._space + b":keeper", self._space + b":rebuild"
        self._kept, self._pending = self._space + b":kept", self._space + b":pending"
        self._marker = self._space + b":ready"
        self._load, self._hold, self._mark = (
            load_script(redis, __package__, name) for name in ("load", "hold", "ready")
        )

    def hold(self) -> bool:
        """Take the lock, or keep it; return whether this process is the keeper."""
        return self._holding(take=True)

    def still_hold(self, progress: Progress | None = None) -> bool:
        """Keep the lock and write down how far a rebuild has come.

        Returns:
            False if the lock was lost, with its data perhaps; nothing is written then.
        """
        return self._holding(take=False, progress=progress)

    def release(self) -> None:
        """Let another process keep the index at once."""
        with translated():
            if self._redis.get(self._lock) == self._holder.encode():
                self._redis.delete(self._lock)

    def ready(self) -> bool:
        """Return whether the marker is there: if not, the index has lost its data."""
        with translated():
            return bool(self._redis.exists(self._marker))

    def mark_ready(self, *, sequence_floor: int = 0, kept: datetime | None = None) -> bool:
        """Set the marker: what must be found is loaded.

        Args:
            sequence_floor: The highest sequence ever given; later ones lie above it.
            kept: Whatever was stored before this time is loaded.

        Returns:
            False if this process does not hold the lock any more.
        """
        with translated():
            return bool(
                self._mark(
                    [self._marker, SEQUENCE_KEY, self._lock, self._kept],
                    [sequence_floor, self._holder, int(kept.timestamp()) if kept else 0],
                )
            )

    def progress(self) -> Progress | None:
        """Return how far a rebuild had come that was not finished."""
        with translated():
            said = cast("dict[bytes, bytes]", self._redis.hgetall(self._progress))
        if not said:
            return None
        return Progress(
            began=_moment(said[b"began"]),
            registered_at=_moment(said[b"registered_at"]),
            document=said[b"document"],
            loaded=int(said[b"loaded"]),
            total=int(said[b"total"]),
        )

    def end_rebuild(self) -> None:
        """Forget the progress: nothing is left to load."""
        with translated():
            self._redis.delete(self._progress)

    def kept(self) -> datetime:
        """Return the time before which whatever was stored is loaded."""
        with translated():
            said = cast("bytes | None", self._redis.get(self._kept))
        return datetime.fromtimestamp(int(said or 0), UTC)

    def load(self, documents: Iterable[IndexedDocument], *, now: datetime | None = None) -> int:
        """Put stored documents back, with the sequence they had; return how many are in the window.

        Load them in any order and twice if need be, also while others register: the earliest
        owner of a key wins.

        Raises:
            IndexFullError: There is no memory left for them; what went before is loaded.
        """
        loaded = 0
        rest = iter(documents)
        while batch := list(islice(rest, _LOAD_BATCH)):
            arguments: list[Argument] = [
                GENERATION_SECONDS,
                self._generations_back,
                "" if now is None else int(now.timestamp()),
            ]
            for stored in batch:
                seen = int(stored.registered_at.timestamp())
                generation = seen // GENERATION_SECONDS
                arguments += (
                    stored.document,
                    stored.sequence.to_bytes(6, "little")
                    + generation.to_bytes(2, "little")
                    + stored.article_id.bytes
                    + stored.sketch,
                    seen,
                    stored.keys,
                )
            with translated():
                loaded += int(self._load([self._space, SEQUENCE_KEY], arguments))
        return loaded

    def pending(self, *, before: datetime, limit: int, skip: int = 0) -> list[Pending]:
        """Return documents registered before a time and not known to be stored, oldest first."""
        with translated():
            found = cast(
                "list[bytes]",
                self._redis.zrangebyscore(
                    self._pending, "-inf", before.timestamp(), start=skip, num=limit
                ),
            )
        return [Pending(one[:DOCUMENT_BYTES], UUID(bytes=one[DOCUMENT_BYTES:])) for one in found]

    def settle(self, settled: Sequence[Pending]) -> None:
        """Note that it is known of these documents whether they were stored."""
        if settled:
            with translated():
                self._redis.zrem(
                    self._pending, *(one.document + one.job_id.bytes for one in settled)
                )

    def forget(self, documents: Sequence[bytes]) -> int:
        """Drop documents that no article has (any more); return how many were known.

        Their keys are free from then on.
        """
        if not documents:
            return 0
        with translated():
            return self._redis.unlink(*(self._space + b":d:" + one for one in documents))

    def state(self) -> IndexState:
        """Return what a diagnosis wants to know."""
        with translated():
            memory = cast("dict[str, int]", self._redis.info("memory"))
            trimmed = cast("dict[bytes, bytes]", self._redis.hgetall(self._space + b":trimmed"))
            sequence = cast("bytes | None", self._redis.get(SEQUENCE_KEY))
        at = trimmed.get(b"at")
        return IndexState(
            ready=self.ready(),
            sequence=int(sequence or 0),
            used_bytes=memory["used_memory"],
            most_bytes=memory["maxmemory"],
            trimmed_at=_moment(at) if at else None,
            trimmed_documents=int(trimmed.get(b"documents", 0)),
        )

    def _holding(self, *, take: bool, progress: Progress | None = None) -> bool:
        arguments: list[Argument] = [self._holder, HOLD_SECONDS, int(take)]
        if progress is not None:
            arguments += (
                *("began", repr(progress.began.timestamp())),
                *("registered_at", repr(progress.registered_at.timestamp())),
                *("document", progress.document),
                *("loaded", progress.loaded),
                *("total", progress.total),
            )
        with translated():
            return bool(self._hold([self._lock, self._progress], arguments))


def wanted_versions(redis: "Redis") -> list[int]:
    """Return the sketch versions whose index somebody has asked for; raises TransientError."""
    with translated():
        found = cast("set[bytes]", redis.smembers(WANTED_KEY.decode()))
    return sorted(int(version) for version in found)


def _moment(seconds: bytes) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
