"""Rows to and from SQL parameters."""

import json
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

__all__ = ["columns", "jsonb"]


def columns(names: Sequence[str], rows: Iterable[Sequence[object]]) -> dict[str, list[object]]:
    """Turn rows into one list a column, as ``unnest`` wants them."""
    lists: list[list[object]] = [[] for _ in names]
    for row in rows:
        for values, value in zip(lists, row, strict=True):
            values.append(value)
    return dict(zip(names, lists, strict=True))


def jsonb(value: Mapping[str, JsonValue] | Sequence[JsonValue]) -> str:
    """Return JSON as PostgreSQL's jsonb takes it: a NUL, which it refuses, is left out."""
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "")
