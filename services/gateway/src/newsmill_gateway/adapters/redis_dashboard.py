"""Redis, as the dashboard reads it: lengths, memory and heartbeats, whatever else it holds."""

import json
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError

from newsmill_gateway.dashboard.ports import Beat, Queues
from newsmill_gateway.dashboard.verdict import SERVICES
from newsmill_shared.errors import TransientError
from newsmill_shared.queue.broker import QUEUES

__all__ = ["RedisDashboard"]

_BEATS = "newsmill:worker:*"
_LOOK_SECONDS = 10.0
"""Looking for new processes walks over every key of Redis, so it is done now and then."""
_MISSED_LOOK_SECONDS = 2.0
"""As long as a service has nobody, those who come are looked for more often."""
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
        self._look_at = -math.inf

    def queues(self) -> Queues:
        """Return lengths, memory and heartbeats.

        Raises:
            TransientError: Redis cannot be used for now.
        """
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.info("memory")
        for queue in QUEUES:
            pipeline.llen(queue)
        try:
            memory, *depths = pipeline.execute()
            with self._lock:
                beats = self._beats()
        except RedisError as error:
            raise TransientError(f"Redis: {error}") from error
        return Queues(
            depths=dict(zip(QUEUES, depths, strict=True)),
            used_bytes=int(memory.get("used_memory", 0)),
            max_bytes=int(memory.get("maxmemory", 0)),
            beats=beats,
        )

    def _beats(self) -> tuple[Beat, ...]:
        """Return who lives: those who are known, and when one of them went, whoever came."""
        now = self._now()
        looked = now >= self._look_at
        if looked:
            self._known = sorted(self._redis.scan_iter(match=_BEATS, count=_AT_ONCE))
        found = self._redis.mget(self._known) if self._known else []
        if not looked and None in found:
            self._look_at = now
            return self._beats()
        beats = tuple(_beat(body) for body in found if body is not None)
        if looked:
            missed = set(SERVICES) - {beat.service for beat in beats}
            self._look_at = now + (_MISSED_LOOK_SECONDS if missed else _LOOK_SECONDS)
        return beats


def _beat(body: bytes | str) -> Beat:
    said = json.loads(body)
    return Beat(
        service=str(said["service"]),
        host=str(said["host"]),
        pid=int(said["pid"]),
        started_at=datetime.fromtimestamp(int(said["started"]), UTC),
    )
