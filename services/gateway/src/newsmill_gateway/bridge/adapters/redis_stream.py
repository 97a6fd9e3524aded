"""Items in a stream: read as a consumer of a group, and deleted once they are settled.

As with lists, what moves is moved by one Lua call.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog
from redis.exceptions import ResponseError

from newsmill_gateway.bridge.adapters.redis_inbox import (
    BLOCK_SECONDS,
    LOOK_SECONDS,
    MOST_BYTES,
    MOST_ITEMS,
    RedisInbox,
    translating,
)
from newsmill_gateway.bridge.batches import Batch, Door, Item, Request, digest
from newsmill_gateway.bridge.keys import GROUP, STREAM_KEY
from newsmill_shared.queue.broker import BrokerAwayError, as_bytes

__all__ = ["StreamSource"]

_BEGINNING = "0-0"
_IDLE_MS = 10_000
"""An entry that was read this long ago is not in work any more."""

# KEYS: stream. ARGV: group. From the beginning: what came before the bridge is read, too.
_MAKE_GROUP = """
local made = redis.pcall('xgroup', 'create', KEYS[1], ARGV[1], '0', 'mkstream')
if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
"""

# KEYS: stream. ARGV: group, consumer, most entries, most bytes.
# First what this consumer has read or claimed before, then what nobody has read.
_READ_ENTRIES = """
local found, total, after = {}, 0, '0'
while #found < tonumber(ARGV[3]) and total < tonumber(ARGV[4]) do
  local reply = redis.call('xreadgroup', 'group', ARGV[1], ARGV[2], 'count', 1,
                           'streams', KEYS[1], after)
  local entry = reply and reply[1] and reply[1][2][1]
  if entry then
    local id, fields = entry[1], entry[2]
    if fields then
      local size = 0
      for _, part in ipairs(fields) do size = size + #part end
      if size > cap then
        local parts = {}
        for i, part in ipairs(fields) do parts[i] = string.sub(part, 1, shown) end
        fields = {string.sub(table.concat(parts, '\\n'), 1, shown)}
      end
      total = total + size
      found[#found + 1] = {id, size, fields}
    else
      redis.call('xack', KEYS[1], ARGV[1], id)
    end
    if after ~= '>' then after = id end
  elseif after == '>' then
    break
  else
    after = '>'
  end
end
return found
"""

# The fourth of KEYS: stream. ARGV from the third: group, then id and record, '' where all is well.
_SETTLE_ENTRIES = """
local accepted, records = 0, {}
for i = 4, #ARGV, 2 do
  if redis.call('xack', KEYS[4], ARGV[3], ARGV[i]) == 1 then
    redis.call('xdel', KEYS[4], ARGV[i])
    if ARGV[i + 1] == '' then accepted = accepted + 1
    else records[#records + 1] = ARGV[i + 1] end
  end
end
return settle(accepted, records)
"""

# KEYS: stream. ARGV: group, consumer, idle ms, where to go on, most entries.
# Returns where to go on next, and how many entries are the consumer's now.
_CLAIM = """
local reply = redis.call('xautoclaim', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4],
                         'count', ARGV[5], 'justid')
return {reply[1], #reply[2]}
"""

# KEYS: stream. ARGV: group, consumer. Whoever has entries left is not removed: they would go too.
_DISMISS = """
if #redis.call('xpending', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) == 0 then
  redis.call('xgroup', 'delconsumer', KEYS[1], ARGV[1], ARGV[2])
end
"""

_log = structlog.get_logger()


class StreamSource:
    """The stream; implements `newsmill_gateway.bridge.ports.Source`.

    Settled entries are deleted: the stream is a queue, and ours alone.

    Args:
        inbox: The inbox in Redis; its owner is the consumer's name.
        clock: Monotonic seconds.
    """

    name = STREAM_KEY

    def __init__(self, inbox: RedisInbox, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._inbox = inbox
        self._clock = clock
        self._make_group = inbox.script(_MAKE_GROUP)
        self._read = inbox.script(_READ_ENTRIES)
        self._settle = inbox.settling(_SETTLE_ENTRIES)
        self._autoclaim = inbox.script(_CLAIM)
        self._dismiss = inbox.script(_DISMISS)
        self._has_group = False
        self._look_at = clock()
        self._claim_from = _BEGINNING

    def take(self) -> Batch | None:
        """Read entries that are ours already, those of dead bridges among them, and new ones."""
        with self._reading():
            if not self._has_group:
                self._make_group(keys=[STREAM_KEY], args=[GROUP])
                self._has_group = True
            if self._clock() >= self._look_at:
                self._look_at = self._clock() + (LOOK_SECONDS if self._claim() else 0)
            raw = self._read(
                keys=[STREAM_KEY],
                args=[GROUP, self._inbox.owner, MOST_ITEMS, MOST_BYTES],
            )
        requests = tuple(_entry_request(*entry) for entry in raw)
        return Batch(Door.STREAM, requests) if requests else None

    def wait(self) -> None:
        """Return when there is an entry: it is ours then, and read again by ``take``."""
        with self._reading():
            self._inbox.redis.xreadgroup(
                GROUP, self._inbox.owner, {STREAM_KEY: ">"}, count=1, block=BLOCK_SECONDS * 1000
            )

    def settle(self, batch: Batch, rejected: Mapping[str, Sequence[bytes]]) -> None:
        """Acknowledge and delete entries, and keep the records of the junk among them."""
        pairs = (
            (request.name, next(iter(rejected.get(request.name, ())), b""))
            for request in batch.requests
        )
        with self._reading():
            self._inbox.settle(
                self._settle,
                batch.door,
                keys=[STREAM_KEY],
                args=[GROUP, *(word for pair in pairs for word in pair)],
            )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with translating():
            try:
                yield
            except ResponseError as error:
                # A wiped Redis has no group, and tells those who wait that the stream is gone.
                if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                    raise
                self._has_group = False
                raise BrokerAwayError("Redis has lost the inbox: making it anew") from error

    def _claim(self) -> bool:
        """Make old entries of others ours, and dismiss consumers that are dead and have none.

        Returns:
            Whether that was all; there is a next part otherwise.
        """
        start, claimed = self._autoclaim(
            keys=[STREAM_KEY],
            args=[GROUP, self._inbox.owner, _IDLE_MS, self._claim_from, MOST_ITEMS],
        )
        self._claim_from = start.decode()
        if claimed:
            _log.info("entries taken up", entries=claimed)
        consumers = self._inbox.redis.xinfo_consumers(STREAM_KEY, GROUP)
        idle = [entry["name"].decode() for entry in consumers if not entry["pending"]]
        for name in set(idle) - self._inbox.living(idle) - {self._inbox.owner}:
            self._dismiss(keys=[STREAM_KEY], args=[GROUP, name])
        return self._claim_from == _BEGINNING


def _entry_request(entry_id: bytes, size: int, fields: Sequence[bytes]) -> Request:
    name = entry_id.decode()
    item = Item(size, tuple(as_bytes(fields)))
    # A stream that was wiped may see an id again, for something else.
    return Request(name, f"{STREAM_KEY}:{name}:{digest((item,)).hex()[:16]}", (item,))
