"""Items in lists: taken to a list of their own, which whoever lives settles.

Everything that moves is moved by one Lua call, so that a bridge may die between any two.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

import structlog
from redis import Redis
from redis.exceptions import NoPermissionError

from newsmill_gateway.bridge.adapters.redis_inbox import (
    BLOCK_SECONDS,
    LOOK_SECONDS,
    MOST_BYTES,
    MOST_ITEMS,
    RedisInbox,
    translating,
)
from newsmill_gateway.bridge.batches import Batch, Door, Item, Request
from newsmill_gateway.bridge.keys import TAKEN_KEY
from newsmill_shared.identity import new_id
from newsmill_shared.queue.broker import as_bytes

__all__ = ["Leftovers", "ListSource", "TakenLists"]

_ID = re.compile(r"[0-9a-f-]{36}")

Side: TypeAlias = Literal["LEFT", "RIGHT"]

# A local function for the scripts below: the items of the taken list, KEYS[1], as size, text,
# size, text, the text cut where an item is too large.
_READ = """
local function read()
  local found = {}
  for _, item in ipairs(redis.call('lrange', KEYS[1], 0, -1)) do
    found[#found + 1] = #item
    found[#found + 1] = #item > cap and string.sub(item, 1, shown) or item
  end
  return found
end
"""

# KEYS: taken list, index of taken lists, source.
# ARGV: id, owner, side, most items (0: move none), most bytes.
# A list that is there already was taken by a call whose answer was lost.
_TAKE = f"""{_READ}
if redis.call('exists', KEYS[1]) == 0 then
  local items, bytes = 0, 0
  while items < tonumber(ARGV[4]) and bytes < tonumber(ARGV[5]) do
    local item = redis.call('lmove', KEYS[3], KEYS[1], ARGV[3], 'RIGHT')
    if not item then break end
    items, bytes = items + 1, bytes + #item
  end
  if items == 0 then return {{}} end
  redis.call('hset', KEYS[2], ARGV[1], ARGV[2])
end
return read()
"""

# KEYS: taken list, index. ARGV: id, owner, owner before.
# Who is the owner already asked before, and the answer was lost.
_ADOPT = f"""{_READ}
local held = redis.call('hget', KEYS[2], ARGV[1])
if held ~= ARGV[3] and held ~= ARGV[2] then return {{}} end
if redis.call('exists', KEYS[1]) == 0 then
  redis.call('hdel', KEYS[2], ARGV[1])
  return {{}}
end
redis.call('hset', KEYS[2], ARGV[1], ARGV[2])
return read()
"""

# KEYS from the fourth: taken list, index. ARGV from the third: id, accepted, records.
# Who finds the list gone was not the first to settle it.
_SETTLE_LIST = """
redis.call('hdel', KEYS[5], ARGV[3])
if redis.call('del', KEYS[4]) == 0 then return 0 end
local records = {}
for i = 5, #ARGV do records[#records + 1] = ARGV[i] end
return settle(tonumber(ARGV[4]), records)
"""

_log = structlog.get_logger()


class TakenLists:
    """The lists that bridges have moved items to, each with its door and its owner.

    Args:
        inbox: The inbox in Redis.
    """

    def __init__(self, inbox: RedisInbox) -> None:
        self._inbox = inbox
        self._take = inbox.script(_TAKE)
        self._adopt = inbox.script(_ADOPT)
        self._settle = inbox.settling(_SETTLE_LIST)

    def take(
        self, source: str, side: Side, door: Door, name: str, *, most: int = MOST_ITEMS
    ) -> Batch | None:
        """Move items from a list to the taken list ``name``, unless that is there; read it."""
        raw = self._take(
            keys=[_taken(name), TAKEN_KEY, source],
            args=[name, f"{door} {self._inbox.owner}", side, most, MOST_BYTES],
        )
        return _list_batch(door, name, raw)

    def adopt(self, name: str, owner: str) -> Batch | None:
        """Become the owner of a list that somebody else had, and read it."""
        door = _door(owner)
        raw = self._adopt(
            keys=[_taken(name), TAKEN_KEY],
            args=[name, f"{door} {self._inbox.owner}", owner],
        )
        return _list_batch(door, name, raw)

    def settle(self, batch: Batch, rejected: Mapping[str, Sequence[bytes]]) -> None:
        """Delete taken lists, and keep the records of their junk."""
        for request in batch.requests:
            records = rejected.get(request.name, ())
            self._inbox.settle(
                self._settle,
                batch.door,
                keys=[_taken(request.name), TAKEN_KEY],
                args=[request.name, len(request.items) - len(records), *records],
            )

    def ownerless(self) -> dict[str, str]:
        """Return, by id, what the index says of lists whose owner does not live any more."""
        index = cast(dict[bytes, bytes], self._inbox.redis.hgetall(TAKEN_KEY))
        owners = {
            name.decode(errors="replace"): owner.decode(errors="replace")
            for name, owner in index.items()
        }
        living = self._inbox.living(_owner(said) for said in owners.values())
        return {name: said for name, said in owners.items() if _owner(said) not in living}

    def index_strays(self) -> None:
        """Index taken lists that are not, restored by hand, say; their items are read as lines."""
        try:
            self._index_strays()
        except NoPermissionError as error:
            _log.warning("lists outside the index are not looked for", cause=str(error))

    def _index_strays(self) -> None:
        redis = self._inbox.redis
        for key in redis.scan_iter(match=f"{TAKEN_KEY}:*", count=1000):
            name = key.decode(errors="replace").removeprefix(f"{TAKEN_KEY}:")
            if _ID.fullmatch(name):
                redis.hsetnx(TAKEN_KEY, name, f"{Door.LIST} ")


class ListSource:
    """A list of items; implements `newsmill_gateway.bridge.ports.Source`.

    Args:
        redis: A client.
        key: The list.
        door: How its items are written.
        side: Where the oldest item is.
        lists: Where items go.
    """

    def __init__(
        self,
        redis: "Redis",
        key: str,
        *,
        door: Door,
        side: Side,
        lists: TakenLists,
    ) -> None:
        self._redis = redis
        self._key = key
        self._door = door
        self._side: Side = side
        self._lists = lists
        self._next = str(new_id())
        self._is_doubtful = False

    @property
    def name(self) -> str:
        """The list, in print."""
        return self._key.replace("\x06\x16", "/")

    def take(self) -> Batch | None:
        """Move the oldest items to a list of their own, whose id is the key of their receipt."""
        if self._is_doubtful:
            batch = self._take(most=0)
            if batch is not None:
                return batch
            # Nothing was taken, or another bridge has settled it: the key may have its receipt.
            self._next = str(new_id())
        return self._take()

    def _take(self, *, most: int = MOST_ITEMS) -> Batch | None:
        """Take items; until there is an answer, it is in doubt whether some were."""
        self._is_doubtful = True
        with translating():
            batch = self._lists.take(self._key, self._side, self._door, self._next, most=most)
        self._is_doubtful = False
        return batch

    def wait(self) -> None:
        """Return when there is an item: the oldest is moved to where it is."""
        with translating():
            self._redis.blmove(self._key, self._key, BLOCK_SECONDS, self._side, self._side)

    def settle(self, batch: Batch, rejected: Mapping[str, Sequence[bytes]]) -> None:
        """Delete the taken list and keep the records of its junk."""
        with translating():
            self._lists.settle(batch, rejected)
        self._next = str(new_id())


class Leftovers:
    """Taken lists whose bridge has died; implements `newsmill_gateway.bridge.ports.Source`.

    Args:
        lists: Where they are.
        sleep: Waits for so many seconds.
    """

    name = "leftovers"

    def __init__(self, lists: TakenLists, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._lists = lists
        self._sleep = sleep
        self._looked_for_strays = False
        self._doubtful: dict[str, str] = {}

    def take(self) -> Batch | None:
        """Take up the next list that has no living owner."""
        with translating():
            if not self._looked_for_strays:
                self._lists.index_strays()
                self._looked_for_strays = True
            # What was adopted by a call without an answer is ours, and looks as if all were well.
            for name, owner in (self._doubtful | self._lists.ownerless()).items():
                self._doubtful = {name: owner}
                batch = self._lists.adopt(name, owner)
                self._doubtful = {}
                if batch is not None:
                    _log.info("leftover taken up", list=name, items=len(batch.requests[0].items))
                    return batch
        return None

    def wait(self) -> None:
        """Wait a few seconds: nothing tells of a death."""
        self._sleep(LOOK_SECONDS)

    def settle(self, batch: Batch, rejected: Mapping[str, Sequence[bytes]]) -> None:
        """Delete the taken list and keep the records of its junk."""
        with translating():
            self._lists.settle(batch, rejected)


def _taken(name: str) -> str:
    return f"{TAKEN_KEY}:{name}"


def _owner(said: str) -> str:
    return said.partition(" ")[2]


def _door(said: str) -> Door:
    word = said.partition(" ")[0]
    return Door.CELERY if word == Door.CELERY else Door.LIST


def _list_batch(door: Door, name: str, raw: Sequence[Any]) -> Batch | None:
    items = tuple(
        Item(size, (text,)) for size, text in zip(raw[::2], as_bytes(raw[1::2]), strict=True)
    )
    return Batch(door, (Request(name, name, items),)) if items else None
