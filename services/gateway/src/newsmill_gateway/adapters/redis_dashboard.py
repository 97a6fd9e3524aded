"""Redis, as the dashboard reads it: lengths, memory and heartbeats, whatever else it holds."""

from redis import Redis
from redis.exceptions import RedisError

from newsmill_gateway.dashboard.ports import Queues
from newsmill_shared.errors import TransientError
from newsmill_shared.queue.broker import QUEUES
from newsmill_shared.queue.heartbeat import living

__all__ = ["RedisDashboard"]


class RedisDashboard:
    """Reads what the dashboard shows of Redis.

    Args:
        redis: A client.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

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
            beats = living(self._redis)
        except RedisError as error:
            raise TransientError(f"Redis: {error}") from error
        return Queues(
            depths=dict(zip(QUEUES, depths, strict=True)),
            used_bytes=int(memory.get("used_memory", 0)),
            max_bytes=int(memory.get("maxmemory", 0)),
            beats=beats,
        )
