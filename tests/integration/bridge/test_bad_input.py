"""Whatever is put into a door: the bridge lives, and rejects each junk once, with the reason."""

import base64
import json
from collections import Counter
from typing import Any

import pytest

from newsmill_gateway.bridge.batches import MAX_ITEM_BYTES, SHOWN_BYTES, Door, Item
from newsmill_gateway.bridge.items import judge
from newsmill_gateway.bridge.keys import CELERY_KEYS, LIST_KEY, STREAM_KEY
from newsmill_gateway.problems import Refusal
from newsmill_shared.addresses import AddressPolicy
from tests.integration.bridge.conftest import Inbox, running_bridge, wait_for
from tests.support.bad_input import GOOD, ROWS, json_bodies
from tests.unit.bridge.builders import a_message

STORY = "https://paper.example/story"

HOSTILE: list[tuple[str | bytes, str]] = [
    (b"", "item_empty"),
    (b" \r\n", "item_empty"),
    (b"\0", "characters"),
    (f"{STORY}\0".encode(), "characters"),
    (b"\xff\xfe\x00\x01", "encoding"),
    (bytes(range(256)), "encoding"),
    (b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, "encoding"),
    ("http://" + "ü" * 20_000, "too_long"),
    (f"{STORY}?{'x' * 1_000_000}", "item_too_large"),
    (b'{"url": "' + b"\xfe" * 5_000_000, "item_too_large"),
    ("[" * 100_000, "json"),
    ('{"url":' * 30_000, "json"),
    (f'["{STORY}"]', "wrong_type"),
    ("null", "not_a_url"),
    ('{"url": null}', "wrong_type"),
    ('{"url": 7}', "wrong_type"),
    ('{"url": ["a"]}', "wrong_type"),
    ("{}", "missing_option"),
    ('{"url": "' + STORY + '", "priority": "5"}', "wrong_type"),
    ('{"url": "' + STORY + '", "priority": 10}', "invalid_option"),
    ('{"url": "' + STORY + '", "priority": true}', "wrong_type"),
    ('{"url": "' + STORY + '", "force": 1}', "wrong_type"),
    ('{"url": "' + STORY + '", "label": 1}', "wrong_type"),
    ('{"url": "' + STORY + '", "label": "a\\u0000b"}', "invalid_option"),
    ('{"url": "' + STORY + '", "meta": []}', "wrong_type"),
    ('{"url": "' + STORY + '", "meta": {"a": NaN}}', "json"),
    ('{"url": "' + STORY + '", "meta": {"a": "' + "x" * 20_000 + '"}}', "invalid_option"),
    ('{"url": "' + STORY + '", "timezone": "../../etc/passwd"}', "invalid_option"),
    ('{"url": "' + STORY + '", "not_before": 1}', "wrong_type"),
    ('{"url": "' + STORY + '", "not_before": "2025-06-17T18:17:00"}', "invalid_option"),
    ('{"url": "' + STORY + '", "max_age_seconds": -1}', "invalid_option"),
    ('{"url": "' + STORY + '", "shout": true}', "unknown_option"),
    ("javascript:alert(1)", "scheme"),
    ("http://169.254.169.254/latest", "address"),
    ("http://user:word@paper.example/", "userinfo"),
    ("http://paper.example:22/", "port"),
    ("<html>a page</html>", "not_a_url"),
]


def as_bytes(item: str | bytes) -> bytes:
    return item.encode() if isinstance(item, str) else item


def kept(entry: dict[str, Any]) -> bytes:
    """What a record shows of its item, as bytes."""
    return (
        base64.b64decode(entry["item_base64"])
        if "item_base64" in entry
        else str(entry["item"]).encode()
    )


@pytest.fixture(scope="module")
def bodies() -> list[bytes]:
    """Bodies of JSON, sound and broken."""
    return json_bodies()


def test_hostile_items_are_rejected_with_the_reason(open_door: Inbox) -> None:
    items = [as_bytes(item) for item, _ in HOSTILE]

    open_door.push(*items)
    for item in items:
        open_door.redis.xadd(STREAM_KEY, {"item": item})
    open_door.push(STORY)
    wait_for(open_door.is_settled, "all is settled")

    expected = Counter(code for _, code in HOSTILE)
    for door in (Door.LIST, Door.STREAM):
        told = [entry for entry in open_door.rejected() if entry["door"] == door]
        assert Counter(entry["code"] for entry in told) == expected
        assert Counter(entry["bytes"] - 4 * (door is Door.STREAM) for entry in told) == Counter(
            map(len, items)
        )
    assert open_door.urls() == [STORY]


def as_message(line: bytes) -> bytes:
    """Return what a Celery client sends for a line, or the line where no client could."""
    try:
        value = json.loads(line) if line[:1] in (b"{", b"[", b'"') else line.decode()
    except (ValueError, RecursionError):
        return line
    return a_message(kwargs=value) if isinstance(value, dict) else a_message(value)


def test_the_table_of_bad_input_is_refused_at_every_door(open_door: Inbox) -> None:
    for row in ROWS:
        open_door.push(GOOD, row.line)
        open_door.redis.xadd(STREAM_KEY, {"item": row.line})
        is_message = row.code_at("celery") != "envelope"
        message = as_message(row.line) if is_message else row.line
        open_door.redis.lpush(CELERY_KEYS[0], message)
    wait_for(open_door.is_settled, "all is settled")

    for door in Door:
        told = Counter(entry["code"] for entry in open_door.rejected() if entry["door"] == door)
        assert told == Counter(row.code_at(door.value) for row in ROWS), door
    assert open_door.urls() == [GOOD] * len(ROWS)


def test_a_long_item_is_kept_in_part(open_door: Inbox) -> None:
    open_door.push("é" * MAX_ITEM_BYTES, "y" + "é" * 5000)

    wait_for(open_door.is_settled, "both are settled")

    large, long = open_door.rejected()
    assert (large["code"], large["bytes"], large["cut"]) == (
        "item_too_large",
        2 * MAX_ITEM_BYTES,
        True,
    )
    assert large["item"] == "é" * (SHOWN_BYTES // 2)
    assert (long["cut"], long["item"]) == (True, "y" + "é" * (SHOWN_BYTES // 2 - 1))


def test_every_json_body_is_accepted_or_rejected_once(inbox: Inbox, bodies: list[bytes]) -> None:
    verdicts = [judge(Item.of(body), Door.LIST, AddressPolicy.parse("")) for body in bodies]
    junk = Counter(
        body for body, said in zip(bodies, verdicts, strict=True) if isinstance(said, Refusal)
    )
    inbox.push(*bodies)
    for body in bodies:
        inbox.redis.xadd(STREAM_KEY, {"item": body})
        inbox.redis.lpush(CELERY_KEYS[0], body)

    with running_bridge(inbox.settings()):
        wait_for(inbox.is_settled, "all is settled")
        inbox.push(STORY)
        wait_for(lambda: STORY in inbox.urls(), "the bridge lives")

    assert len(bodies) == 165
    by_door = {
        door: Counter(kept(entry) for entry in inbox.rejected() if entry["door"] == door)
        for door in Door
    }
    shown = Counter({body[:SHOWN_BYTES]: count for body, count in junk.items()})
    assert by_door[Door.LIST] == shown
    assert by_door[Door.STREAM] == shown
    assert by_door[Door.CELERY] == Counter(body[:SHOWN_BYTES] for body in bodies)
    assert len(inbox.urls()) == 1 + 2 * (len(bodies) - junk.total())


def test_json_bodies_inside_messages_are_rejected_as_well(
    inbox: Inbox, bodies: list[bytes]
) -> None:
    for body in bodies:
        inbox.redis.lpush(
            CELERY_KEYS[2],
            json.dumps(
                {
                    "headers": {"task": "newsmill.url.submit"},
                    "content-type": "application/json",
                    "body": base64.b64encode(body).decode(),
                    "properties": {"body_encoding": "base64"},
                }
            ),
        )

    with running_bridge(inbox.settings()):
        wait_for(inbox.is_settled, "all is settled")

    codes = Counter(entry["code"] for entry in inbox.rejected())
    assert codes.total() == len(bodies)
    assert set(codes) == {"envelope", "item_too_large"}
    assert inbox.urls() == []


def test_an_entry_with_broken_fields_is_rejected(open_door: Inbox) -> None:
    entries: list[tuple[list[bytes], str]] = [
        ([b"url", STORY.encode(), b"label", b"\xff"], "encoding"),
        ([b"url", STORY.encode(), b"\xff", b"x"], "encoding"),
        ([b"url", STORY.encode(), b"url", STORY.encode()], "invalid_option"),
        ([b"url", STORY.encode(), b"label", b"a\0b"], "invalid_option"),
        ([b"url", STORY.encode(), b"meta", b"{"], "wrong_type"),
        ([b"url", STORY.encode(), b"x" * 300_000, b"1"], "item_too_large"),
        ([b"label", b"a", b"priority", b"1"], "missing_option"),
        ([b"", b""], "item_empty"),
    ]

    for fields, _ in entries:
        open_door.redis.execute_command("XADD", STREAM_KEY, "*", *fields)  # type: ignore[no-untyped-call]
    wait_for(open_door.is_settled, "all is settled")

    assert [entry["code"] for entry in open_door.rejected()] == [code for _, code in entries]


def test_large_items_never_fill_the_bridge(inbox: Inbox) -> None:
    """What is too large is read in part, and a batch is full after a few megabytes."""
    for number in range(40):
        inbox.push(b"%d" % number * 1_000_000, f"https://h.example/{number}")

    with running_bridge(inbox.settings()):
        wait_for(inbox.is_settled, "all is settled")

    assert len(inbox.urls()) == 40
    assert len(inbox.rejected()) == 40
    assert inbox.redis.llen(LIST_KEY) == 0
    assert inbox.sql("select count(*) > 5 from receipt") == [(True,)]
