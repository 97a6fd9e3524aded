"""From an item as it lay in Redis to the value that it says, or to why it says none."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from pydantic import JsonValue

from newsmill_gateway.bodies import read_line
from newsmill_gateway.bridge.batches import MAX_ITEM_BYTES, Door, Item
from newsmill_gateway.bridge.envelope import read_envelope
from newsmill_gateway.intake import read_url
from newsmill_gateway.problems import Code, Refusal
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.accept import Submission
from newsmill_shared.json_text import read_json

__all__ = ["ItemCode", "judge", "read_item"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TEXT_OPTIONS = frozenset({"url", "label", "timezone", "not_before", "expires_at"})
_CONTENT = frozenset({"content", "content_base64"})


class ItemCode(StrEnum):
    """Codes of items that only the bridge meets, beside those of lines (`Code`); never renamed."""

    EMPTY = "item_empty"
    TOO_LARGE = "item_too_large"


def judge(item: Item, door: Door, policy: AddressPolicy) -> Submission | Refusal:
    """Return the submission that an item asks for, or why it is junk."""
    value = read_item(item, door)
    if isinstance(value, dict) and not _CONTENT.isdisjoint(value):
        return Refusal(Code.UNKNOWN_OPTION, "documents are handed in by HTTP: POST /v1/documents")
    return read_url(value, policy)


def read_item(item: Item, door: Door) -> JsonValue | Refusal:
    """Return what an item says, or why it cannot be read."""
    if item.is_too_large:
        return Refusal(ItemCode.TOO_LARGE, f"an item has at most {MAX_ITEM_BYTES:,} bytes")
    return _READERS[door](item.parts)


def _read_list_item(parts: tuple[bytes, ...]) -> JsonValue | Refusal:
    line = parts[0].removeprefix(_BYTE_ORDER_MARK).strip()
    return read_line(line) if line else Refusal(ItemCode.EMPTY, "the item is empty")


def _read_message(parts: tuple[bytes, ...]) -> JsonValue | Refusal:
    return read_envelope(parts[0])


def _read_entry(parts: tuple[bytes, ...]) -> JsonValue | Refusal:
    """Read the fields of a stream's entry.

    The value of an only field is an item, whatever the field's name. Several fields are options:
    texts as they are, the others as JSON.
    """
    if len(parts) == 2:
        return _read_list_item(parts[1:])
    options: dict[str, JsonValue] = {}
    for raw_name, raw_value in zip(parts[::2], parts[1::2], strict=True):
        try:
            name, value = raw_name.decode(), raw_value.decode()
        except UnicodeDecodeError:
            return Refusal(Code.ENCODING, "a field of the entry is not UTF-8")
        if name in options:
            return Refusal(Code.INVALID_OPTION, f"{name[:64]}: given twice")
        if name in _TEXT_OPTIONS:
            options[name] = value
            continue
        try:
            options[name] = read_json(raw_value)
        except ValueError:
            # An option that does not exist is refused for that, whatever its value.
            options[name] = value
    return options


_READERS: Mapping[Door, Callable[[tuple[bytes, ...]], JsonValue | Refusal]] = {
    Door.LIST: _read_list_item,
    Door.STREAM: _read_entry,
    Door.CELERY: _read_message,
}
