"""What accepting a URL through Redis costs: ``python -m benchmarks.inbox [URLS]``.

The bridge carries the same URLs from its list and from its stream, one after the other, in this
process. Shown are transactions, statements and calls of Redis for a thousand URLs, and CPU time a
URL: of the bridge, and of PostgreSQL and Redis together.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import psutil
import structlog
from redis import Redis
from sqlalchemy import Engine, event

from newsmill_gateway.adapters.redis_waker import RedisWaker
from newsmill_gateway.bridge.adapters.redis_inbox import RedisInbox
from newsmill_gateway.bridge.adapters.redis_lists import ListSource, TakenLists
from newsmill_gateway.bridge.adapters.redis_stream import StreamSource
from newsmill_gateway.bridge.adapters.sql_receipts import SQLReceipts
from newsmill_gateway.bridge.batches import Door
from newsmill_gateway.bridge.keys import LIST_KEY, STREAM_KEY
from newsmill_gateway.bridge.porter import Porter
from newsmill_gateway.bridge.ports import Source
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.engine import make_engine
from tests.support.engines import fresh_database, running_engines

URLS = 5_000
HOSTS = 200
OWNER = "bridge:bench:1:00"


def main() -> None:
    """Hand in through each door and show what it cost."""
    urls = int(sys.argv[1]) if len(sys.argv) > 1 else URLS
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with running_engines() as engines, fresh_database(engines) as url:
        engine = make_engine(url, name="bench")
        with Redis.from_url(engines.redis_url) as redis:
            inbox = RedisInbox(redis, owner=OWNER, rejected_max=1)
            lists = TakenLists(inbox)
            listed = ListSource(redis, LIST_KEY, door=Door.LIST, side="LEFT", lists=lists)
            for number in range(urls):
                redis.rpush(LIST_KEY, url_of("list", number))
            left = partial(redis.llen, LIST_KEY)
            show("list", urls, carry(engine, redis, listed, left))
            for number in range(urls):
                redis.xadd(STREAM_KEY, {"url": url_of("stream", number)})
            left = partial(redis.xlen, STREAM_KEY)
            show("stream", urls, carry(engine, redis, StreamSource(inbox), left))
        engine.dispose()


def url_of(door: str, number: int) -> str:
    """Return a URL that nobody else hands in."""
    return f"https://h{number % HOSTS}.example/{door}/{number}"


def carry(
    engine: Engine, redis: "Redis", source: Source, left: Callable[[], object]
) -> Counter[str]:
    """Carry until nothing is left; return counts, and microseconds of CPU time."""
    spent: Counter[str] = Counter()
    porter = Porter(
        source,
        SQLReceipts(engine, host_delay_seconds=1),
        RedisWaker(redis),
        policy=AddressPolicy.parse(""),
        now=lambda: datetime.now(UTC),
    )

    def count(name: str) -> Callable[..., None]:
        return lambda *_: spent.update([name])

    listeners = {"commit": count("transactions"), "after_cursor_execute": count("statements")}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    calls = calls_of(redis)
    others = engine_milliseconds()
    began = time.process_time()
    try:
        while left():
            porter.turn()
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)
    spent["bridge"] = round(1e6 * (time.process_time() - began))
    spent["engines"] = round(1e3 * (engine_milliseconds() - others))
    spent["calls of Redis"] = calls_of(redis) - calls
    return spent


def calls_of(redis: "Redis") -> int:
    """Return how many commands Redis was sent, those within scripts left out."""
    return sum(
        stats["calls"]
        for name, stats in redis.info("commandstats").items()
        if name in ("cmdstat_evalsha", "cmdstat_eval", "cmdstat_xinfo|consumers", "cmdstat_mget")
    )


def engine_milliseconds() -> float:
    """Return the CPU time of this process' children and theirs, those that ended included."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return 1e3 * total


def show(name: str, urls: int, spent: Counter[str]) -> None:
    """Print a door's figures."""
    counted = ", ".join(
        f"{1000 * spent[what] / urls:,.1f} {what}"
        for what in ("transactions", "statements", "calls of Redis")
    )
    print(
        f"{name:<8}{counted} a thousand URLs;"
        f" {spent['bridge'] / urls:.0f} us of the bridge,"
        f" {spent['engines'] / urls:.0f} us of the engines a URL"
    )


if __name__ == "__main__":
    main()
