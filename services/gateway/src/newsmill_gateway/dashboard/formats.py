"""How the dashboard writes numbers, ages and times: two units at most, spelled alike everywhere."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from newsmill_shared.figures import age, clock, count, lasting, megabytes
from newsmill_shared.urls import URLRefusedError, canonicalize

__all__ = [
    "age",
    "bare_host",
    "clock",
    "count",
    "host_of",
    "lasting",
    "megabytes",
    "percent",
    "rate",
    "safe_link",
    "stamp",
]


def rate(per_second: float) -> str:
    """Return how many a second: ``34.1/s``."""
    return f"{per_second:,.1f}/s"


def percent(part: float, whole: float) -> str:
    """Return a share: ``2.9 %``; of nothing it is ``none``."""
    if whole <= 0:
        return "none"
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 10 else f"{share:.1f} %"


def stamp(moment: datetime) -> str:
    """Return day and time in UTC: ``2026-11-25 03:12:07``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def safe_link(url: object) -> str | None:
    """Return a URL that may be linked to, or None: anything but http and https is only shown."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme.lower() in ("http", "https") and parts.netloc else None


def host_of(url: str) -> str:
    """Return the host of a URL as the ledger names it, with an unusual port; empty for none."""
    try:
        return canonicalize(url).host
    except URLRefusedError:
        return ""


def bare_host(host: str) -> str:
    """Return a host's name without its port, as articles are listed by."""
    try:
        return urlsplit(f"//{host}").hostname or host
    except ValueError:
        return host
