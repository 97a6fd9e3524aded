"""Items of the list and the stream, the digest of a request, and the record of junk."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.bridge.batches import MAX_ITEM_BYTES, SHOWN_BYTES, Door, Item, digest
from newsmill_gateway.bridge.items import judge, read_item
from newsmill_gateway.bridge.records import record
from newsmill_gateway.problems import Refusal
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.accept import Submission
from tests.support.builders import NOON

STORY = "https://paper.example/story"
POLICY = AddressPolicy.parse("")
REFUSAL = Refusal("a_code", "a detail")


def an_entry(*parts: str | bytes) -> Item:
    """An entry of a stream."""
    fields = tuple(part.encode() if isinstance(part, str) else part for part in parts)
    return Item(sum(map(len, fields)), fields)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (STORY.encode(), STORY),
        (f"  {STORY}\r\n".encode(), STORY),
        (f"\ufeff{STORY}".encode(), STORY),
        (f'"{STORY}"'.encode(), STORY),
        (f'{{"url": "{STORY}"}}'.encode(), {"url": STORY}),
    ],
)
def test_an_item_is_a_bare_url_or_json(raw: bytes, value: object) -> None:
    assert read_item(Item.of(raw), Door.LIST) == value


def test_an_only_field_is_an_item() -> None:
    assert read_item(an_entry("anything", STORY), Door.STREAM) == STORY


def test_several_fields_are_options_texts_as_they_are_and_others_as_json() -> None:
    entry = an_entry("url", STORY, "label", "7", "priority", "7", "force", "true", "odd", "{")

    assert read_item(entry, Door.STREAM) == {
        "url": STORY,
        "label": "7",
        "priority": 7,
        "force": True,
        "odd": "{",
    }


def test_what_is_too_large_is_refused_by_its_size_alone() -> None:
    refusal = read_item(Item(MAX_ITEM_BYTES + 1, (STORY.encode(),)), Door.LIST)

    assert isinstance(refusal, Refusal)
    assert refusal.code == "item_too_large"


def test_the_longest_url_and_the_largest_options_fit_however_escaped() -> None:
    """Only then is every larger item surely junk."""
    longest = "https://paper.example/" + "é" * 600
    meta = {"text": "é" * 8_000}
    options = {"url": longest, "label": "é" * 200, "meta": meta}

    line = Item.of(json.dumps(options, ensure_ascii=True).encode())

    assert not line.is_too_large
    assert isinstance(judge(line, Door.LIST, POLICY), Submission)


@given(st.sampled_from(Door), st.binary())
def test_bytes_are_never_an_error(door: Door, raw: bytes) -> None:
    item = an_entry("field", raw) if door is Door.STREAM else Item.of(raw)

    assert isinstance(judge(item, door, POLICY), Refusal)


@given(st.lists(st.tuples(st.binary(), st.binary()), min_size=2))
def test_fields_are_never_an_error(pairs: list[tuple[bytes, bytes]]) -> None:
    entry = an_entry(*(part for pair in pairs for part in pair))

    assert isinstance(judge(entry, Door.STREAM, POLICY), Refusal)


@given(st.lists(st.lists(st.binary(), max_size=3)), st.lists(st.lists(st.binary(), max_size=3)))
def test_different_requests_have_different_digests(
    one: list[list[bytes]], other: list[list[bytes]]
) -> None:
    items = [tuple(an_entry(*parts) for parts in request) for request in (one, other)]

    assert (digest(items[0]) == digest(items[1])) == (one == other)


@given(st.binary(max_size=SHOWN_BYTES))
def test_a_record_holds_the_whole_item(raw: bytes) -> None:
    said = json.loads(record(Item.of(raw), REFUSAL, door=Door.LIST, at=NOON))

    kept = (
        base64.b64decode(said["item_base64"])
        if "item_base64" in said
        else str(said["item"]).encode()
    )
    assert kept == raw
    assert (said["bytes"], said["cut"]) == (len(raw), False)


def test_a_record_is_hardly_longer_than_what_it_shows() -> None:
    """Control characters take six bytes each in JSON."""
    junk = b"\x01" * 2 * SHOWN_BYTES

    said = record(Item.of(junk), REFUSAL, door=Door.LIST, at=NOON)

    assert len(said) < 1.5 * SHOWN_BYTES + 200
    assert base64.b64decode(json.loads(said)["item_base64"]) == junk[:SHOWN_BYTES]


def test_a_record_says_when_where_and_why() -> None:
    said = json.loads(record(an_entry("url", "x"), REFUSAL, door=Door.STREAM, at=NOON))

    assert said == {
        "at": "2026-11-25T12:00:00Z",
        "door": "stream",
        "code": "a_code",
        "detail": "a detail",
        "item": "x",
        "bytes": 4,
        "cut": False,
    }


def test_a_record_of_several_fields_shows_all() -> None:
    entry = an_entry("url", "x", "label", "y")

    said = json.loads(record(entry, REFUSAL, door=Door.STREAM, at=NOON))

    assert said["item"] == "url\nx\nlabel\ny"
