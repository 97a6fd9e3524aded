"""Rows to and from SQL parameters."""

import json
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, JsonValue

__all__ = ["columns", "document", "jsonb", "storable"]


def columns(names: Sequence[str], rows: Iterable[Sequence[object]]) -> dict[str, list[object]]:
    """Turn rows into one list a column, as ``unnest`` wants them."""
    lists: list[list[object]] = [[] for _ in names]
    for row in rows:
        for values, value in zip(lists, row, strict=True):
            values.append(value)
    return dict(zip(names, lists, strict=True))


def storable(text: str) -> str:
    """Return text as PostgreSQL takes it: no NUL, and U+FFFD for lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def document(value: BaseModel) -> str:
    """Return a message's value as JSON that PostgreSQL's jsonb takes."""
    written = value.model_dump_json()
    return jsonb(value.model_dump(mode="json")) if "\\u0000" in written else written


def jsonb(value: Mapping[str, JsonValue] | Sequence[JsonValue]) -> str:
    """Return JSON whose strings PostgreSQL's jsonb takes."""
    return json.dumps(_storable(value), ensure_ascii=False, allow_nan=False)


def _storable(value: object) -> object:
    match value:
        case str():
            return storable(value)
        case Mapping():
            return {storable(key): _storable(item) for key, item in value.items()}
        case list() | tuple():
            return [_storable(item) for item in value]
        case _:
            return value
