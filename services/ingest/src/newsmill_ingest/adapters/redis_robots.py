"""robots.txt copies in Redis, shared by all ingest processes."""

import zlib
from datetime import UTC, datetime
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from newsmill_ingest.robots import MAX_ROBOTS_BYTES
from newsmill_ingest.robots_gate import RobotsCopy
from newsmill_shared.errors import TransientError

__all__ = ["RedisRobotsCache"]

KEPT_SECONDS = 30 * 24 * 3600
"""An old copy serves this long while its host is unreachable."""


class RedisRobotsCache:
    """Keeps each copy, compressed, under ``newsmill:robots:<origin>`` for thirty days.

    A Redis that comes back empty costs one more request a host, nothing else.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, origin: str) -> RobotsCopy | None:
        """Return the copy of this origin, however old.

        Raises:
            TransientError: Redis is away.
        """
        try:
            raw = cast("bytes | None", self._redis.get(_key(origin)))
        except RedisError as error:
            raise TransientError(f"robots.txt cache: {error}") from error
        if raw is None:
            return None
        stamp, _, packed = raw.partition(b" ")
        return RobotsCopy(zlib.decompress(packed), datetime.fromtimestamp(int(stamp), UTC))

    def put(self, origin: str, copy: RobotsCopy) -> None:
        """Keep a copy of this origin, as far as it is ever read.

        Raises:
            TransientError: Redis is away.
        """
        packed = zlib.compress(copy.body[: MAX_ROBOTS_BYTES + 1])
        value = b"%d " % copy.fetched_at.timestamp() + packed
        try:
            self._redis.set(_key(origin), value, ex=KEPT_SECONDS)
        except RedisError as error:
            raise TransientError(f"robots.txt cache: {error}") from error


def _key(origin: str) -> str:
    return f"newsmill:robots:{origin}"
