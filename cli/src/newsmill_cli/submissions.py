"""What is handed in: URLs and pages, read from arguments, lines and files."""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsmill_cli.errors import UsageError

__all__ = ["BadLine", "Submission", "document_of", "read_arguments", "read_lines"]

_TEXT_SUFFIXES = frozenset({".txt", ".text"})
_HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})


@dataclass(frozen=True, slots=True)
class Submission:
    """A URL to hand in, from this line of the input (1-based)."""

    line: int
    fields: dict[str, Any]
    """As the API takes them: ``url`` and options."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be handed in, and why."""

    line: int
    text: str
    problem: str


def read_arguments(urls: Iterable[str], options: dict[str, Any]) -> Iterator[Submission]:
    """Make submissions of URLs that were given as arguments."""
    for line, url in enumerate(urls, start=1):
        yield Submission(line, {"url": url, **options})


def read_lines(lines: Iterable[str], options: dict[str, Any]) -> Iterator[Submission | BadLine]:
    """Make submissions of lines: a URL each, or a JSON object with ``url`` and options.

    Blank lines and those that begin with ``#`` are skipped. What a line says of itself goes
    before ``options``.
    """
    for line, raw in enumerate(lines, start=1):
        text = raw.strip().removeprefix("\ufeff")
        if not text or text.startswith("#"):
            continue
        if not text.startswith(("{", "[", '"')):
            yield Submission(line, {"url": text, **options})
            continue
        try:
            fields = json.loads(text)
        except ValueError as error:
            yield BadLine(line, text, f"not JSON: {error}")
            continue
        if isinstance(fields, str):
            fields = {"url": fields}
        if not isinstance(fields, dict) or not isinstance(fields.get("url"), str):
            yield BadLine(line, text, 'not an object with a "url"')
            continue
        yield Submission(line, {**options, **fields})


def document_of(file: Path, *, url: str, timezone: str | None) -> dict[str, Any]:
    """Read a page that was fetched elsewhere, as the API takes it.

    Bytes go as they are: which encoding they have is for the extraction to find out.

    Raises:
        UsageError: The file cannot be read, or it is neither HTML nor text.
    """
    suffix = file.suffix.lower()
    if suffix not in _TEXT_SUFFIXES | _HTML_SUFFIXES:
        known = ", ".join(sorted(_TEXT_SUFFIXES | _HTML_SUFFIXES))
        raise UsageError(
            f"{file} is neither HTML nor text, to go by its name",
            f"Give it a name that ends in one of {known}.",
        )
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    document = {
        "url": url,
        "content_base64": base64.b64encode(content).decode(),
        "media_type": "text/plain" if suffix in _TEXT_SUFFIXES else "text/html",
    }
    return {**document, "timezone": timezone} if timezone else document
