"""The examples of docs/redis.md and docs/celery.md are run, by the users that the page defines."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from newsmill_gateway.bridge.keys import LIST_KEY, REJECTED_KEY, STREAM_KEY, TAKEN_KEY
from newsmill_shared.queue.app import celery_url
from tests.integration.bridge.conftest import Inbox, running_bridge, wait_for
from tests.unit.bridge.builders import a_message

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str, *languages: str) -> list[tuple[str, str]]:
    """Return the examples of a page that are written in one of these languages."""
    found = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    return [(language, text) for language, text in found if language in languages]


@pytest.fixture
def users(inbox: Inbox) -> Iterator[dict[str, str]]:
    """The URL of Redis for each user that the page defines."""
    ((_, lines),) = blocks("redis.md", "acl")
    names = []
    for line in lines.splitlines():
        _, name, *rules = line.split()
        inbox.redis.execute_command("ACL", "SETUSER", name, "reset", *rules)  # type: ignore[no-untyped-call]
        names.append(name)
    yield {
        name: re.sub(r"//[^@]*@", f"//{name}:PASSWORD@", inbox.redis_url, count=1) for name in names
    }
    inbox.redis.acl_deluser(*names)


@pytest.fixture
def served(inbox: Inbox, users: dict[str, str]) -> Iterator[Inbox]:
    """An inbox whose bridge is the user that the page defines."""
    with running_bridge(inbox.settings(redis_url=users["bridge"])):
        yield inbox


def run_python(example: str, url: str) -> None:
    """Run an example as a program."""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", example],
        env={**os.environ, "REDIS_URL": url},
        check=True,
        timeout=60,
    )


def run_redis(example: str, url: str) -> None:
    """Send the commands of an example."""
    with Redis.from_url(url) as redis:
        for line in example.splitlines():
            redis.execute_command(*shlex.split(line))


def assert_told_as(entry: dict[str, Any], example: str) -> None:
    """A record has the members that the page shows, and says the same."""
    said = json.loads(example)
    assert list(entry) == list(said)
    for name in ("door", "code", "detail", "cut"):
        assert entry[name] == said[name]


def test_the_examples_of_the_redis_door(served: Inbox, users: dict[str, str]) -> None:
    (record,) = (text for _, text in blocks("redis.md", "json"))

    for language, example in blocks("redis.md", "redis", "python"):
        (run_redis if language == "redis" else run_python)(example, users["inbox"])
    wait_for(served.is_settled, "all is settled")

    assert len(served.urls()) == 1004
    assert served.sql("select label, priority, force from job where url like '%fourth'") == [
        ("front page", 5, True)
    ]
    (entry,) = served.rejected()
    assert_told_as(entry, record)


def test_the_examples_of_the_celery_door(served: Inbox, users: dict[str, str]) -> None:
    (record,) = (text for _, text in blocks("celery.md", "json"))

    for _, example in blocks("celery.md", "python"):
        run_python(example, celery_url(users["inbox"]))
    wait_for(served.is_settled, "all is settled")

    assert served.sql("select url, priority, state from job order by url") == [
        ("https://paper.example/other", 0, "waiting"),
        ("https://paper.example/soon", 0, "held"),
        ("https://paper.example/story", 0, "waiting"),
        ("https://paper.example/tomorrow", 9, "held"),
    ]
    (entry,) = served.rejected()
    assert_told_as(entry, record)


def test_the_bridges_user_may_do_all_that_a_bridge_does(
    inbox: Inbox, users: dict[str, str]
) -> None:
    name = "01a2122b-d744-75fd-aa83-5addc5e1a5c6"
    inbox.redis.rpush(f"{TAKEN_KEY}:{name}", "https://h.example/1", "junk")
    inbox.redis.xgroup_create(STREAM_KEY, "newsmill", id="0", mkstream=True)
    inbox.redis.xgroup_createconsumer(STREAM_KEY, "newsmill", "somebody-dead")
    inbox.redis.xgroup_createconsumer(STREAM_KEY, "newsmill", "bridge:dead")
    inbox.push("https://h.example/2", "junk")
    inbox.add(url="https://h.example/3")
    inbox.redis.lpush("submit\x06\x169", a_message("https://h.example/4"))

    with running_bridge(inbox.settings(redis_url=users["bridge"], bridge_rejected_max=1)):
        wait_for(inbox.is_settled, "all is settled")
        consumers = inbox.redis.xinfo_consumers(STREAM_KEY, "newsmill")

    assert inbox.urls() == [f"https://h.example/{number}" for number in (1, 2, 3, 4)]
    assert len(inbox.rejected()) == 1
    assert len(consumers) == 1


@pytest.mark.parametrize(
    "command",
    [
        "GET newsmill:epoch",
        "RPUSH newsmill:notes x",
        "LPUSH ingest x",
        "RPUSH newsmill:inbox:rejected x",
        "LRANGE newsmill:inbox:taken:1 0 -1",
        "LPOP newsmill:inbox:list",
        "DEL newsmill:inbox",
        "LPUSH submitted x",
        "XTRIM newsmill:inbox MAXLEN 0",
        "EVAL 'return 1' 0",
        "SCAN 0",
        "KEYS *",
        "FLUSHALL",
        "CONFIG GET *",
        "ACL WHOAMI",
        "CLIENT LIST",
    ],
)
def test_other_systems_may_touch_nothing_else(users: dict[str, str], command: str) -> None:
    with Redis.from_url(users["inbox"]) as redis:
        assert redis.llen(LIST_KEY) == redis.llen(REJECTED_KEY) == 0

        with pytest.raises(NoPermissionError):
            redis.execute_command(*shlex.split(command))
