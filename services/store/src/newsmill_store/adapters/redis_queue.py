"""The list before store, read without a Celery worker.

A worker costs 3 ms of CPU a message, recording a result 1 ms; and only a consumer of our own can
record many in one transaction. What it takes from the list is in its memory alone: if it dies,
the ledger finds the work nowhere and sends it again.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import structlog
from redis import Redis
from redis.exceptions import RedisError

from newsmill_shared.messages import ArticleEnriched, JobFinished
from newsmill_shared.queue.broker import BrokerAwayError, as_bytes

__all__ = ["RedisQueue", "Taken", "read_result"]

_log = structlog.get_logger()

_KINDS: dict[str, type[ArticleEnriched | JobFinished]] = {
    kind.TYPE: kind for kind in (ArticleEnriched, JobFinished)
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A message, and how it lay in the list."""

    raw: bytes
    result: ArticleEnriched | JobFinished


class RedisQueue:
    """The consumer's end of one list of Celery messages (task protocol 2)."""

    def __init__(self, redis: "Redis", name: str) -> None:
        self._redis = redis
        self._name = name

    def take(self, most: int, *, seconds: float) -> list[Taken]:
        """Take what is there, waiting up to ``seconds`` for the first; 0 waits for none.

        What cannot be read is logged and dropped: the ledger sends its work again.

        Raises:
            BrokerAwayError: Redis is away.
        """
        try:
            if seconds:
                # A fraction of a second is fine for the server, redis-py only says int.
                wait = cast(int, seconds)
                found = self._redis.blmpop(wait, 1, self._name, direction="RIGHT", count=most)
            else:
                found = self._redis.lmpop(1, self._name, direction="RIGHT", count=most)
        except (RedisError, OSError) as error:
            raise BrokerAwayError(f"Redis: {error}") from error
        raws = as_bytes(cast(list[bytes | str], found[1])) if found else []
        return [taken for raw in raws if (taken := read_result(raw)) is not None]

    def give_back(self, taken: Sequence[Taken]) -> None:
        """Put messages back to where they were, the next to be taken.

        Raises:
            BrokerAwayError: Redis is away; the ledger sends the work again.
        """
        try:
            self._redis.rpush(self._name, *(one.raw for one in reversed(taken)))
        except (RedisError, OSError) as error:
            raise BrokerAwayError(f"Redis: {error}") from error


def read_result(raw: bytes) -> Taken | None:
    """Return what a Celery message holds; None if it cannot be read, which is logged."""
    try:
        envelope = json.loads(raw)
        kind = _KINDS[envelope["headers"]["task"]]
        (payload,), _, _ = json.loads(base64.b64decode(envelope["body"]))
        return Taken(raw, kind.model_validate(payload))
    except (ValueError, KeyError, TypeError) as error:
        _log.error("a message could not be read and is dropped", bytes=len(raw), error=repr(error))
        return None
