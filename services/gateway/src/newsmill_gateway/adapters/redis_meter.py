"""The figures of Redis: lengths of lists, which cost the same however long they are."""

from collections.abc import Mapping

from redis import Redis
from redis.exceptions import RedisError

from newsmill_gateway.bridge.keys import CELERY_KEYS, LIST_KEY
from newsmill_shared.queue.broker import QUEUES, BrokerAwayError
from newsmill_shared.queue.notes import NOTES_KEY

__all__ = ["RedisMeter"]


class RedisMeter:
    """Reads lengths.

    Args:
        redis: A client with short limits.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    def lengths(self) -> Mapping[str, int]:
        """Return the lengths of the stages' queues, of the notes and of the doors' lists.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for key in (*QUEUES, NOTES_KEY, LIST_KEY, *CELERY_KEYS):
            pipeline.llen(key)
        try:
            lengths = pipeline.execute()
        except RedisError as error:
            raise BrokerAwayError(f"Redis: {error}") from error
        names = (*QUEUES, "notes", "inbox")
        found = dict(zip(names, lengths, strict=False))
        return {**found, "submit": sum(lengths[len(names) :])}
