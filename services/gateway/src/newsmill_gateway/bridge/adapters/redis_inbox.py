"""What lists and stream have in common: scripts, errors, and what is kept of what was settled."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from newsmill_gateway.bridge.batches import MAX_ITEM_BYTES, SHOWN_BYTES, Door
from newsmill_gateway.bridge.keys import DOORS_KEY, DROPPED_KEY, REJECTED_KEY
from newsmill_shared.queue.broker import BrokerAwayError
from newsmill_shared.queue.heartbeat import alive

__all__ = [
    "BLOCK_SECONDS",
    "LOOK_SECONDS",
    "MOST_BYTES",
    "MOST_ITEMS",
    "RedisInbox",
    "translating",
]

BLOCK_SECONDS = 1
"""Below the socket's limit, and as long as a bridge may take to notice that it is to stop."""

LOOK_SECONDS = 5.0
"""How often the leavings of dead bridges are looked for."""

MOST_ITEMS = 1000
"""So many items, and so many receipts of a stream's entries, are accepted in one transaction."""

MOST_BYTES = 4 * 1024 * 1024
"""A batch is full with the item that brings it here."""

# Of an item that is larger than cap only the beginning is read. Also while Redis is out of memory:
# taking what lies there is what makes room.
_BEGINNING = f"""#!lua flags=allow-oom
local cap, shown = {MAX_ITEM_BYTES}, {SHOWN_BYTES}
"""

# KEYS: rejected, dropped, doors, then what is settled. ARGV: limit, door, then what is settled.
# Puts records into the list of rejected items, drops the oldest beyond the limit, and returns how
# many were dropped. Figures are counted if they can be: what holds something else is left alone.
_SETTLING = f"""{_BEGINNING}
local function settle(accepted, records)
  for verdict, items in pairs({{accepted = accepted, rejected = #records}}) do
    if items > 0 then redis.pcall('hincrby', KEYS[3], ARGV[2] .. ' ' .. verdict, items) end
  end
  if #records == 0 then return 0 end
  for _, record in ipairs(records) do redis.call('rpush', KEYS[1], record) end
  local excess = redis.call('llen', KEYS[1]) - tonumber(ARGV[1])
  if excess <= 0 then return 0 end
  redis.call('ltrim', KEYS[1], excess, -1)
  redis.call('incrby', KEYS[2], excess)
  return excess
end
"""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RedisInbox:
    """The inbox in Redis, as one bridge uses it.

    Args:
        redis: A client.
        owner: The name that this process' heartbeat has.
        rejected_max: How many rejected items are kept.
    """

    redis: "Redis"
    owner: str
    rejected_max: int

    def script(self, code: str) -> Script:
        """Return a script that knows ``cap`` and ``shown``, and runs when Redis is full, too."""
        return self.redis.register_script(_BEGINNING + code)

    def settling(self, code: str) -> Script:
        """Return a script for ``settle``, which ends by calling ``settle(accepted, records)``.

        Its own keys begin with the fourth, its own arguments with the third.
        """
        return self.redis.register_script(_SETTLING + code)

    def settle(
        self, script: Script, door: Door, *, keys: Sequence[str], args: Sequence[str | bytes | int]
    ) -> None:
        """Settle, keep the records of junk, and log if older ones were dropped for them."""
        dropped = script(
            keys=[REJECTED_KEY, DROPPED_KEY, DOORS_KEY, *keys],
            args=[self.rejected_max, str(door), *args],
        )
        if dropped:
            _log.warning(
                "rejected items dropped, the list is full", key=REJECTED_KEY, items=dropped
            )

    def living(self, names: Iterable[str]) -> set[str]:
        """Return those of these names that are bridges that live.

        A name of another kind is not asked for: the bridge may not be allowed to.
        """
        return alive(self.redis, (name for name in names if name.startswith("bridge:")))


@contextmanager
def translating() -> Iterator[None]:
    """Turn errors of Redis into BrokerAwayError."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise BrokerAwayError(f"Redis: {error}") from error
