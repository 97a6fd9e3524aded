"""What is put into the list and the stream is accepted, or rejected with the reason, once."""

import json
from typing import Any

import pytest

from newsmill_gateway.bridge.adapters.redis_inbox import RedisInbox
from newsmill_gateway.bridge.adapters.redis_lists import Leftovers, ListSource, TakenLists
from newsmill_gateway.bridge.batches import Batch, Door
from newsmill_gateway.bridge.keys import (
    CELERY_KEYS,
    DOORS_KEY,
    DROPPED_KEY,
    LIST_KEY,
    REJECTED_KEY,
    TAKEN_KEY,
)
from newsmill_shared.queue.broker import BrokerAwayError, as_bytes
from newsmill_shared.queue.notes import NOTES_KEY, WakeNote, parse_note
from tests.integration.bridge.conftest import Inbox, running_bridge, wait_for

STORY = "https://paper.example/story"


def test_a_list_takes_bare_urls_and_json(open_door: Inbox) -> None:
    open_door.push(STORY, json.dumps(f"{STORY}/2"), json.dumps({"url": f"{STORY}/3"}))

    wait_for(open_door.is_settled, "all is settled")

    assert open_door.urls() == [STORY, f"{STORY}/2", f"{STORY}/3"]
    assert open_door.rejected() == []


def test_options_are_those_of_the_http_door(open_door: Inbox) -> None:
    open_door.push(
        json.dumps(
            {
                "url": STORY,
                "label": "front",
                "priority": 7,
                "force": True,
                "max_age_seconds": 60,
                "meta": {"order": [1, "é"]},
                "timezone": "Asia/Baku",
                "expires_at": "2099-01-01T00:00:00Z",
            }
        )
    )

    wait_for(open_door.is_settled, "it is settled")

    assert open_door.sql(
        "select label, priority, force, max_age_seconds, meta, timezone,"
        " extract(year from expires_at)::int from job"
    ) == [("front", 7, True, 60.0, {"order": [1, "é"]}, "Asia/Baku", 2099)]


def test_an_entry_of_one_field_is_an_item_whatever_the_field_is_called(open_door: Inbox) -> None:
    open_door.add(url=STORY)
    open_door.add(payload=json.dumps({"url": f"{STORY}/2", "priority": 3}))

    wait_for(open_door.is_settled, "all is settled")

    assert open_door.sql("select url, priority from job order by url") == [
        (STORY, 0),
        (f"{STORY}/2", 3),
    ]


def test_an_entry_of_several_fields_is_options(open_door: Inbox) -> None:
    open_door.add(url=STORY, label="12", priority="5", force="true", meta='{"order": 7}')

    wait_for(open_door.is_settled, "it is settled")

    assert open_door.sql("select url, label, priority, force, meta from job") == [
        (STORY, "12", 5, True, {"order": 7})
    ]


def test_junk_is_rejected_once_with_the_reason_and_spoils_nothing(open_door: Inbox) -> None:
    open_door.push("ftp://paper.example/x", STORY, '{"url": ', "http://127.0.0.1/")
    open_door.add(url="nonsense")
    open_door.add(url=f"{STORY}/2", priority="high")

    wait_for(open_door.is_settled, "all is settled")

    assert open_door.urls() == [STORY]
    assert sorted((entry["door"], entry["code"]) for entry in open_door.rejected()) == [
        ("list", "address"),
        ("list", "json"),
        ("list", "scheme"),
        ("stream", "not_a_url"),
        ("stream", "wrong_type"),
    ]
    assert {"item": "ftp://paper.example/x", "bytes": 21, "cut": False}.items() <= (
        next(entry for entry in open_door.rejected() if entry["code"] == "scheme").items()
    )


def test_a_document_is_sent_to_the_door_that_takes_it(open_door: Inbox) -> None:
    open_door.push(json.dumps({"url": STORY, "content": "<p>Text", "media_type": "text/html"}))

    wait_for(open_door.is_settled, "it is settled")

    (entry,) = open_door.rejected()
    assert entry["code"] == "unknown_option"
    assert "/v1/documents" in entry["detail"]


def test_a_batch_has_one_receipt_whose_key_is_the_taken_lists_name(inbox: Inbox) -> None:
    inbox.push(*(f"https://h{number % 7}.example/{number}" for number in range(2500)))

    with running_bridge(inbox.settings()):
        wait_for(inbox.is_settled, "all is settled")

    assert inbox.sql("select accepted from receipt order by accepted") == [(500,), (1000,), (1000,)]
    assert inbox.sql("select count(distinct url), count(*) from job") == [(2500, 2500)]
    assert inbox.sql("select count(*) from receipt where key ~ '^[0-9a-f-]{36}$'") == [(3,)]


def test_the_dispatcher_is_told_of_new_work(open_door: Inbox) -> None:
    open_door.push(STORY)

    wait_for(lambda: open_door.redis.llen(NOTES_KEY) > 0, "there is a note")

    note = parse_note(open_door.redis.lpop(NOTES_KEY))  # type: ignore[arg-type]
    assert isinstance(note, WakeNote)
    assert [(host,) for host in note.hosts] == open_door.sql("select id from host")


def test_the_newest_junk_is_kept_and_what_is_dropped_is_counted(inbox: Inbox) -> None:
    inbox.push(*(f"junk {number}" for number in range(25)))

    with running_bridge(inbox.settings(bridge_rejected_max=10)):
        wait_for(inbox.is_settled, "all is settled")

    assert [entry["item"] for entry in inbox.rejected()] == [f"junk {n}" for n in range(15, 25)]
    assert inbox.redis.get(DROPPED_KEY) == b"15"


def test_a_full_redis_is_drained(inbox: Inbox) -> None:
    inbox.push(*(f"https://h.example/{number}" for number in range(1500)), "junk")
    inbox.add(url=STORY)
    inbox.redis.config_set("maxmemory", "1")
    try:
        with running_bridge(inbox.settings()):
            # By reading alone: while it is full, this Redis refuses other transactions.
            wait_for(lambda: bool(inbox.rejected()) and len(inbox.urls()) == 1501, "it is drained")
    finally:
        inbox.redis.config_set("maxmemory", "0")

    assert inbox.is_settled()
    assert len(inbox.rejected()) == 1


def test_a_door_of_a_wrong_kind_keeps_only_itself_closed(inbox: Inbox) -> None:
    inbox.redis.set(LIST_KEY, "no list")
    inbox.add(url=STORY)

    with running_bridge(inbox.settings()):
        wait_for(lambda: inbox.urls() == [STORY], "the stream is read")
        inbox.redis.delete(LIST_KEY)
        inbox.push(f"{STORY}/2")
        wait_for(lambda: len(inbox.urls()) == 2, "the list is read when it is one")

    assert inbox.rejected() == []


def test_a_batch_whose_answer_was_lost_is_read_again_and_settled_once(inbox: Inbox) -> None:
    inbox.push("junk 1", "junk 2")
    lists = TakenLists(RedisInbox(inbox.redis, owner="a-bridge", rejected_max=10))
    first = lists.take(LIST_KEY, "LEFT", Door.LIST, "a-name")
    inbox.push("junk 3")
    again = lists.take(LIST_KEY, "LEFT", Door.LIST, "a-name")
    assert first is not None
    for _ in range(2):
        lists.settle(first, {"a-name": [b"1", b"2"]})

    assert again == first
    assert inbox.redis.hgetall(DOORS_KEY) == {b"list rejected": b"2"}
    assert inbox.redis.lrange(REJECTED_KEY, 0, -1) == [b"1", b"2"]
    assert inbox.redis.lrange(LIST_KEY, 0, -1) == [b"junk 3"]


def test_what_each_door_accepts_and_rejects_is_counted(open_door: Inbox) -> None:
    open_door.push(STORY, "junk", f"{STORY}/2")
    open_door.add(url=f"{STORY}/3")
    open_door.redis.lpush(CELERY_KEYS[0], "junk")

    wait_for(open_door.is_settled, "all is settled")

    assert open_door.redis.hgetall(DOORS_KEY) == {
        b"list accepted": b"2",
        b"list rejected": b"1",
        b"stream accepted": b"1",
        b"celery rejected": b"1",
    }


def test_figures_that_cannot_be_kept_keep_nobody_waiting(open_door: Inbox) -> None:
    open_door.redis.set(DOORS_KEY, "something else")

    open_door.push(STORY, "junk")
    wait_for(open_door.is_settled, "all is settled")

    assert len(open_door.rejected()) == 1


class LossyLists(TakenLists):
    """Redis does what it is asked, but its first answer is lost."""

    has_lost = False

    def take(self, *args: Any, **changed: Any) -> Batch | None:
        """Take, and lose the answer once."""
        return self._lose(super().take(*args, **changed))

    def adopt(self, *args: Any) -> Batch | None:
        """Adopt, and lose the answer once."""
        return self._lose(super().adopt(*args))

    def _lose(self, answer: Batch | None) -> Batch | None:
        if not self.has_lost:
            self.has_lost = True
            raise ConnectionError("the answer was lost")
        return answer


def test_what_was_taken_by_a_call_without_an_answer_is_found(inbox: Inbox) -> None:
    source = a_lossy_source(inbox)
    inbox.push("https://h.example/1")

    with pytest.raises(BrokerAwayError):
        source.take()
    inbox.push("https://h.example/2")
    found = source.take()

    assert found is not None
    assert [item.parts for item in found.requests[0].items] == [(b"https://h.example/1",)]


def test_a_key_that_another_bridge_has_used_meanwhile_is_not_used_again(inbox: Inbox) -> None:
    source = a_lossy_source(inbox)
    inbox.push("https://h.example/1")

    with pytest.raises(BrokerAwayError):
        source.take()
    (used,) = as_bytes(inbox.redis.hkeys(TAKEN_KEY))
    inbox.redis.delete(f"{TAKEN_KEY}:{used.decode()}")
    inbox.push("https://h.example/2")
    found = source.take()

    assert found is not None
    assert [item.parts for item in found.requests[0].items] == [(b"https://h.example/2",)]
    assert found.requests[0].key != used.decode()


def test_what_was_adopted_by_a_call_without_an_answer_is_found(inbox: Inbox) -> None:
    name = "01a2122b-d744-75fd-aa83-5addc5e1a5c6"
    inbox.redis.rpush(f"{TAKEN_KEY}:{name}", "https://h.example/1")
    inbox.redis.hset(TAKEN_KEY, name, "list somebody-dead")
    inbox.redis.set("newsmill:worker:bridge:a", "lives")
    leftovers = Leftovers(LossyLists(RedisInbox(inbox.redis, owner="bridge:a", rejected_max=10)))

    with pytest.raises(BrokerAwayError):
        leftovers.take()
    found = leftovers.take()

    assert found is not None
    assert found.requests[0].key == name


def a_lossy_source(inbox: Inbox) -> ListSource:
    """The list, read over a bad line."""
    lists = LossyLists(RedisInbox(inbox.redis, owner="a-bridge", rejected_max=10))
    return ListSource(inbox.redis, LIST_KEY, door=Door.LIST, side="LEFT", lists=lists)
