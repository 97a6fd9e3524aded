"""A bridge over a real PostgreSQL and Valkey, and short words for what tests do with them."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, text

from newsmill_gateway.bridge.__main__ import build, run
from newsmill_gateway.bridge.keys import (
    CELERY_KEYS,
    GROUP,
    LIST_KEY,
    REJECTED_KEY,
    STREAM_KEY,
    TAKEN_KEY,
)
from newsmill_gateway.bridge.settings import BridgeSettings
from newsmill_shared.database.conservation import conservation
from newsmill_shared.database.engine import DatabaseAwayError, make_engine, reading
from newsmill_shared.queue.heartbeat import Heartbeat, new_incarnation

PATIENCE_SECONDS = 60.0
REJECTED_MAX = 1_000_000
"""Tests count junk: none of it is dropped, unless they ask for it."""


@dataclass(slots=True)
class Inbox:
    """What other systems, and the operator, see."""

    database_url: str
    redis_url: str
    redis: "Redis"
    engine: Engine

    def settings(self, **changed: object) -> BridgeSettings:
        """Return the settings of a bridge over these engines."""
        usual = {
            "database_url": self.database_url,
            "redis_url": self.redis_url,
            "bridge_rejected_max": REJECTED_MAX,
        }
        return BridgeSettings.model_validate(usual | changed)

    def push(self, *items: str | bytes) -> None:
        """Put items into the list."""
        self.redis.rpush(LIST_KEY, *items)

    def add(self, **fields: str | bytes) -> None:
        """Put an entry into the stream."""
        self.redis.xadd(STREAM_KEY, dict(fields))  # type: ignore[arg-type]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with reading(self.engine) as snapshot:
            return [tuple(row) for row in snapshot.execute(text(statement))]

    def urls(self) -> list[str]:
        """Return the URL of every job, sorted."""
        return [url for (url,) in self.sql("select url from job order by url")]

    def rejected(self) -> list[dict[str, Any]]:
        """Return the records of all junk, the oldest first."""
        return [json.loads(entry) for entry in self.redis.lrange(REJECTED_KEY, 0, -1)]

    def left(self) -> int:
        """Count the items and taken lists that nobody has settled, at one moment."""
        with self.redis.pipeline(transaction=True) as moment:
            for key in (LIST_KEY, *CELERY_KEYS):
                moment.llen(key)
            moment.hlen(TAKEN_KEY)
            moment.xlen(STREAM_KEY)
            return sum(moment.execute())

    def is_settled(self) -> bool:
        """Whether everything that was handed in has been accepted or rejected."""
        return self.left() == 0

    def assert_conserved(self) -> None:
        """What receipts promise is there."""
        with reading(self.engine) as snapshot:
            assert conservation(snapshot).unaccounted == 0


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; an engine that is away is no answer."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with suppress(RedisError, OSError, DatabaseAwayError):
            if condition():
                return
        time.sleep(0.02)
    pytest.fail(f"waited {PATIENCE_SECONDS:g} s in vain: {what}")


@contextmanager
def open_inbox(database_url: str, redis_url: str) -> Iterator[Inbox]:
    """Yield the inbox of these engines."""
    engine = make_engine(database_url, name="test", pool_size=0)
    with Redis.from_url(redis_url) as redis:
        yield Inbox(database_url, redis_url, redis, engine)


@contextmanager
def running_bridge(settings: BridgeSettings) -> Iterator[None]:
    """Run a bridge in a thread."""
    stop = threading.Event()
    incarnation = new_incarnation("bridge")
    with Redis.from_url(settings.redis_url) as redis:
        heartbeat = Heartbeat(redis, incarnation)
        bridge = build(settings, incarnation=incarnation, stop=stop)
        thread = threading.Thread(target=run, args=(bridge, heartbeat, stop))
        heartbeat.start()
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            heartbeat.stop()


def start_bridge(inbox: Inbox) -> subprocess.Popen[bytes]:
    """Start a bridge as a process of its own."""
    environment = {
        **os.environ,
        "NEWSMILL_DATABASE_URL": inbox.database_url,
        "NEWSMILL_REDIS_URL": inbox.redis_url,
        "NEWSMILL_LOG_LEVEL": "warning",
        "NEWSMILL_BRIDGE_REJECTED_MAX": str(REJECTED_MAX),
    }
    return subprocess.Popen([sys.executable, "-m", "newsmill_gateway.bridge"], env=environment)


def has_consumer(inbox: Inbox) -> bool:
    """Whether some bridge reads the stream."""
    return bool(inbox.redis.xinfo_consumers(STREAM_KEY, GROUP))


@pytest.fixture
def inbox(database_url: str, redis_url: str) -> Iterator[Inbox]:
    """An empty inbox."""
    with open_inbox(database_url, redis_url) as opened:
        yield opened


@pytest.fixture
def open_door(inbox: Inbox) -> Iterator[Inbox]:
    """An empty inbox with a bridge."""
    with running_bridge(inbox.settings()):
        yield inbox
