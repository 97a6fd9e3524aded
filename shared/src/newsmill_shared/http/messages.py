"""What a request asks for and what comes back: values and header rules, without I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_RETRY_AFTER_SECONDS",
    "PAGE_TYPES",
    "REDIRECT_STATUSES",
    "Response",
    "Validators",
    "media_type",
    "retry_after_seconds",
]

MAX_BODY_BYTES = 8 * 1024 * 1024
"""A larger body is refused, counted on the wire and after decompression."""

MAX_RETRY_AFTER_SECONDS = 86_400.0

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

PAGE_TYPES = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "text/plain",
        "text/xml",
        "application/xml",
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "application/ld+json",
    }
)
"""Media types that a page or a feed may have; others are not read."""

_MEDIA_TYPE = re.compile(r"\s*([a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+)\s*(?:;|,|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a host gave us to ask whether a page has changed; sent back word for word."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the conditional request headers."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True, slots=True)
class Response:
    """One response, whole and decompressed."""

    url: str
    """The URL that was asked."""
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; repeated headers joined by a comma."""
    body: bytes = b""
    """Empty unless the status is 200."""
    location: str | None = None
    """Where a redirect points, as the host wrote it."""
    set_cookies: tuple[str, ...] = ()
    robots_tags: tuple[str, ...] = ()
    """The X-Robots-Tag headers, one by one: what a name in one holds for ends with it."""

    @property
    def media_type(self) -> str | None:
        """The declared media type in lower case, or None if there is no readable one."""
        return media_type(self.headers.get("content-type"))


def media_type(content_type: str | None) -> str | None:
    """Return the media type of a Content-Type header, or None if it names none."""
    match = _MEDIA_TYPE.match(content_type or "")
    return match[1].lower() if match else None


def retry_after_seconds(value: str | None, *, now: datetime) -> float | None:
    """Read a Retry-After header: seconds or a date (RFC 9110, 10.2.3), at most a day.

    A value that is neither, and a date that is past, ask for nothing special: None and 0.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)
