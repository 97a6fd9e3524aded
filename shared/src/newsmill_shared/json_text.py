"""JSON from strangers, read strictly: what is accepted can be stored and sent on as it is."""

from pydantic import JsonValue
from pydantic_core import from_json

__all__ = ["read_json"]


def read_json(body: bytes) -> JsonValue:
    """Return the value that ``body`` holds (RFC 8259, UTF-8).

    Neither NaN nor Infinity, neither comments nor trailing commas, nor lone surrogates; nesting
    and numbers are bounded by the parser (200 levels, 4,300 digits), which needs no recursion.

    Raises:
        ValueError: It is not JSON; the message says where.
    """
    value: JsonValue = from_json(body, allow_inf_nan=False)
    return value
