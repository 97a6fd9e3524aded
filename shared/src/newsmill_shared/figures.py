"""How newsmill writes numbers, ages and times for people: two units at most, spelled alike."""

import math
from datetime import UTC, datetime

__all__ = ["age", "clock", "count", "lasting", "megabytes"]

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


def megabytes(value: int) -> str:
    """Return a size in the unit that suits it: ``512 MB``, ``2 GB``."""
    size, unit = (value / 2**30, "GB") if value >= 2**30 else (value / 2**20, "MB")
    return (
        f"{size:.1f} {unit}"
        if size < 10 and not math.isclose(size, round(size))
        else (f"{size:.0f} {unit}")
    )


def lasting(seconds: float | None, *, missing: str = "none") -> str:
    """Return a duration that may be very short: ``35 ms``, from a tenth of a second on an age."""
    if seconds is None or seconds >= 0.1:
        return age(seconds, missing=missing)
    return f"{seconds * 1000:.0f} ms"


def clock(moment: datetime) -> str:
    """Return the time of day in UTC: ``03:12:07``."""
    return f"{moment.astimezone(UTC):%H:%M:%S}"
