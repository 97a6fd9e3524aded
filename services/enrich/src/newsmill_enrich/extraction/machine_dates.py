"""Dates as machines write them, spelled anew in the one way that the reader of dates knows.

ISO 8601 (basic, ordinal, week), RFC 822 and 850 with years of two digits, everyday mistakes and
what templates put around: in a text they would be numbers like any other, as the whole of a value
they are dates.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

__all__ = ["respell", "unix_seconds"]

_CLOCK = r"(?:[t ](?P<h>\d\d)(?::?(?P<min>\d\d)(?::?(?P<s>\d\d)(?:[.,]\d+)?)?)?)?"
_BASIC_CLOCK = r"(?:[t ]?(?P<h>\d\d)(?P<min>\d\d)(?:(?P<s>\d\d)(?:[.,]\d+)?)?)?"
_OFFSET = r"\s*(?P<offset>z|[+-]\d\d(?::?\d\d)?)?"

_BASIC = re.compile(rf"(?P<y>\d{{4}})(?P<m>\d\d)(?P<d>\d\d){_BASIC_CLOCK}{_OFFSET}")
_HOUR = re.compile(rf"(?P<y>\d{{4}})-(?P<m>\d\d)-(?P<d>\d\d)t(?P<h>\d\d)(?P<min>)(?P<s>){_OFFSET}")
_ORDINAL = re.compile(rf"(?P<y>\d{{4}})-(?P<n>\d{{3}}){_CLOCK}{_OFFSET}")
_WEEK = re.compile(rf"(?P<y>\d{{4}})(?P<dash>-?)w(?P<w>\d\d)(?P=dash)(?P<n>[1-7]){_CLOCK}{_OFFSET}")
_SHORT = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})[t ](?P<h>\d{1,2}):(?P<min>\d{1,2})"
    rf"(?::(?P<s>\d{{1,2}})(?:[.,]\d+)?)?{_OFFSET}"
)
_YEAR_OF_TWO = re.compile(
    r"(?P<head>(?:[^\W\d_]{2,9}\.?,?\s*)?\d{1,2}[ -][^\W\d_]{3,9}\.?[ -])(?P<y>\d\d)"
    r"(?P<tail>(?:\s.*)?)"
)
_DASH = re.compile(r"(?<=\d)[\u2010-\u2015\u2212](?=\d)")
_OFFSET_IN_BRACKETS = re.compile(r"\(((?:gmt|utc)\s*[+-]\d{1,2}(?::?\d\d)?)\)$")
_WEEKDAY_IN_BRACKETS = re.compile(r"(?<=[\d日일])\s*\([^\W\d_]{1,9}\)(?=\s*\d)")
_UNIT_LAST = re.compile(r"(?<=\d)(?:\s+(?:hs?|y|г|р)\.?|-?\s?c[iıuü] il\w*)$")
"""Words for hours, or for a year, after the last number."""
_ATLANTIC = re.compile(r"(?<=\d) at$")
_OFFSET_OF_ONE = re.compile(r"(?<=:\d\d) ([+-])(\d)$")
_ZONE_TWICE = re.compile(r"(?<= [+-]\d{4}) [a-z]{2,5}$")
_UNIX = re.compile(
    r"(?:/date\()?(?P<number>\d{13}|\d{10}(?=$|\.\d))(?:\.\d+)?(?:[+-]\d{4})?(?:\)/)?"
)

_CENTURY_TURNS = 90
"""Of years with two digits: 90 is 1990, before which no page is dated; 89 is 2089."""


def unix_seconds(text: str) -> float | None:
    """Return the number of seconds that a value states, in seconds or milliseconds."""
    match = _UNIX.fullmatch(text)
    if match is None:
        return None
    number = match["number"]
    return int(number) / (1000 if len(number) == 13 else 1)


def respell(text: str) -> str:
    """Return a machine's date as ``2024-06-17 22:17:00+04:00``, or in full; other text as it is.

    Args:
        text: The whole of a value, normalised (lower case, Western digits).
    """
    text = _DASH.sub("-", text)
    for form, day in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            found = day(match)
            return f"{found}{_clock(match)}" if found else text
    short = _YEAR_OF_TWO.fullmatch(text)
    if short is not None:
        century = 1900 if int(short["y"]) >= _CENTURY_TURNS else 2000
        text = f"{short['head']}{century + int(short['y'])}{short['tail']}"
    text = _OFFSET_IN_BRACKETS.sub(r"\1", text)
    text = _WEEKDAY_IN_BRACKETS.sub(" ", text)
    text = _UNIT_LAST.sub("", text)
    text = _ATLANTIC.sub(" ast", text)
    text = _OFFSET_OF_ONE.sub(r" \g<1>0\2:00", text)
    return _ZONE_TWICE.sub("", text)


def _plain(match: re.Match[str]) -> str:
    return f"{match['y']}-{match['m']:0>2}-{match['d']:0>2}"


def _ordinal(match: re.Match[str]) -> str | None:
    year, number = int(match["y"]), int(match["n"])
    found = date(max(year, 1), 1, 1) + timedelta(days=number - 1)
    return found.isoformat() if found.year == year else None


def _week(match: re.Match[str]) -> str | None:
    try:
        return date.fromisocalendar(int(match["y"]), int(match["w"]), int(match["n"])).isoformat()
    except ValueError:
        return None


def _clock(match: re.Match[str]) -> str:
    if match["h"] is None:
        return ""
    hour, minute, second = (match[name] or "00" for name in ("h", "min", "s"))
    return f" {hour:0>2}:{minute:0>2}:{second:0>2}{match['offset'] or ''}"


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = (
    (_BASIC, _plain),
    (_HOUR, _plain),
    (_ORDINAL, _ordinal),
    (_WEEK, _week),
    (_SHORT, _plain),
)
