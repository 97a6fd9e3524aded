"""Request bodies: from bytes to the lines of a batch, where one bad line never spoils the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from pydantic import JsonValue

from newsmill_gateway.problems import Code, ProblemError, Refusal
from newsmill_shared.json_text import read_json

__all__ = ["MAX_ITEMS", "Line", "body_format", "read_line", "read_lines", "read_object"]

MAX_ITEMS = 10_000
"""A batch holds at most so many lines; a longer one is sent in parts."""

_JSON_TYPES = frozenset({"application/json"})
_NDJSON_TYPES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CALLER_ERROR = HTTPStatus.UNPROCESSABLE_ENTITY

Format = Literal["json", "ndjson"]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a batch: its number, counted from 1, and its value or why it cannot be read."""

    number: int
    value: JsonValue | Refusal


def body_format(content_type: str | None) -> Format:
    """Return how a body is written, from its Content-Type.

    Only types that a web page cannot send to another site unasked are taken.

    Raises:
        ProblemError: 415 ``media_type``.
    """
    media_type, _, parameters = (content_type or "").partition(";")
    name = media_type.strip().lower()
    charset = parameters.strip().lower().replace('"', "")
    if charset in ("", "charset=utf-8", "charset=utf8"):
        if name in _JSON_TYPES:
            return "json"
        if name in _NDJSON_TYPES:
            return "ndjson"
    raise ProblemError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        Code.MEDIA_TYPE,
        "send UTF-8 with Content-Type application/json, or application/x-ndjson for lines",
    )


def read_lines(body: bytes, written: Format) -> list[Line]:
    """Return the lines of a batch: a JSON value, a JSON list, or NDJSON.

    In NDJSON a line is a JSON object or string, or a bare URL; empty lines are left out and
    lines count as in the file.

    Raises:
        ProblemError: 400 ``body_empty``, ``encoding`` or ``json`` for a body that cannot be
            read at all; 413 ``too_many_items``.
    """
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if written == "ndjson":
        lines = list(_bounded(_read_ndjson(body)))
    else:
        value = _parse_whole(body)
        entries = value if isinstance(value, list) else [value]
        lines = list(_bounded(Line(number, entry) for number, entry in enumerate(entries, 1)))
    if not lines:
        raise _empty()
    return lines


def read_object(body: bytes) -> dict[str, JsonValue]:
    """Return the one JSON object that a body holds.

    Raises:
        ProblemError: As for ``read_lines``; 422 ``wrong_type`` for another JSON value.
    """
    value = _parse_whole(body.removeprefix(_BYTE_ORDER_MARK))
    if not isinstance(value, dict):
        raise ProblemError(_CALLER_ERROR, Code.WRONG_TYPE, "send one JSON object")
    return value


def read_line(line: bytes) -> JsonValue | Refusal:
    """Return what one line says: a JSON object or string, or a bare URL; or why it says nothing.

    Args:
        line: UTF-8 without white space around it, not empty.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return Refusal(Code.ENCODING, "the line is not UTF-8")
    if text[0] not in '{["':
        return text
    try:
        return read_json(line)
    except ValueError as error:
        return Refusal(Code.JSON, f"the line is not JSON: {error}")


def _read_ndjson(body: bytes) -> Iterator[Line]:
    for number, raw in enumerate(body.split(b"\n"), 1):
        line = raw.strip()
        if line:
            yield Line(number, read_line(line))


def _parse_whole(body: bytes) -> JsonValue:
    if not body.strip():
        raise _empty()
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, Code.ENCODING, f"the body is not UTF-8 at byte {error.start}"
        ) from None
    try:
        return read_json(body)
    except ValueError as error:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, Code.JSON, f"the body is not JSON: {error}"
        ) from None


def _bounded(lines: Iterator[Line]) -> Iterator[Line]:
    for count, line in enumerate(lines):
        if count == MAX_ITEMS:
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                Code.TOO_MANY_ITEMS,
                f"send at most {MAX_ITEMS:,} lines at once",
            )
        yield line


def _empty() -> ProblemError:
    return ProblemError(
        HTTPStatus.BAD_REQUEST, Code.BODY_EMPTY, 'send a URL, such as {"url": "https://..."}'
    )
