"""A real Celery client hands in URLs, by the name of a task alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery

from newsmill_gateway.bridge.keys import CELERY_KEYS
from newsmill_shared.queue.app import celery_url
from tests.integration.bridge.conftest import Inbox, running_bridge, wait_for

TASK = "newsmill.url.submit"
STORY = "https://paper.example/story"


@pytest.fixture
def client(inbox: Inbox) -> Iterator[Celery]:
    """Celery as anybody has it, its settings untouched."""
    with Celery("anybody", broker=celery_url(inbox.redis_url)) as app:
        yield app


def test_a_task_is_a_url_handed_in(client: Celery, open_door: Inbox) -> None:
    client.send_task(
        TASK,
        kwargs={"url": STORY, "label": "front", "priority": 6, "meta": {"order": 7}},
        queue="submit",
    )
    client.send_task(TASK, args=[f"{STORY}/2"], queue="submit")
    client.send_task(TASK, args=[f"{STORY}/3"], kwargs={"force": True}, queue="submit")

    wait_for(lambda: len(open_door.urls()) == 3, "all are accepted")

    assert open_door.sql("select url, label, priority, meta, force from job order by url") == [
        (STORY, "front", 6, {"order": 7}, False),
        (f"{STORY}/2", None, 0, {}, False),
        (f"{STORY}/3", None, 0, {}, True),
    ]
    assert open_door.rejected() == []


def test_every_priority_is_read(client: Celery, inbox: Inbox) -> None:
    for priority in range(10):
        client.send_task(TASK, args=[f"{STORY}/{priority}"], queue="submit", priority=priority)
    waiting = [inbox.redis.llen(key) for key in CELERY_KEYS]

    with running_bridge(inbox.settings()):
        wait_for(inbox.is_settled, "all is settled")

    assert waiting == [3, 3, 3, 1]
    assert len(inbox.urls()) == 10


def test_a_countdown_and_an_expiry_are_kept(client: Celery, open_door: Inbox) -> None:
    client.send_task(TASK, args=[STORY], queue="submit", countdown=3600, expires=7200)
    client.send_task(
        TASK,
        kwargs={"url": f"{STORY}/2", "not_before": datetime.now(UTC) + timedelta(hours=1)},
        queue="submit",
    )

    wait_for(lambda: len(open_door.urls()) == 2, "both are accepted")

    assert open_door.sql(
        "select state, round(extract(epoch from not_before - accepted_at) / 60)::int,"
        " round(extract(epoch from expires_at - accepted_at) / 60)::int from job order by url"
    ) == [("held", 60, 120), ("held", 60, None)]


def test_other_tasks_and_other_serializers_are_rejected(client: Celery, open_door: Inbox) -> None:
    client.send_task("os.system", args=["ls"], queue="submit")
    client.send_task(TASK, args=[STORY, STORY], queue="submit")
    client.send_task(TASK, args=[{"url": STORY}], queue="submit")
    client.send_task(TASK, args=[STORY], kwargs={"url": STORY}, queue="submit")
    client.send_task(TASK, args=[STORY], queue="submit", serializer="pickle")
    client.send_task(TASK, args=[STORY], queue="submit", compression="gzip")
    client.send_task(TASK, args=["ftp://paper.example/"], queue="submit")
    client.send_task(TASK, queue="submit")

    wait_for(open_door.is_settled, "all is settled")

    assert [entry["code"] for entry in open_door.rejected()] == [
        "unknown_task",
        "arguments",
        "arguments",
        "arguments",
        "envelope",
        "envelope",
        "scheme",
        "missing_option",
    ]
    assert open_door.urls() == []


def test_a_client_of_the_older_protocol_is_told(client: Celery, open_door: Inbox) -> None:
    client.conf.task_protocol = 1

    client.send_task(TASK, args=[STORY], queue="submit")
    wait_for(open_door.is_settled, "it is settled")

    (entry,) = open_door.rejected()
    assert entry["code"] == "envelope"
    assert "protocol 2" in entry["detail"]
