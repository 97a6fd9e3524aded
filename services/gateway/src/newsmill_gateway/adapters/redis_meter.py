"""The figures of Redis: lengths of lists, which cost the same however long, and of doors."""

from collections.abc import Mapping

from redis import Redis
from redis.exceptions import RedisError

from newsmill_gateway.bridge.keys import CELERY_KEYS, DOORS_KEY, LIST_KEY, STREAM_KEY
from newsmill_gateway.metrics import Carried
from newsmill_shared.queue.broker import QUEUES, BrokerAwayError
from newsmill_shared.queue.notes import NOTES_KEY

__all__ = ["RedisMeter"]


class RedisMeter:
    """Reads lengths and counts.

    Args:
        redis: A client with short limits.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    def carried(self) -> Carried:
        """Return the lengths of the stages' queues, of the notes and of the doors' lists.

        And how many items each door has accepted and rejected since Redis began.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for key in (*QUEUES, NOTES_KEY, LIST_KEY, *CELERY_KEYS):
            pipeline.llen(key)
        pipeline.xlen(STREAM_KEY)
        pipeline.hgetall(DOORS_KEY)
        try:
            *lengths, entries, doors = pipeline.execute()
        except RedisError as error:
            raise BrokerAwayError(f"Redis: {error}") from error
        names = (*QUEUES, "notes", "inbox")
        found = dict(zip(names, lengths, strict=False))
        submitted = sum(lengths[len(names) :])
        return Carried({**found, "stream": entries, "submit": submitted}, _by_door(doors))


def _by_door(counted: Mapping[bytes, bytes]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for field, items in counted.items():
        door, _, verdict = field.decode().partition(" ")
        found[door, verdict] = int(items)
    return found
