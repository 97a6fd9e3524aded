"""Redis, as the dashboard reads it: lengths, memory and heartbeats, whatever else it holds."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError

from newsmill_gateway.dashboard.ports import Beat, Queues
from newsmill_shared.errors import TransientError
from newsmill_shared.queue.broker import QUEUES

__all__ = ["RedisDashboard"]

_BEATS = "newsmill:worker:*"
_LOOK_SECONDS = 10.0
"""Looking for new processes walks over every key of Redis, so it is done now and then."""
_AT_ONCE = 5000


class RedisDashboard:
    """Reads what the dashboard shows of Redis.

    Args:
        redis: A client.
        now: A monotonic clock, in seconds.
    """

    def __init__(self, redis: "Redis", *, now: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._now = now
        self._lock = threading.Lock()
        self._known: list[bytes] = []
        self._looked_at: float | None = None

    def queues(self) -> Queues:
        """Return lengths, memory and heartbeats.

        Raises:
            TransientError: Redis cannot be used for now.
        """
        try:
            with self._lock:
                self._look()
                known = list(self._known)
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.info("memory")
            for queue in QUEUES:
                pipeline.llen(queue)
            if known:
                pipeline.mget(known)
            memory, *answers = pipeline.execute()
        except RedisError as error:
            raise TransientError(f"Redis: {error}") from error
        bodies = answers[len(QUEUES)] if known else []
        if any(body is None for body in bodies):
            # Somebody went; their successors are looked for at the next call.
            self._looked_at = None
        return Queues(
            depths=dict(zip(QUEUES, answers, strict=False)),
            used_bytes=int(memory.get("used_memory", 0)),
            max_bytes=int(memory.get("maxmemory", 0)),
            beats=tuple(_beat(body) for body in bodies if body is not None),
        )

    def _look(self) -> None:
        now = self._now()
        if self._looked_at is not None and now - self._looked_at < _LOOK_SECONDS:
            return
        self._known = sorted(self._redis.scan_iter(match=_BEATS, count=_AT_ONCE))
        self._looked_at = now


def _beat(body: bytes) -> Beat:
    said = json.loads(body)
    return Beat(
        service=str(said["service"]),
        host=str(said["host"]),
        pid=int(said["pid"]),
        started_at=datetime.fromtimestamp(int(said["started"]), UTC),
    )
