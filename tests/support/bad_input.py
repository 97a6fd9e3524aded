"""The table of bad input: what every door refuses, and under which code.

A row is written as one line: a bare URL, or JSON. Doors that read lines take it as it is; for the
others it is made into what their clients would send.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

__all__ = ["GOOD", "ROWS", "Bad", "Door", "json_bodies", "wrong_types"]

Door = Literal["json", "ndjson", "list", "stream", "celery", "cli"]

GOOD = "https://good.example/story"
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Bad:
    """One kind of bad input.

    Args:
        name: What is wrong with it.
        line: How it is written.
        code: What it is refused for.
        differs: What it is refused for at doors that see it otherwise; None where there is no such
            thing.
    """

    name: str
    line: bytes
    code: str
    differs: Mapping[Door, str | None] = field(default_factory=dict)

    def code_at(self, door: Door) -> str | None:
        """Return what it is refused for at a door; None if that door cannot meet it."""
        return self.differs.get(door, self.code)


_IN_REDIS_TOO_LARGE: Mapping[Door, str | None] = {
    "list": "item_too_large",
    "stream": "item_too_large",
    "celery": "item_too_large",
}
_NOT_EVEN_A_MESSAGE: Mapping[Door, str | None] = {"celery": "envelope"}


def _with(option: str, value: object) -> bytes:
    return json.dumps({"url": "https://a.example/", option: value}).encode()


def wrong_types() -> dict[str, bytes]:
    """Return, for each option of a URL, a line in which it has a wrong type."""
    return {
        "url": b'{"url": 7}',
        "label": _with("label", 7),
        "priority": _with("priority", "high"),
        "meta": _with("meta", "x"),
        "timezone": _with("timezone", ["Asia/Baku"]),
        "not_before": _with("not_before", 5),
        "expires_at": _with("expires_at", True),
        "max_age_seconds": _with("max_age_seconds", "1"),
        "force": _with("force", 1),
    }


ROWS = (
    Bad("not a URL", b"paper", "not_a_url"),
    Bad("1 MB of URL", b"https://a.example/" + b"x" * _MB, "too_long", _IN_REDIS_TOO_LARGE),
    Bad("a private address", b"http://192.168.0.1/", "address"),
    Bad("this machine", b"http://127.0.0.1/", "address"),
    Bad("broken JSON", b'{"url": "https://a.exa', "json", _NOT_EVEN_A_MESSAGE),
    Bad("deep JSON", b"[" * 100_000, "json", _NOT_EVEN_A_MESSAGE),
    Bad("a number that is none", b'{"url": NaN}', "json", _NOT_EVEN_A_MESSAGE),
    Bad("half a character", b'"https://a.example/\\ud800"', "json", _NOT_EVEN_A_MESSAGE),
    Bad("bad UTF-8", b"https://a.example/\xff", "encoding", _NOT_EVEN_A_MESSAGE),
    Bad("NUL", b"https://a.example/\x00", "characters"),
    Bad(
        "a huge binary file",
        b"\x89PNG\r" + b"\xfe\x00" * _MB,
        "encoding",
        {"json": None, **_IN_REDIS_TOO_LARGE},
    ),
    Bad("a small binary file", b"\x89PNG\r" + b"\0" * 1000, "encoding", _NOT_EVEN_A_MESSAGE),
    Bad(
        "nothing",
        b"",
        "item_empty",
        {"json": "body_empty", "ndjson": None, "cli": None, "celery": "envelope"},
    ),
    Bad("no URL", b"{}", "missing_option"),
    Bad("an unknown option", _with("colour", "red"), "unknown_option"),
    Bad("an option out of range", _with("priority", 11), "invalid_option"),
    *(
        Bad(f"a wrong type of {option}", line, "wrong_type")
        for option, line in wrong_types().items()
    ),
)


def json_bodies() -> list[bytes]:
    """Return bodies of JSON, sound and broken, from data beside the repository."""
    root = Path(__file__).parents[2]
    data = Path(os.environ.get("NEWSMILL_SHARED_DATA", root.parent / "shared"))
    file = data / "conformance" / "cases" / "json_bodies.json"
    if not file.exists():
        pytest.skip(f"there is no {file}: set NEWSMILL_SHARED_DATA")
    cases = json.loads(file.read_text(encoding="utf-8"))["cases"]
    return [base64.b64decode(case["body_b64"]) for case in cases]
