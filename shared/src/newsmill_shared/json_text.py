"""JSON from strangers, read strictly: what is accepted can be stored and sent on as it is."""

import math
import re
from collections.abc import Iterator

from pydantic import JsonValue
from pydantic_core import from_json

__all__ = ["read_json"]

_MAY_OVERFLOW = re.compile(rb"[eE]\+?[0-9]{3}|[0-9]{300}")


def read_json(body: bytes) -> JsonValue:
    """Return the value that ``body`` holds (RFC 8259, UTF-8).

    Neither NaN nor Infinity, nor a number too large to be told from it, neither comments nor
    trailing commas, nor lone surrogates; nesting and numbers are bounded by the parser (200
    levels, 4,300 digits), which needs no recursion.

    Raises:
        ValueError: It is not JSON; the message says where.
    """
    value: JsonValue = from_json(body, allow_inf_nan=False)
    if _MAY_OVERFLOW.search(body) and any(map(math.isinf, _floats(value))):
        raise ValueError("a number is too large")
    return value


def _floats(value: JsonValue) -> Iterator[float]:
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, float):
            yield current
        elif isinstance(current, list):
            waiting += current
        elif isinstance(current, dict):
            waiting += current.values()
