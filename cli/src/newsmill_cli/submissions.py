"""What is handed in: URLs and pages, read from arguments, lines and files."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from newsmill_cli.errors import UsageError
from newsmill_shared.json_text import read_json

__all__ = [
    "MAX_LINE_BYTES",
    "BadLine",
    "Submission",
    "document_of",
    "lines_of",
    "read_arguments",
    "read_lines",
]

MAX_LINE_BYTES = 4 * 1024 * 1024
"""A longer line is read in part, and refused."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SHOWN_CHARACTERS = 200
_MAX_CONTENT_BYTES = 8 * 1024 * 1024

_TEXT_SUFFIXES = frozenset({".txt", ".text"})
_HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})


@dataclass(frozen=True, slots=True)
class Submission:
    """A URL to hand in, from this line of the input (1-based)."""

    line: int
    fields: dict[str, Any]
    """As the API takes them: ``url`` and options."""
    size: int
    """In bytes, as it was written."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be handed in, and why, under the code that the API has for it."""

    line: int
    text: str
    code: str
    problem: str


def read_arguments(urls: Iterable[str], options: dict[str, Any]) -> Iterator[Submission]:
    """Make submissions of URLs that were given as arguments."""
    for line, url in enumerate(urls, start=1):
        yield Submission(line, {"url": url, **options}, len(url))


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Give the lines of a stream; of one that is too large the beginning, a byte too long."""
    while line := stream.readline(MAX_LINE_BYTES + 1):
        yield line
        while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES + 1)


def read_lines(lines: Iterable[bytes], options: dict[str, Any]) -> Iterator[Submission | BadLine]:
    """Make submissions of lines: a URL each, or a JSON object with ``url`` and options.

    Blank lines and those that begin with ``#`` are skipped. What a line says of itself goes
    before ``options``.
    """
    for number, raw in zip(count(1), lines, strict=False):
        line = raw.strip().removeprefix(_BYTE_ORDER_MARK).strip()
        if not line or line.startswith(b"#"):
            continue
        read = _read_line(number, line)
        if isinstance(read, Submission):
            read = Submission(number, {**options, **read.fields}, len(line))
        yield read


def _read_line(number: int, line: bytes) -> Submission | BadLine:
    """Read what a line says by itself."""

    def bad(code: str, problem: str) -> BadLine:
        return BadLine(number, line.decode(errors="replace")[:_SHOWN_CHARACTERS], code, problem)

    if len(line) > MAX_LINE_BYTES:
        return bad("body_too_large", f"a line has at most {MAX_LINE_BYTES:,} bytes")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return bad("encoding", "not UTF-8")
    if not text.startswith(("{", "[", '"')):
        return Submission(number, {"url": text}, len(line))
    try:
        fields = read_json(line)
    except ValueError as error:
        return bad("json", f"not JSON: {error}")
    match fields:
        case str(url) | {"url": str(url)}:
            options = fields if isinstance(fields, dict) else {"url": url}
            return Submission(number, options, len(line))
        case {"url": _}:
            wrong = bad("wrong_type", "its url is not a text")
        case dict():
            wrong = bad("missing_option", 'it has no "url"')
        case _:
            wrong = bad("wrong_type", 'not an object with a "url"')
    return wrong


def document_of(file: Path, *, url: str, timezone: str | None) -> dict[str, Any]:
    """Read a page that was fetched elsewhere, as the API takes it.

    Bytes go as they are: which encoding they have is for the extraction to find out.

    Raises:
        UsageError: The file cannot be read, is too large, or is neither HTML nor text.
    """
    suffix = file.suffix.lower()
    if suffix not in _TEXT_SUFFIXES | _HTML_SUFFIXES:
        known = ", ".join(sorted(_TEXT_SUFFIXES | _HTML_SUFFIXES))
        raise UsageError(
            f"{file} is neither HTML nor text, to go by its name",
            f"Give it a name that ends in one of {known}.",
        )
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_CONTENT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    if len(content) > _MAX_CONTENT_BYTES:
        raise UsageError(f"{file} is too large: a page has at most {_MAX_CONTENT_BYTES:,} bytes")
    document = {
        "url": url,
        "content_base64": base64.b64encode(content).decode(),
        "media_type": "text/plain" if suffix in _TEXT_SUFFIXES else "text/html",
    }
    return {**document, "timezone": timezone} if timezone else document
