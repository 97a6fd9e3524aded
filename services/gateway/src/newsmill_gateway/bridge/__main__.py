"""Run the bridge: ``python -m newsmill_gateway.bridge``."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from newsmill_gateway.adapters.redis_waker import RedisWaker
from newsmill_gateway.bridge.adapters.redis_inbox import RedisInbox
from newsmill_gateway.bridge.adapters.redis_lists import Leftovers, ListSource, TakenLists
from newsmill_gateway.bridge.adapters.redis_stream import StreamSource
from newsmill_gateway.bridge.adapters.sql_receipts import SQLReceipts
from newsmill_gateway.bridge.batches import Door
from newsmill_gateway.bridge.keys import CELERY_KEYS, LIST_KEY
from newsmill_gateway.bridge.porter import Porter
from newsmill_gateway.bridge.ports import Source
from newsmill_gateway.bridge.settings import BridgeSettings
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.engine import make_engine
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat, new_incarnation
from newsmill_shared.starting import starting

__all__ = ["Bridge", "build", "main", "run"]

SESSION = {"statement_timeout": "5s", "lock_timeout": "3s"}
_POOL_SIZE = 4
_GRACE_SECONDS = 8
_HUNG_SECONDS = 30
"""A porter that has not come round for so long hangs."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bridge:
    """A porter for each source, and how their connections are closed at the end."""

    porters: tuple[Porter, ...]
    close: Callable[[], None]


def build(settings: BridgeSettings, *, incarnation: str, stop: threading.Event) -> Bridge:
    """Return a bridge; its connections open when they are first used.

    Args:
        settings: Where the engines are, and limits.
        incarnation: The name that this process' heartbeat has.
        stop: Set when the bridge is to end.

    Raises:
        SettingsError: A setting is wrong.
        ValueError: The URL of Redis is.
    """
    policy = AddressPolicy.parse(settings.fetch_allow, settings.fetch_ports)
    if policy.allow:
        _log.warning("private networks may be fetched", allow=settings.fetch_allow)
    redis = make_redis(settings.redis_url)
    engine = make_engine(
        settings.database_url, name="bridge", pool_size=_POOL_SIZE, settings=SESSION
    )
    ledger = SQLReceipts(engine, host_delay_seconds=settings.host_delay_seconds)
    waker = RedisWaker(redis)
    inbox = RedisInbox(redis, owner=incarnation, rejected_max=settings.bridge_rejected_max)
    lists = TakenLists(inbox)
    sources: list[Source] = [
        StreamSource(inbox),
        ListSource(redis, LIST_KEY, door=Door.LIST, side="LEFT", lists=lists),
        # Celery pushes at the left.
        *(
            ListSource(redis, key, door=Door.CELERY, side="RIGHT", lists=lists)
            for key in CELERY_KEYS
        ),
        Leftovers(lists, sleep=stop.wait),
    ]
    porters = tuple(
        Porter(source, ledger, waker, policy=policy, now=lambda: datetime.now(UTC))
        for source in sources
    )

    def close() -> None:
        engine.dispose()
        redis.close()

    return Bridge(porters, close)


def run(bridge: Bridge, heartbeat: Heartbeat, stop: threading.Event) -> bool:
    """Serve all sources, each in a thread, until told to stop.

    Returns:
        False if a thread ended by itself: by a defect, which is in the log.
    """
    threads = [
        threading.Thread(
            target=porter.run, kwargs={"stopped": stop.is_set, "sleep": stop.wait}, daemon=True
        )
        for porter in bridge.porters
    ]
    for thread in threads:
        thread.start()
    _log.info("bridge open", sources=len(bridge.porters))
    while not stop.wait(1.0) and all(thread.is_alive() for thread in threads):
        if min(porter.seen_at for porter in bridge.porters) > time.monotonic() - _HUNG_SECONDS:
            heartbeat.tick()
    asked = stop.is_set()
    stop.set()
    end = time.monotonic() + _GRACE_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    bridge.close()
    return asked


def main() -> None:
    """Serve until the process is asked to end."""
    stop = threading.Event()
    incarnation = new_incarnation("bridge")
    with starting(BridgeSettings, service="bridge") as settings:
        bridge = build(settings, incarnation=incarnation, stop=stop)
        heartbeat = Heartbeat(make_redis(settings.redis_url), incarnation)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    heartbeat.start()
    asked = run(bridge, heartbeat, stop)
    heartbeat.stop()
    if not asked:
        sys.exit("bridge: a thread ended by a defect")


if __name__ == "__main__":
    main()
