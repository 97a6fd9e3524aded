"""Lengths of time and moments, as people write them on a command line."""

import re
from datetime import datetime, timedelta

from newsmill_cli.errors import UsageError

__all__ = ["moment_of", "seconds_of"]

_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}


def seconds_of(text: str, option: str) -> float:
    """Return how long ``90s``, ``30m``, ``2h`` or ``1d`` is, in seconds.

    Raises:
        UsageError: It is no length of time; ``option`` is where it was written.
    """
    seconds = _length(text)
    if not seconds:
        raise UsageError(f"{option} {text}: this is no length of time", "Write 90s, 30m, 2h or 1d.")
    return seconds


def moment_of(text: str, *, now: datetime) -> str:
    """Return a moment for the API: one that is written out, or so long ago as ``2h`` says."""
    seconds = _length(text)
    return text if seconds is None else (now - timedelta(seconds=seconds)).isoformat()


def _length(text: str) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(s|m|min|h|d)", text.strip())
    return float(found[1]) * _UNITS[found[2]] if found else None
