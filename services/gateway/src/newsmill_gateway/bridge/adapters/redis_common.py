"""What lists and stream have in common: one error, and how rejected items are kept."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog
from redis import Redis
from redis.exceptions import RedisError

from newsmill_gateway.bridge.keys import REJECTED_KEY
from newsmill_shared.queue.broker import BrokerAwayError
from newsmill_shared.queue.heartbeat import alive

__all__ = [
    "BLOCK_SECONDS",
    "LOOK_SECONDS",
    "MOST_BYTES",
    "MOST_ITEMS",
    "REJECT",
    "living_bridges",
    "tell_dropped",
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

REJECT = """
-- Puts records into the list of rejected items, drops the oldest beyond the limit, and returns how
-- many were dropped.
local function reject(rejected, dropped, limit, records)
  for _, record in ipairs(records) do redis.call('rpush', rejected, record) end
  local excess = redis.call('llen', rejected) - limit
  if #records == 0 or excess <= 0 then return 0 end
  redis.call('ltrim', rejected, excess, -1)
  redis.call('incrby', dropped, excess)
  return excess
end
"""
"""A local function for scripts in Lua."""

_log = structlog.get_logger()


def living_bridges(redis: "Redis", names: Iterable[str]) -> set[str]:
    """Return those of these names that are bridges that live.

    A name of another kind is not asked for: the bridge may not be allowed to.
    """
    return alive(redis, (name for name in names if name.startswith("bridge:")))


def tell_dropped(items: int) -> None:
    """Log that rejected items were dropped, if any were."""
    if items:
        _log.warning("rejected items dropped, the list is full", key=REJECTED_KEY, items=items)


@contextmanager
def translating() -> Iterator[None]:
    """Turn errors of Redis into BrokerAwayError."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise BrokerAwayError(f"Redis: {error}") from error
