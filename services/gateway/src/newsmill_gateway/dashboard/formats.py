"""How the dashboard writes numbers, ages and times: two units at most, spelled alike everywhere."""

import math
from datetime import UTC, datetime
from urllib.parse import urlsplit

from newsmill_shared.urls import URLRefusedError, canonicalize

__all__ = [
    "age",
    "bare_host",
    "clock",
    "count",
    "host_of",
    "megabytes",
    "percent",
    "rate",
    "safe_link",
    "stamp",
]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def count(value: int) -> str:
    """Return a whole number with its thousands apart: ``2,314,090``."""
    return f"{value:,}"


def age(seconds: float | None, *, missing: str = "none") -> str:
    """Return a length of time: ``0.3 s``, ``46 min``, ``10 h 7 min``, ``6 d 2 h``.

    Args:
        seconds: How long; below zero (two clocks disagree) counts as nothing.
        missing: What to say when there is nothing to measure.
    """
    if seconds is None:
        return missing
    seconds = max(seconds, 0.0)
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "min", 1 if whole < 10 * _MINUTE else _MINUTE, "s")
    if whole < _DAY:
        return _two(whole, _HOUR, "h", _MINUTE, "min")
    return _two(whole, _DAY, "d", _HOUR, "h")


def _two(whole: int, large: int, large_name: str, small: int, small_name: str) -> str:
    first, rest = divmod(whole, large)
    second = rest // small
    return f"{first} {large_name}" + (f" {second} {small_name}" if second else "")


def rate(per_second: float) -> str:
    """Return how many a second: ``34.1/s``."""
    return f"{per_second:,.1f}/s"


def percent(part: float, whole: float) -> str:
    """Return a share: ``2.9 %``; of nothing it is ``none``."""
    if whole <= 0:
        return "none"
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 10 else f"{share:.1f} %"


def megabytes(value: int) -> str:
    """Return a size in the unit that suits it: ``512 MB``, ``2 GB``."""
    size, unit = (value / 2**30, "GB") if value >= 2**30 else (value / 2**20, "MB")
    return (
        f"{size:.1f} {unit}"
        if size < 10 and not math.isclose(size, round(size))
        else (f"{size:.0f} {unit}")
    )


def clock(moment: datetime) -> str:
    """Return the time of day in UTC: ``03:12:07``."""
    return f"{moment.astimezone(UTC):%H:%M:%S}"


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
