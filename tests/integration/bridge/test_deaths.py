"""A bridge may be killed at any moment, and others may run beside it: each item counts once."""

import json
import os
import random
import time
from uuid import uuid4

from newsmill_gateway.bridge.keys import CELERY_KEYS, GROUP, LIST_KEY, STREAM_KEY, TAKEN_KEY
from newsmill_gateway.bridge.settings import BridgeSettings
from tests.integration.bridge.conftest import Inbox, running_bridge, start_bridge, wait_for
from tests.unit.bridge.builders import a_message

KILLS = int(os.environ.get("NEWSMILL_TEST_KILLS", "3"))


class Load:
    """Items for all doors, each URL once, some of them junk."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.urls: list[str] = []
        self.junk: list[str] = []

    def put(self, items: int) -> None:
        """Put so many items into each door."""
        with self._inbox.redis.pipeline(transaction=False) as pipeline:
            for _ in range(items):
                pipeline.rpush(LIST_KEY, self._url("list"))
                pipeline.lpush(CELERY_KEYS[len(self.urls) % 4], a_message(self._url("celery")))
                pipeline.xadd(STREAM_KEY, {"url": self._url("stream")})
                pipeline.rpush(LIST_KEY, self._junk())
                pipeline.xadd(STREAM_KEY, {"url": self._junk()})
            pipeline.execute()

    def _url(self, door: str) -> str:
        number = len(self.urls)
        self.urls.append(f"https://h{number % 50}.example/{door}/{number}")
        return self.urls[-1]

    def _junk(self) -> str:
        self.junk.append(f"junk {len(self.junk)}")
        return self.junk[-1]

    def assert_each_counted_once(self) -> None:
        """Every URL is one job, and every junk one record."""
        assert self._inbox.urls() == sorted(self.urls)
        assert sorted(entry["item"] for entry in self._inbox.rejected()) == sorted(self.junk)
        self._inbox.assert_conserved()


def test_killed_at_any_moment_it_counts_each_item_once(inbox: Inbox) -> None:
    chance = random.Random(7)
    load = Load(inbox)
    left_behind = 0
    for _ in range(KILLS):
        load.put(300)
        before = len(inbox.urls())
        with start_bridge(inbox) as bridge:
            wait_for(lambda before=before: len(inbox.urls()) > before, "it has begun")  # type: ignore[misc]
            load.put(300)
            time.sleep(chance.uniform(0, 0.2))
            bridge.kill()
        left_behind += bool(inbox.redis.hlen(TAKEN_KEY)) + bool(pending(inbox))

    with running_bridge(inbox.settings()):
        wait_for(inbox.is_settled, "what the dead left has been taken up")

    assert left_behind
    load.assert_each_counted_once()


def test_bridges_share_the_work(inbox: Inbox) -> None:
    load = Load(inbox)
    with running_bridge(inbox.settings()), running_bridge(inbox.settings()):
        for _ in range(10):
            load.put(100)
        wait_for(inbox.is_settled, "all is settled")

    load.assert_each_counted_once()


def test_what_was_accepted_but_not_settled_is_not_accepted_again(inbox: Inbox) -> None:
    """As if the bridge had died between its commit and its last word to Redis."""
    name = str(uuid4())
    items = ["https://h.example/1", "junk", "https://h.example/2"]

    for _ in range(2):
        inbox.redis.rpush(f"{TAKEN_KEY}:{name}", *items)
        inbox.redis.hset(TAKEN_KEY, name, "list somebody-dead")
        with running_bridge(inbox.settings()):
            wait_for(inbox.is_settled, "it has been taken up")

    assert inbox.sql("select key, accepted from receipt") == [(name, 2)]
    assert inbox.urls() == ["https://h.example/1", "https://h.example/2"]


def test_a_list_that_nobody_has_indexed_is_taken_up(inbox: Inbox) -> None:
    inbox.redis.rpush(f"{TAKEN_KEY}:{uuid4()}", "https://h.example/1", "junk")
    inbox.redis.rpush(f"{TAKEN_KEY}:something", "not ours")

    with running_bridge(inbox.settings()):
        wait_for(lambda: inbox.urls() == ["https://h.example/1"], "it has been taken up")
        wait_for(inbox.is_settled, "it is settled")

    assert len(inbox.rejected()) == 1
    assert inbox.redis.llen(f"{TAKEN_KEY}:something") == 1


def test_leftovers_of_the_celery_door_are_read_as_messages(inbox: Inbox) -> None:
    name = str(uuid4())
    inbox.redis.rpush(f"{TAKEN_KEY}:{name}", a_message("https://h.example/1"))
    inbox.redis.hset(TAKEN_KEY, name, "celery somebody-dead")

    with running_bridge(inbox.settings()):
        wait_for(inbox.is_settled, "it has been taken up")

    assert inbox.urls() == ["https://h.example/1"]


def test_under_other_settings_nothing_is_lost_in_silence(inbox: Inbox) -> None:
    """A receipt that fits no more: each item is told of, none is accepted twice."""
    name = str(uuid4())
    items = ["https://h.example/1", "http://127.77.0.1:8080/2"]

    for allow in ("", "127.77.0.0/16:8080"):
        inbox.redis.rpush(f"{TAKEN_KEY}:{name}", *items)
        inbox.redis.hset(TAKEN_KEY, name, "list somebody-dead")
        settings: BridgeSettings = inbox.settings(fetch_allow=allow)
        with running_bridge(settings):
            wait_for(inbox.is_settled, "it has been taken up")

    assert inbox.urls() == ["https://h.example/1"]
    assert [(entry["code"], entry["item"]) for entry in inbox.rejected()] == [
        ("address", items[1]),
        ("idempotency_conflict", items[0]),
        ("idempotency_conflict", items[1]),
    ]


def test_an_entry_that_vanished_while_it_was_read_is_forgotten(inbox: Inbox) -> None:
    inbox.redis.xgroup_create(STREAM_KEY, GROUP, id="0", mkstream=True)
    entry = inbox.redis.xadd(STREAM_KEY, {"url": "https://h.example/1"})
    inbox.redis.xreadgroup(GROUP, "somebody-dead", {STREAM_KEY: ">"})
    inbox.redis.xclaim(STREAM_KEY, GROUP, "somebody-dead", 0, [entry], idle=60_000)
    inbox.redis.xdel(STREAM_KEY, entry)
    inbox.add(url="https://h.example/2")

    with running_bridge(inbox.settings()):
        wait_for(lambda: pending(inbox) == 0 and inbox.is_settled(), "nothing is pending")
        names = [found["name"] for found in inbox.redis.xinfo_consumers(STREAM_KEY, GROUP)]

    assert inbox.urls() == ["https://h.example/2"]
    assert json.dumps([name.decode() for name in names]).count("bridge") == 1


def pending(inbox: Inbox) -> int:
    """Count entries that were read and not settled."""
    groups = inbox.redis.xinfo_groups(STREAM_KEY)
    return int(groups[0]["pending"])
