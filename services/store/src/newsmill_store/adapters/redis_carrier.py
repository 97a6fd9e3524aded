"""Redis as the dispatcher sees it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import structlog
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from newsmill_shared.messages import Message
from newsmill_shared.queue import heartbeat, window
from newsmill_shared.queue.app import Publisher
from newsmill_shared.queue.broker import BrokerAwayError, as_bytes
from newsmill_shared.queue.claims import EPOCH_KEY, ClaimKey, Claims, Holder
from newsmill_shared.queue.notes import NOTES_KEY, AnyNote, parse_note
from newsmill_store.dispatcher.judge import Attempt
from newsmill_store.dispatcher.ports import Notes

__all__ = ["RedisCarrier"]

_log = structlog.get_logger()

_MOST_NOTES = 1000

# Trim only what was read: after a restart of Redis the list may hold other notes.
_TRIM = """
if redis.call('lindex', KEYS[1], 0) == ARGV[1] then
  redis.call('ltrim', KEYS[1], ARGV[2], -1)
end
"""


class RedisCarrier:
    """Implements ``newsmill_store.dispatcher.ports.Carrier``."""

    def __init__(self, redis: "Redis", publisher: Publisher) -> None:
        self._redis = redis
        self._publisher = publisher
        self._claims = Claims(redis)
        self._trim = redis.register_script(_TRIM)

    def wait_for_note(self, seconds: float) -> None:
        """Return when there is a note, or after ``seconds``."""
        with _translating():
            # A fraction of a second is fine for the server, redis-py only says int.
            self._redis.blmove(NOTES_KEY, NOTES_KEY, cast(int, seconds), "LEFT", "LEFT")

    def read_notes(self) -> Notes | None:
        """Return the oldest notes, if any, leaving them where they are."""
        with _translating():
            raw = as_bytes(self._redis.lrange(NOTES_KEY, 0, _MOST_NOTES - 1))
        return Notes(raw[0], len(raw), tuple(_understood(raw))) if raw else None

    def trim_notes(self, read: Notes) -> None:
        """Remove notes that were read, unless they are not the oldest any more."""
        with _translating():
            self._trim(keys=[NOTES_KEY], args=[read.first, read.count])

    def depths(self) -> window.Depths:
        """Return the lengths of the lists, the epoch and Redis' clock."""
        with _translating():
            return window.read_depths(self._redis)

    def set_epoch(self, epoch: str) -> None:
        """Name this incarnation of Redis' data."""
        with _translating():
            self._redis.set(EPOCH_KEY, epoch)

    def publish(self, messages: Sequence[Message]) -> None:
        """Send messages to their consumers."""
        self._publisher.publish(messages)

    def queued(self) -> set[Attempt]:
        """Return every attempt that waits in a list."""
        with _translating():
            return window.read_queued(self._redis)

    def holders(self, keys: Sequence[ClaimKey]) -> dict[ClaimKey, Holder]:
        """Return who holds these attempts."""
        with _translating():
            return self._claims.holders(keys)

    def alive(self, incarnations: Iterable[str]) -> set[str]:
        """Return those of these processes that live."""
        with _translating():
            return heartbeat.alive(self._redis, incarnations)


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise BrokerAwayError(f"Redis: {error}") from error


def _understood(raw: Sequence[bytes]) -> Iterator[AnyNote]:
    for note in raw:
        try:
            yield parse_note(note)
        except ValidationError as error:
            _log.error("a note could not be read and is dropped", note=note[:64], error=str(error))
