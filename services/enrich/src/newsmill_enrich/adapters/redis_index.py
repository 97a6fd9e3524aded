"""The duplicate index in Redis: one call registers a document and returns the earlier ones.

Keys, under a namespace that carries the sketch version, so that an old and a new version lie
side by side until the old one has expired::

    nd:sequence                     the last sequence number given, shared by all versions
    nd1:d:<document>                sequence u48 · generation u16 · article id · sketch
    nd1:k:<generation>:<bucket>     hash: 5 bytes of a key -> the document that owns it
    nd1:ready                       the marker: gone when the index has lost its data
    nd1:trimmed                     what was dropped last for want of memory

A generation is a week of keys. Records and buckets expire when their generation leaves the
window; a bucket stays small enough for Redis' compact encoding of hashes.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice
from typing import Any, Protocol, TypeAlias, cast
from uuid import UUID

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from newsmill_enrich.duplicates.fingerprints import Fingerprint
from newsmill_enrich.duplicates.index import Candidate, Registered, StoredDocument
from newsmill_enrich.duplicates.sketch import SKETCH_VERSION
from newsmill_shared.errors import TransientError

__all__ = ["IndexFullError", "IndexNotReadyError", "IndexState", "RedisIndex"]

GENERATION_SECONDS = 7 * 86_400
_HEAD_BYTES = 24
"""Of a record, before its sketch."""
_LOAD_BATCH = 200
_SCAN_BATCH = 2_000
_TRIM_LOCK_SECONDS = 60
_FULL = 0.97
"""Below this share of its memory the index is not full."""
_BUCKET_BITS = 18
_BUCKET_MASK = (1 << _BUCKET_BITS) - 1
_FIELD_MASK = (1 << 40) - 1


class IndexNotReadyError(TransientError):
    """The index has lost its data and waits to be rebuilt."""


class IndexFullError(TransientError):
    """The index has no memory left; its oldest documents are being dropped."""


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


_Argument: TypeAlias = bytes | int | str


class _Script(Protocol):
    def __call__(self, keys: list[bytes], args: list[_Argument]) -> Any: ...


class RedisIndex:
    """An index shared by all workers.

    Args:
        redis: A client that returns bytes.
        generations_back: How many weeks besides the current one are looked at: a document is
            found again for this many weeks at least, and one more at most.
        most_candidates: How many candidates registering returns at most.
        needs_marker: Refuse to register while the marker is missing. Switch it on where
            something calls :meth:`mark_ready`.
        sketch_version: Whose sketches the index holds: each version has an index of its own.
    """

    def __init__(
        self,
        redis: "Redis",
        *,
        generations_back: int = 1,
        most_candidates: int = 16,
        needs_marker: bool = False,
        sketch_version: int = SKETCH_VERSION,
    ) -> None:
        self._redis = redis
        self._generations_back = generations_back
        self._most_candidates = most_candidates
        self._needs_marker = needs_marker
        self._space = f"nd{sketch_version}".encode()
        self._trimmed = self._space + b":trimmed"
        self._keys = [self._space, b"nd:sequence"]
        self._register = self._script("register")
        self._load = self._script("load")
        self._trim = self._script("trim")
        self._lock = self._script("lock")

    @classmethod
    def open(
        cls,
        url: str,
        *,
        generations_back: int = 1,
        most_candidates: int = 16,
        needs_marker: bool = False,
        timeout_seconds: float = 3.0,
    ) -> "RedisIndex":
        """Open the index at ``url`` (after a fork: a connection does not survive one)."""
        redis = Redis.from_url(
            url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds
        )
        return cls(
            redis,
            generations_back=generations_back,
            most_candidates=most_candidates,
            needs_marker=needs_marker,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def register(
        self, fingerprint: Fingerprint, *, article_id: UUID, now: datetime | None = None
    ) -> Registered:
        """See :class:`~newsmill_enrich.duplicates.index.Index`.

        When Redis is out of memory, the oldest documents are dropped and the call is made again.

        Raises:
            IndexNotReadyError: The marker is needed and missing.
            IndexFullError: There is no memory, and another worker is making room or none is left.
            TransientError: Redis is away.
        """
        arguments: list[_Argument] = [
            fingerprint.document,
            article_id.bytes,
            fingerprint.sketch,
            _seconds(now),
            GENERATION_SECONDS,
            self._generations_back,
            self._most_candidates,
            int(self._needs_marker),
            _key_bytes(fingerprint.keys),
        ]
        try:
            with _translated():
                reply = self._register(self._keys, arguments)
        except IndexFullError:
            self.make_room(now=now)
            with _translated():
                reply = self._register(self._keys, arguments)
        sequence, redelivered, *rest = reply
        return Registered(
            sequence=int(sequence),
            redelivered=bool(redelivered),
            candidates=tuple(
                _candidate(document, record)
                for document, record in zip(rest[::2], rest[1::2], strict=True)
            ),
        )

    def forget(self, document: bytes) -> bool:
        """See :class:`~newsmill_enrich.duplicates.index.Index`.

        Raises:
            TransientError: Redis is away.
        """
        with _translated():
            return bool(self._redis.delete(self._record_name(document)))

    def ready(self) -> bool:
        """Return whether the marker is there: if not, the index has lost its data.

        Raises:
            TransientError: Redis is away.
        """
        with _translated():
            return bool(self._redis.exists(self._space + b":ready"))

    def mark_ready(self, *, sequence_floor: int = 0) -> None:
        """Set the marker: what must be found is loaded.

        Args:
            sequence_floor: The highest sequence ever given; later ones lie above it.

        Raises:
            TransientError: Redis is away.
        """
        with _translated():
            self._load(self._keys, self._load_arguments(None, sequence_floor))
            self._redis.set(self._space + b":ready", b"1")

    def load(self, documents: Iterable[StoredDocument], *, now: datetime | None = None) -> int:
        """Put stored documents back, with the sequence they had; return how many are in the window.

        Load them in any order and twice if need be, also while others register: the earliest
        owner of a key wins.

        Raises:
            IndexFullError: There is no memory left for them; what went before is loaded.
            TransientError: Redis is away.
        """
        loaded = 0
        rest = iter(documents)
        while batch := list(islice(rest, _LOAD_BATCH)):
            arguments = self._load_arguments(now, 0)
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
                    _key_bytes(stored.keys),
                )
            with _translated():
                loaded += int(self._load(self._keys, arguments))
        return loaded

    def state(self) -> IndexState:
        """Return what a diagnosis wants to know.

        Raises:
            TransientError: Redis is away.
        """
        with _translated():
            memory = cast("dict[str, int]", self._redis.info("memory"))
            trimmed = cast("dict[bytes, bytes]", self._redis.hgetall(self._trimmed))
            at = trimmed.get(b"at")
            return IndexState(
                ready=self.ready(),
                sequence=self._last_sequence(),
                used_bytes=memory["used_memory"],
                most_bytes=memory["maxmemory"],
                trimmed_at=datetime.fromtimestamp(int(at), UTC) if at else None,
                trimmed_documents=int(trimmed.get(b"documents", 0)),
            )

    def make_room(self, *, now: datetime | None = None) -> int:
        """Drop the generations before the current one; with none left, its older half.

        Returns:
            How many documents were dropped: 0 if there is memory again, or no limit to it.

        Raises:
            IndexFullError: Another worker is at it.
            TransientError: Redis is away.
        """
        with _translated():
            state = self.state()
            if not state.most_bytes or state.used_bytes < _FULL * state.most_bytes:
                return 0
            if not self._lock([self._space + b":trimming"], [_TRIM_LOCK_SECONDS]):
                raise IndexFullError("another worker is making room in the duplicate index")
            try:
                return self._drop_oldest(now, state.sequence)
            finally:
                self._redis.delete(self._space + b":trimming")

    def _drop_oldest(self, now: datetime | None, sequence: int) -> int:
        seconds = int(now.timestamp()) if now else self._redis.time()[0]
        generation = seconds // GENERATION_SECONDS
        below = int(cast("bytes | None", self._redis.hget(self._trimmed, "below")) or 0)
        self._drop_buckets(generation)
        dropped = self._drop_records(generation, 0)
        if not dropped:
            below += (sequence - below) // 2
            dropped = self._drop_records(0, below)
        self._redis.hset(
            self._trimmed, mapping={"at": seconds, "documents": dropped, "below": below}
        )
        return dropped

    def _drop_buckets(self, generation: int) -> None:
        prefix = self._space + b":k:"
        for names in self._scan(prefix):
            old = [name for name in names if _generation_of(name, prefix) < generation]
            if old:
                self._redis.unlink(*old)

    def _drop_records(self, generation: int, sequence: int) -> int:
        return sum(
            int(self._trim([], [generation, sequence, *names]))
            for names in self._scan(self._record_name(b""))
        )

    def _scan(self, prefix: bytes) -> Iterator[list[bytes]]:
        names = cast(
            "Iterator[bytes]", self._redis.scan_iter(match=prefix + b"*", count=_SCAN_BATCH)
        )
        while batch := list(islice(names, _SCAN_BATCH)):
            yield batch

    def _load_arguments(self, now: datetime | None, sequence_floor: int) -> list[_Argument]:
        return [GENERATION_SECONDS, self._generations_back, _seconds(now), sequence_floor]

    def _last_sequence(self) -> int:
        return int(cast("bytes | None", self._redis.get(b"nd:sequence")) or 0)

    def _record_name(self, document: bytes) -> bytes:
        return self._space + b":d:" + document

    def _script(self, name: str) -> _Script:
        source = files(__package__).joinpath(f"{name}.lua").read_text(encoding="utf-8")
        return cast("_Script", self._redis.register_script(source))


def _seconds(now: datetime | None) -> str:
    return "" if now is None else str(int(now.timestamp()))


def _generation_of(bucket_name: bytes, prefix: bytes) -> int:
    return int(bucket_name[len(prefix) :].split(b":", 1)[0])


def _key_bytes(keys: Iterable[int]) -> bytes:
    """Return for each key 3 bytes that name its bucket and 5 that name it in there.

    Keys are the smallest of many hashes, so their first bits are alike: the last name the bucket.
    """
    return b"".join(
        (key & _BUCKET_MASK).to_bytes(3, "big")
        + (key >> _BUCKET_BITS & _FIELD_MASK).to_bytes(5, "big")
        for key in keys
    )


def _candidate(document: bytes, record: bytes) -> Candidate:
    return Candidate(
        document=document,
        article_id=UUID(bytes=record[8:_HEAD_BYTES]),
        sequence=int.from_bytes(record[:6], "little"),
        sketch=record[_HEAD_BYTES:],
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Say what Redis' errors mean for the caller."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, ReadOnlyError) as error:
        raise TransientError(f"duplicate index: {error}") from error
    except OutOfMemoryError as error:
        raise IndexFullError("the duplicate index has no memory left") from error
    except ResponseError as error:
        if str(error).startswith("NOTREADY"):
            raise IndexNotReadyError("the duplicate index waits for its data") from error
        raise
