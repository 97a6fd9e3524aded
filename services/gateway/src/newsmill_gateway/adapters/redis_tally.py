"""How many items each door took and refused, counted in Redis by all who keep a door."""

import threading
from collections import Counter

import structlog
from redis import Redis
from redis.exceptions import RedisError

from newsmill_gateway.bridge.keys import DOORS_KEY

__all__ = ["RedisTally"]

_log = structlog.get_logger()


class RedisTally:
    """Adds to the figures of doors; thread-safe.

    Args:
        redis: A client with short limits.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._uncounted: Counter[str] = Counter()

    def count(self, door: str, *, accepted: int, rejected: int) -> None:
        """Add to a door's figures; without Redis they are kept, and added the next time."""
        with self._lock:
            self._uncounted.update({f"{door} accepted": accepted, f"{door} rejected": rejected})
            counted, self._uncounted = +self._uncounted, Counter()
        try:
            with self._redis.pipeline(transaction=True) as pipeline:
                for field, items in counted.items():
                    pipeline.hincrby(DOORS_KEY, field, items)
                pipeline.execute()
        except RedisError as error:
            _log.info("not counted yet", error=str(error))
            with self._lock:
                self._uncounted.update(counted)
