"""Refuses bodies that would hang or kill a parser, in time linear in their size.

Parsers are quadratic in the attributes of one tag and in the depth of open tags, in C code where
a soft time limit does not act: what they would choke on must not reach them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsmill_shared.errors import EndedError
from newsmill_shared.reasons import Reason

__all__ = [
    "MAX_ATTRIBUTES",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_TAGS",
    "Scan",
    "binary_kind",
    "nesting",
    "scan_bytes",
    "scan_markup",
]

MAX_BYTES = 8 * 1024 * 1024
MAX_TAGS = 150_000
MAX_DEPTH = 600
FEW_TAGS = 8_000
"""So few may be nested in each other: 50 ms at worst, no page of news has more."""

MAX_ATTRIBUTES = 400
"""Of one tag."""

MAX_OPTIONS = 12_000
"""Of all selections: lexbor's time is quadratic in those of one."""

MAX_NUL_SHARE = 0.02
MAX_CONTROL_SHARE = 0.05
SAMPLE_BYTES = 64 * 1024

_MAGIC = (
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b\x08", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh", "bzip2 data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"OggS", "Ogg media"),
    (b"ID3", "MP3 audio"),
    (b"\x1aE\xdf\xa3", "Matroska media"),
    (b"RIFF", "RIFF media"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "a database"),
)
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27}) + b"\x7f"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Scan:
    """What a linear look at a page counts."""

    tags: int
    depth: int
    """Of open tags, on a page of more than ``FEW_TAGS``; else 0."""


def binary_kind(body: bytes) -> str | None:
    """Return what a body is if it is no text: by magic number, NULs and control characters."""
    head = body[:16]
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if body[4:8] == b"ftyp":
        return "MP4 media"
    sample = body[:SAMPLE_BYTES]
    if not sample or sample.startswith(_UTF16) or _looks_utf16(sample):
        return None
    nul = sample.count(0)
    if nul > MAX_NUL_SHARE * len(sample):
        return "binary data (NUL bytes)"
    controls = len(sample) - len(sample.translate(None, _CONTROLS)) - nul
    if controls > MAX_CONTROL_SHARE * len(sample):
        return "binary data (control characters)"
    return None


def _looks_utf16(sample: bytes) -> bool:
    """UTF-16 without a mark: NULs in (nearly) every second place, and only there."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    few, many = sorted((even, odd))
    return many > 0.3 * len(sample) / 2 and few < 0.02 * len(sample)


def scan_bytes(body: bytes) -> None:
    """Refuse a body by its size or nature.

    Raises:
        EndedError: ``too_large`` above 8 MiB, ``decode`` for what is no text.
    """
    if len(body) > MAX_BYTES:
        raise EndedError(Reason.TOO_LARGE, f"{len(body):,} bytes, at most {MAX_BYTES:,}")
    kind = binary_kind(body)
    if kind:
        raise EndedError(Reason.DECODE, f"looks like {kind}")


# Groups are atomic, not possessive: up to Python 3.11.4 a possessive group that fails half way
# leaves the match where it failed (CPython issue 106052).
_ATTRIBUTE = r"\s++[^\s\"'<>/=]++(?>(?:=(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'<>=`]++))?)"
_NO_RAW = r"(?i:script|style|textarea|title|xmp|noembed|noframes)\b"
_PLAIN_TAG = rf"</?+(?!{_NO_RAW})[a-zA-Z][^\s/>\"'<=]*+(?>(?:{_ATTRIBUTE}){{0,60}})\s*+/?+>"
_PLAIN = re.compile(rf"(?>(?:[^<]++|<(?![a-zA-Z/!])|{_PLAIN_TAG})*)")
"""Text and tags of at most 60 regular attributes: nearly every page, at the speed of C."""

_RAW = ("script", "style", "textarea", "title", "xmp", "noembed", "noframes")
_RAW_CLOSE = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in _RAW}
_OPTION = re.compile(r"<opt", re.IGNORECASE)
_OPEN = re.compile(r"</?([a-zA-Z][^\s/>]*+)")
_ONE_ATTRIBUTE = re.compile(
    r"[\s/]*+=?+[^\s/>=]++(?>(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+))?)"
)
_REST = re.compile(r"[\s/=]*+>?")


def scan_markup(text: str) -> Scan:
    """Count the tags of a page and refuse what no parser should see.

    Raises:
        EndedError: ``too_large``, naming the limit: tags, options, depth, attributes of a tag.
    """
    tags = text.count("<")
    if tags > MAX_TAGS:
        raise EndedError(Reason.TOO_LARGE, f"{tags:,} tags, at most {MAX_TAGS:,}")
    if tags > MAX_OPTIONS and (options := len(_OPTION.findall(text))) > MAX_OPTIONS:
        raise EndedError(Reason.TOO_LARGE, f"{options:,} options, at most {MAX_OPTIONS:,}")
    _check_attributes(text)
    depth = nesting(text) if tags > FEW_TAGS else 0
    if depth > MAX_DEPTH:
        depth = _depth(text)
        if depth > MAX_DEPTH:
            raise EndedError(Reason.TOO_LARGE, f"tags nested {depth:,} deep, at most {MAX_DEPTH:,}")
    return Scan(tags, depth)


def _check_attributes(text: str) -> None:
    at, end = 0, len(text)
    while at < end:
        plain = _PLAIN.match(text, at)
        at = plain.end() if plain else at
        if at >= end:
            return
        if text.startswith("<!--", at):
            close = text.find("-->", at + 4)
            at = close + 3 if close >= 0 else end
            continue
        opened = _OPEN.match(text, at)
        if opened is None:
            at += 1
            continue
        at = _count_attributes(text, opened.end())
        raw = _RAW_CLOSE.get(opened[1].lower())
        if raw is not None and text[opened.start() + 1] != "/":
            closed = raw.search(text, at)
            at = closed.end() if closed else end


def _count_attributes(text: str, at: int) -> int:
    """Walk over one tag as the HTML standard does; return where it ends."""
    for _ in range(MAX_ATTRIBUTES):
        attribute = _ONE_ATTRIBUTE.match(text, at)
        if attribute is None:
            rest = _REST.match(text, at)
            return max(rest.end() if rest else at, at + 1)
        at = attribute.end()
    if _ONE_ATTRIBUTE.match(text, at):
        raise EndedError(Reason.TOO_LARGE, f"a tag with more than {MAX_ATTRIBUTES} attributes")
    return at


_VOID = "area base br col embed hr img input link meta param source track wbr"
_CLOSED_BY_THE_NEXT = "p li option optgroup dt dd tr td th thead tbody tfoot colgroup rt rp"
_UNNESTED = frozenset(f"{_VOID} {_CLOSED_BY_THE_NEXT} html head body a button".split())
_NESTED = re.compile(rf"<(/?)(?!(?:{'|'.join(_UNNESTED)})\b)[a-zA-Z][^\s/<>]*", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)([^<>]*)>?")


def nesting(text: str) -> int:
    """The depth if tags within scripts are tags too: nearly always right, at half the cost."""
    deepest = depth = 0
    for slash in _NESTED.findall(text):
        if slash:
            depth -= 1 if depth else 0
        else:
            depth += 1
            if depth > deepest:  # noqa: PLR1730 - a call to max would cost as much as the rest
                deepest = depth
    return deepest


def _tag_steps(text: str) -> Iterator[int]:
    at = 0
    while (tag := _TAG.search(text, at)) is not None:
        at = tag.end()
        name = tag[2].lower()
        if name in _UNNESTED or tag[3].endswith("/"):
            continue
        if tag[1]:
            yield -1
        elif (raw := _RAW_CLOSE.get(name)) is not None:
            closed = raw.search(text, at)
            if closed is None:
                return
            at = closed.end()
        else:
            yield 1


def _depth(text: str) -> int:
    deepest = depth = 0
    for step in _tag_steps(text):
        depth = max(0, depth + step)
        deepest = max(deepest, depth)
    return deepest
