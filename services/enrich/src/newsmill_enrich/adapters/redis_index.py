"""The duplicate index in Redis: one call registers a document and returns the earlier ones.

What lies where is said in ``newsmill_shared.index.layout``; store keeps the index.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import cast
from uuid import UUID

from redis import Redis
from redis.exceptions import OutOfMemoryError

from newsmill_enrich.duplicates.fingerprints import Fingerprint
from newsmill_enrich.duplicates.index import Candidate, Registered
from newsmill_enrich.duplicates.sketch import SKETCH_VERSION
from newsmill_shared.errors import TransientError
from newsmill_shared.index.layout import (
    GENERATION_SECONDS,
    HEAD_BYTES,
    SEQUENCE_KEY,
    WANTED_KEY,
    IndexFullError,
    IndexNotReadyError,
    key_bytes,
    namespace,
)
from newsmill_shared.index.scripts import Argument, Script, load_script, translated

__all__ = ["RedisIndex"]

_SCAN_BATCH = 2_000
_TRIM_LOCK_SECONDS = 60
_FULL = 0.97
"""Below this share of its memory the index is not full."""
_LOOK_SECONDS = 0.2
"""Between two looks at an index that is not ready."""


class RedisIndex:
    """An index shared by all workers.

    Args:
        redis: A client that returns bytes.
        generations_back: How many weeks besides the current one are looked at: a document is
            found again for this many weeks at least, and one more at most.
        most_candidates: How many candidates registering returns at most.
        needs_marker: Refuse to register while the marker is missing. Switch it on where
            something keeps the index: see :class:`~newsmill_shared.index.keeper.IndexKeeper`.
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
        self._version = sketch_version
        self._space = namespace(sketch_version)
        self._trimmed = self._space + b":trimmed"
        self._keys = [self._space, SEQUENCE_KEY]
        self._register = self._script("register")
        self._trim = self._script("trim")
        self._lock = self._script("lock")

    @classmethod
    def open(cls, url: str, *, timeout_seconds: float = 3.0) -> "RedisIndex":
        """Open the index at ``url`` (after a fork: a connection does not survive one)."""
        return cls(
            Redis.from_url(
                url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds
            )
        )

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def wait_until_ready(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Return once documents can be registered; ask for the index if it is not there.

        Raises:
            TransientError: It takes longer than ``seconds``.
        """
        end = clock() + seconds
        while True:
            try:
                return self._check_ready()
            except TransientError:
                if clock() >= end:
                    raise
            sleep(_LOOK_SECONDS)

    def register(
        self,
        fingerprint: Fingerprint,
        *,
        article_id: UUID,
        job_id: UUID | None = None,
        now: datetime | None = None,
    ) -> Registered:
        """See :class:`~newsmill_enrich.duplicates.index.Index`.

        When Redis is out of memory, the oldest documents are dropped and the call is made again.

        Raises:
            IndexNotReadyError: The marker is needed and missing.
            IndexFullError: There is no memory, and another worker is making room or none is left.
            TransientError: Redis is away.
        """
        arguments: list[Argument] = [
            fingerprint.document,
            article_id.bytes,
            fingerprint.sketch,
            "" if now is None else int(now.timestamp()),
            GENERATION_SECONDS,
            self._generations_back,
            self._most_candidates,
            int(self._needs_marker),
            key_bytes(fingerprint.keys),
            b"" if job_id is None else job_id.bytes,
        ]
        try:
            with translated():
                reply = self._register(self._keys, arguments)
        except IndexFullError:
            self.make_room(now=now)
            with translated():
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

    def make_room(self, *, now: datetime | None = None) -> int:
        """Drop the generations before the current one; with none left, its older half.

        While there is no memory even to write that down, half of the rest goes, too.

        Returns:
            How many documents were dropped: 0 if there is memory again, or no limit to it.

        Raises:
            IndexFullError: Another worker is at it.
            TransientError: Redis is away.
        """
        with translated():
            memory = cast("dict[str, int]", self._redis.info("memory"))
            used, most = memory["used_memory"], memory["maxmemory"]
            if not most or used < _FULL * most:
                return 0
            if not self._lock([self._space + b":trimming"], [_TRIM_LOCK_SECONDS]):
                raise IndexFullError("another worker is making room in the duplicate index")
            try:
                return self._drop_oldest(now)
            finally:
                self._redis.delete(self._space + b":trimming")

    def _check_ready(self) -> None:
        if not self._needs_marker:
            return
        with translated():
            if self._redis.exists(self._space + b":ready"):
                return
            self._redis.sadd(WANTED_KEY, self._version)
        raise IndexNotReadyError("the duplicate index waits for its data")

    def _drop_oldest(self, now: datetime | None) -> int:
        seconds = int(now.timestamp()) if now else self._redis.time()[0]
        generation = seconds // GENERATION_SECONDS
        below = int(cast("bytes | None", self._redis.hget(self._trimmed, "below")) or 0)
        sequence = int(cast("bytes | None", self._redis.get(SEQUENCE_KEY)) or 0)
        self._drop_buckets(generation)
        dropped = self._drop_records(generation, 0)
        while not dropped or not self._wrote(seconds, dropped, below):
            if below >= sequence:
                # What is left are keys that lead to no document any more.
                self._drop_buckets(generation + 1)
                if self._wrote(seconds, dropped, below):
                    break
                raise IndexFullError("the duplicate index is empty and has no memory left")
            below += (sequence - below + 1) // 2
            dropped += self._drop_records(0, below)
        return dropped

    def _wrote(self, seconds: int, dropped: int, below: int) -> bool:
        """Write down what was dropped; False if there is no memory even for that."""
        try:
            self._redis.hset(
                self._trimmed, mapping={"at": seconds, "documents": dropped, "below": below}
            )
        except OutOfMemoryError:
            return False
        return True

    def _drop_buckets(self, generation: int) -> None:
        prefix = self._space + b":k:"
        for names in self._scan(prefix):
            old = [name for name in names if _generation_of(name, prefix) < generation]
            if old:
                self._redis.unlink(*old)

    def _drop_records(self, generation: int, sequence: int) -> int:
        return sum(
            int(self._trim([], [generation, sequence, *names]))
            for names in self._scan(self._space + b":d:")
        )

    def _scan(self, prefix: bytes) -> Iterator[list[bytes]]:
        names = cast(
            "Iterator[bytes]", self._redis.scan_iter(match=prefix + b"*", count=_SCAN_BATCH)
        )
        while batch := list(islice(names, _SCAN_BATCH)):
            yield batch

    def _script(self, name: str) -> Script:
        return load_script(self._redis, __package__, name)


def _generation_of(bucket_name: bytes, prefix: bytes) -> int:
    return int(bucket_name[len(prefix) :].split(b":", 1)[0])


def _candidate(document: bytes, record: bytes) -> Candidate:
    return Candidate(
        document=document,
        article_id=UUID(bytes=record[8:HEAD_BYTES]),
        sequence=int.from_bytes(record[:6], "little"),
        sketch=record[HEAD_BYTES:],
    )
