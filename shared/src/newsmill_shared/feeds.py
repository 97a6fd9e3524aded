"""Feeds to links: RSS, Atom, RDF and JSON Feed, however badly written."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from time import struct_time
from typing import Any

import feedparser
from lxml import etree, html
from pydantic import JsonValue

from newsmill_shared.dates import EARLIEST_YEAR, read_time
from newsmill_shared.decoding import decode
from newsmill_shared.errors import NewsmillError
from newsmill_shared.json_text import read_json
from newsmill_shared.text import clean_line
from newsmill_shared.urls import URLRefusedError, resolve_reference

__all__ = ["MAX_ENTRIES", "Feed", "FeedEntry", "NotAFeedError", "read_feed"]

MAX_ENTRIES = 1_000
"""Entries beyond these are left out: a feed lists what is new."""

_XML_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*\?>")
_MARKUP_TYPES = frozenset({"text/html", "application/xhtml+xml"})


class NotAFeedError(NewsmillError):
    """These bytes are no feed that can be read."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One item of a feed. Texts are plain, links absolute if the feed's address is known."""

    title: str | None = None
    link: str | None = None
    id: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says about itself, and its items in the order given."""

    title: str | None
    link: str | None
    entries: tuple[FeedEntry, ...]


def read_feed(body: bytes, *, url: str = "", content_type: str | None = None) -> Feed:
    """Read a feed of any kind.

    Args:
        body: As received.
        url: Where it came from; links are read against it.
        content_type: The Content-Type header it came with.

    Raises:
        NotAFeedError: It is none.
    """
    text = decode(body, content_type).text
    if text.lstrip()[:1] == "{":
        return _read_json_feed(text, url)
    # Decoded by the same ladder as pages, and handed over as what it then is.
    utf8 = _XML_DECLARATION.sub("", text, count=1).encode("utf-8", "replace")
    parsed = _parse(utf8, url)
    if not parsed.get("version") and not parsed.entries:
        raise NotAFeedError("this is neither RSS, nor Atom, nor a JSON Feed")
    return Feed(
        title=_title(parsed.feed),
        link=_text(parsed.feed.get("link")),
        entries=tuple(map(_entry, parsed.entries[:MAX_ENTRIES])),
    )


def _parse(utf8: bytes, url: str) -> Any:
    try:
        return feedparser.parse(
            BytesIO(utf8),
            response_headers={
                "content-type": "application/xml; charset=utf-8",
                "content-location": url,
            },
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:
        # Its handlers of single elements fail in many ways on what strangers write.
        raise NotAFeedError(f"the feed is broken: {type(error).__name__}: {error}") from error


def _entry(entry: Any) -> FeedEntry:
    return FeedEntry(
        title=_title(entry),
        link=_text(entry.get("link")),
        id=_text(entry.get("id")),
        published_at=_date(entry.get("published_parsed")),
        updated_at=_date(entry.get("updated_parsed") if "updated" in entry else None),
    )


def _title(element: Any) -> str | None:
    title = element.get("title") or ""
    detail = element.get("title_detail") or {}
    return clean_line(_plain(title) if detail.get("type") in _MARKUP_TYPES else title) or None


def _plain(markup: str) -> str:
    """Return the text of a piece of HTML, without comments, scripts and styles."""
    if "<" not in markup and "&" not in markup:
        return markup
    try:
        root = html.fromstring(f"<div>{markup}</div>")
    except (etree.ParserError, ValueError):
        return markup
    etree.strip_elements(root, etree.Comment, "script", "style", with_tail=False)
    return "".join(map(str, root.itertext()))


def _text(value: object) -> str | None:
    return clean_line(value, limit=4096) or None if isinstance(value, str) else None


def _date(parsed: struct_time | None) -> datetime | None:
    """Return feedparser's time, which is UTC, if it is one a feed can mean."""
    if parsed is None or parsed.tm_year < EARLIEST_YEAR:
        return None
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def _read_json_feed(text: str, url: str) -> Feed:
    """Read JSON Feed (jsonfeed.org, versions 1 and 1.1)."""
    try:
        value = read_json(text.encode())
    except ValueError as error:
        raise NotAFeedError(f"this is no JSON Feed: {error}") from error
    if not isinstance(value, dict) or "jsonfeed.org" not in str(value.get("version")):
        raise NotAFeedError("this JSON is no JSON Feed")
    items = value.get("items")
    return Feed(
        title=_text(value.get("title")),
        link=_link(value.get("home_page_url"), url),
        entries=tuple(
            FeedEntry(
                title=_text(item.get("title")),
                link=_link(item.get("url") or item.get("external_url"), url),
                id=_text(item.get("id")),
                published_at=_time(item.get("date_published")),
                updated_at=_time(item.get("date_modified")),
            )
            for item in (items if isinstance(items, list) else [])[:MAX_ENTRIES]
            if isinstance(item, dict)
        ),
    )


def _link(value: JsonValue, base: str) -> str | None:
    text = _text(value)
    if text is None or not base:
        return text
    try:
        return resolve_reference(base, text)
    except URLRefusedError:
        return text


def _time(value: JsonValue) -> datetime | None:
    return read_time(value) if isinstance(value, str) else None
