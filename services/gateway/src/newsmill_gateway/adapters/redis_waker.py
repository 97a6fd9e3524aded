"""The way to the dispatcher through Redis."""

import structlog
from redis import Redis
from redis.exceptions import RedisError

from newsmill_shared.queue.notes import WakeNote, send_note

__all__ = ["RedisWaker"]

_log = structlog.get_logger()


class RedisWaker:
    """Sends wake notes."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    def wake(self, hosts: tuple[int, ...]) -> None:
        """Name hosts with new work; without Redis the dispatcher's sweep finds it."""
        try:
            send_note(self._redis, WakeNote(hosts=hosts))
        except RedisError as error:
            _log.warning("wake not sent", error=str(error))
