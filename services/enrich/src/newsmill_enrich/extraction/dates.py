"""Reads dates and times as people and machines write them, in some sixty languages.

Month names are those of the Unicode CLDR with everyday inflections and short forms added
(``calendar.json``: language -> twelve lists of names).
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from importlib import resources
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsmill_enrich.extraction.machine_dates import respell, unix_seconds

__all__ = [
    "EARLIEST_YEAR",
    "WEEKDAYS",
    "Context",
    "DateMatch",
    "Moment",
    "find_dates",
    "normalise",
    "parse_date",
    "to_zone",
    "zone_of_country",
]

EARLIEST_YEAR = 1990
"""A page on the web is not older than this."""

LATEST = timedelta(days=2)
"""A date may lie this far ahead of now: zones differ, and clocks of publishers are wrong."""

Precision = Literal["day", "minute"]
ZoneOrigin = Literal["text", "page", "country", "assumed"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as a page states it.

    ``at`` is UTC. A date without a time of day has precision ``day`` and stands at 00:00 UTC of
    the day as printed, so that no reader in any zone is shown another day than the page shows.
    """

    at: datetime
    precision: Precision
    zone: str
    """The zone used: an offset, a name, or ``UTC``."""
    zone_from: ZoneOrigin
    """Whether the date states its zone, the page's was used, its country's, or UTC was assumed."""
    local: str
    """As printed: ISO 8601 with offset, or the day alone."""

    @property
    def day(self) -> str:
        """The day as printed, ``YYYY-MM-DD``."""
        return self.local[:10]


@dataclass(frozen=True, slots=True)
class Context:
    """What helps to read a date: ``now``, the site's zone and language, the order of numbers."""

    now: datetime
    zone: tzinfo | None = None
    zone_name: str = ""
    zone_from: ZoneOrigin = "page"
    """Who knows the zone: the message about the page, or the country of its host."""
    language: str = ""
    """ISO 639-1 code; it settles the few month names that differ between languages."""
    month_first: bool = False
    """03/04/2024 is March 4; 03.04.2024 never is."""


@dataclass(frozen=True, slots=True)
class DateMatch:
    """A date found in a text, and the span (of the normalised text) that it takes."""

    moment: Moment
    start: int
    end: int


def to_zone(name: str | None) -> tzinfo | None:
    """Return the zone of an IANA name, or None when there is no such zone."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


_CALENDAR = json.loads(
    resources.files(__package__).joinpath("calendar.json").read_text(encoding="utf-8")
)
WEEKDAYS: frozenset[str] = frozenset(_CALENDAR["weekdays"])
"""Names of weekdays and their short forms, as :func:`normalise` writes them."""

_MONTHS_BY_LANGUAGE: dict[str, dict[str, int]] = {
    language: {name: i + 1 for i, names in enumerate(row) for name in names.split()}
    for language, row in _CALENDAR["months"].items()
}
_ZONES_OF_COUNTRIES: dict[str, str] = json.loads(
    resources.files(__package__).joinpath("zones.json").read_text(encoding="utf-8")
)
"""Top-level domain -> zone, of countries that (nearly) all live in one."""

_MONTHS: dict[str, int] = {}
for _table in _MONTHS_BY_LANGUAGE.values():
    for _name, _number in _table.items():
        _MONTHS.setdefault(_name, _number)

_JALALI_MONTHS = {
    name: i + 1
    for i, names in enumerate(
        (
            "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد امرداد", "شهریور",
            "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
        )
    )
    for name in names.split()
}  # fmt: skip

_ZONES: dict[str, tzinfo] = {
    **dict.fromkeys(("z", "utc", "gmt", "ut", "wet"), UTC),
    **{name: timezone(timedelta(hours=hours)) for name, hours in (
        ("est", -5), ("edt", -4), ("cst", -6), ("cdt", -5), ("mst", -7), ("mdt", -6),
        ("pst", -8), ("pdt", -7), ("ast", -4), ("adt", -3), ("akst", -9), ("akdt", -8),
        ("hst", -10), ("brt", -3), ("art", -3), ("bst", 1), ("cet", 1), ("met", 1), ("mez", 1),
        ("mest", 2), ("west", 1), ("wat", 1),
        ("cest", 2), ("mesz", 2), ("eet", 2), ("cat", 2), ("sast", 2), ("eest", 3), ("msk", 3),
        ("мск", 3), ("trt", 3), ("eat", 3), ("gst", 4), ("azt", 4), ("pkt", 5), ("wib", 7),
        ("ict", 7),
        ("sgt", 8), ("hkt", 8), ("awst", 8), ("jst", 9), ("kst", 9), ("aest", 10), ("aedt", 11),
        ("nzst", 12), ("nzdt", 13),
    )},
    **{name: ZoneInfo(zone) for name, zone in (
        ("et", "America/New_York"), ("ct", "America/Chicago"), ("mt", "America/Denver"),
        ("pt", "America/Los_Angeles"), ("etc/gmt", "Etc/GMT"),
    )},
}  # fmt: skip

# A name is whatever is neither digit, space nor the punctuation of dates: combining marks of
# Indic and Thai scripts are no word characters to `re`.
_NAME = r"[^\W\d_][^\d\s,;:/()|\-–—·•]{1,18}"
_YEAR = r"(?:1[34]|19|20|2[45])\d\d"
_OF = r"(?:(?:of|de|del|tháng|thg)\s+|d[’'])?"
_CLOCK = (
    r"(?P<ampm0>오전|오후|上午|下午|午後|午前|晚上|凌晨|صباحا|مساء)?\s*"
    r"(?P<hour>[01]?\d|2[0-4])"
    r"(?:(?:\s*[:.h٫時时시點点]\s*|\s+h\s+)(?P<minute>\d\d)(?!\d)\s*[分분]?"
    r"(?:\s*[:.]?\s*(?P<second>\d\d)(?!\d)\s*[秒초]?(?:[.,]\d{1,9})?)?|(?=\s*[ap]\.?m\b))"
    r"\s*(?P<ampm>[ap]\.?\s?m\b\.?|πμ|μμ|ص|م(?!\w))?"
    r"(?:\s*(?:uhr|น\.?|hrs|ч\.?)(?!\w))?"
    r"(?:\s*(?P<offset>[+-]\d\d(?::?\d\d)?(?!\d)|(?:utc|gmt)\s*[+-]\d{1,2}(?::?\d\d)?(?!\d)|z(?!\w))"
    r"|\s*\(?\s*(?P<zone>etc/gmt|[a-zмск]{2,4})(?![\w])\)?)?"
)
_GLUE = (
    r"(?:\s*[t,;|·•@()\-–—/.]\s*|\s+|年|(?<=[日일])|"
    r"\s*,?\s*(?:at|um|à|a las|alle|às|о|в|об|ob|kl\.?|klo|saat|saat:|ora|orele|г\.?,?|р\.?,?|h|"
    r"у|u|godz\.?|időpont|ore|klukkan|الساعة|ساعت|שעה|เวลา|lúc|pukul|pkl\.?|da|час|"
    r"[^\W\d_]{2,10}\.?,?)\s*){1,3}?"
)

_FORMS = (
    # 2024-06-17, 2024/6/17, 2024.06.17, 2024年6月17日, 2024. 6. 17.
    (rf"(?<![\d.])(?P<y>{_YEAR})(?P<s1>\s*[-/.年년]\s*)0?(?P<m>\d{{1,2}})\s*[-/.月월]\s*"
    rf"(?P<d>\d{{1,2}})(?!\d|[-/]\d)(?:\s*[日일])?\.?"),
    # 17 June 2024, 17. Juni 2024, 17 de junio de 2024, 17 tháng 6, 2024
    (rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º|°|-?го|ª)?\.?[\s\-–./]{{0,3}}{_OF}"
    rf"(?P<name>{_NAME}|(?<=tháng )\d{{1,2}}|(?<=thg )\d{{1,2}})[.,]?[\s\-–,./]{{0,3}}"
    rf"(?:de[l]?\s+|năm\s+)?(?P<y>{_YEAR})(?!\d)"),
    # June 17, 2024
    rf"(?P<name>{_NAME})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<y>{_YEAR})(?!\d)",
    # 2024. június 17., 2024 m. birželio 17 d., 2024. gada 17. jūnijs
    (rf"(?<!\d)(?P<y>{_YEAR})(?:\.|\s+m\.|,|-)?\s*(?P<name>{_NAME})[.\-]?\s*"
    rf"(?P<d>\d{{1,2}})(?!\d)(?:\s*d\.|\.)?"),
    rf"(?<!\d)(?P<y>{_YEAR})\.?\s+(?:gada|metų)\s+(?P<d>\d{{1,2}})\.?\s+(?P<name>{_NAME})",
    # 17.06.2024, 17/06/2024, 6/17/2024
    rf"(?<![\d.])(?P<n1>\d{{1,2}})\s?[./\-]\s?(?P<n2>\d{{1,2}})\s?[./\-]\s?(?P<y>{_YEAR})(?!\d)",
    # 17.06.24: only with dots, and only day first
    r"(?<![\d.])(?P<d>[0-3]\d)\.(?P<m>[01]\d)\.(?P<yy>\d\d)(?![\d.])",
    # Thu Aug 30 17:26:16 2012
    (rf"(?P<name>{_NAME})\s+(?P<d>\d{{1,2}})\s+(?P<clock>\d\d:\d\d(?::\d\d)?"
    rf"(?:\s+(?:[a-z]{{3,4}}|[+-]\d\d:?\d\d))?)\s+(?P<y>{_YEAR})(?!\d)"),
)  # fmt: skip
_DATES = tuple(re.compile(form) for form in _FORMS)
_AFTER = re.compile(_GLUE + _CLOCK)
_BEFORE = re.compile(
    r"(?<![\d.:])(?P<hour>[01]?\d|2[0-3])[:h](?P<minute>\d\d)(?::\d\d)?"
    r"\s*(?P<ampm>[ap]\.?m\.?)?(?:\s*(?P<zone>[a-z]{2,4}))?"
    r"(?:\s*[,|·•\-–—]\s*|\s+(?:on\s+|,\s*)?)(?:[^\W\d_]{2,10}\.?,?\s+)?$"
)
_NEAR = re.compile(r"\d")
_DOT_ABOVE = "\u0307"


def zone_of_country(host: str) -> str | None:
    """Return the name of the zone that a host's country lives in, if it has only one."""
    return _ZONES_OF_COUNTRIES.get(host.rpartition(".")[2].lower())


def normalise(text: str) -> str:
    """Lower-case ``text`` with Western digits, plain spaces and composed letters, for matching."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(
            str(unicodedata.digit(c)) if c.isdecimal() and not c.isascii() else c for c in text
        )
    return text.lower().replace(_DOT_ABOVE, "").replace("\u200e", "").replace("\u200f", "")


def _month(name: str, language: str) -> int | None:
    if name.isdigit():
        return int(name)
    name = name.strip(".'’׳॰")
    own = _MONTHS_BY_LANGUAGE.get(language)
    found = (own.get(name) if own else None) or _MONTHS.get(name)
    if found is None and name.startswith(("ב", "ל")):
        found = _MONTHS.get(name[1:])
    return found


def _from_jalali(year: int, month: int, day: int) -> tuple[int, int, int] | None:
    """Convert a Solar Hijri date (1300-1499) by the 33-year cycle, exact for 1206-1498."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    days = 365 * (year - 979) + (year - 979) // 33 * 8 + ((year - 979) % 33 + 3) // 4
    days += day - 1 + (31 * (month - 1) if month <= 7 else 186 + 30 * (month - 7))
    moment = datetime(1600, 3, 20, tzinfo=UTC) + timedelta(days=days)
    return moment.year, moment.month, moment.day


def _numbers(match: re.Match[str], context: Context) -> tuple[int, int, int] | None:
    """Year, month and day of a match, in the Gregorian calendar; None when they are no date."""
    groups = match.groupdict()
    if groups.get("yy"):
        year = 2000 + int(groups["yy"])
        return year, int(groups["m"]), int(groups["d"])
    year = int(groups["y"])
    if groups.get("n1"):
        first, second = int(groups["n1"]), int(groups["n2"])
        month_first = context.month_first and "." not in match[0]
        if second > 12 or (month_first and first <= 12):
            first, second = second, first
        return year, second, first
    day = int(groups["d"])
    name = groups.get("name")
    if name is None:
        month = int(groups["m"])
    elif 1300 <= year < 1500:
        return _from_jalali(year, _JALALI_MONTHS.get(name, 0), day)
    else:
        found = _month(name, context.language)
        if found is None:
            return None
        month = found
    if 1300 <= year < 1500:
        return _from_jalali(year, month, day)
    if 2400 <= year < 2600:  # Buddhist era
        year -= 543
    return year, month, day


def _offset(text: str) -> tzinfo | None:
    match = re.fullmatch(r"(?:utc|gmt)?\s*([+-])(\d{1,2}):?(\d\d)?", text)
    if match is None:
        return UTC if text == "z" else None
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 14 or minutes > 59:
        return None
    sign = -1 if match[1] == "-" else 1
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def _hour(groups: Mapping[str, str | None]) -> int:
    hour = int(groups["hour"] or 0)
    half = (groups.get("ampm") or groups.get("ampm0") or "").replace(".", "").replace(" ", "")
    if half in ("pm", "오후", "下午", "午後", "晚上", "مساء", "م", "μμ") and hour < 12:
        return hour + 12
    if half in ("am", "오전", "上午", "午前", "凌晨", "صباحا", "ص", "πμ") and hour == 12:
        return 0
    return hour


class _NotADateError(ValueError):
    """What looked like a date is none."""


def _moment(
    numbers: tuple[int, int, int], clock: Mapping[str, str | None] | None, context: Context
) -> Moment:
    year, month, day = numbers
    if not EARLIEST_YEAR <= year <= context.now.year + 1:
        raise _NotADateError
    try:
        date = datetime(year, month, day, tzinfo=UTC)
    except ValueError as error:
        raise _NotADateError from error
    if clock is None:
        moment = Moment(date, "day", context.zone_name or "UTC", "assumed", f"{date:%Y-%m-%d}")
    else:
        moment = _timed(date, clock, context)
    if moment.at > context.now + LATEST:
        raise _NotADateError
    return moment


def _timed(date: datetime, clock: Mapping[str, str | None], context: Context) -> Moment:
    hour, minute, second = _hour(clock), int(clock["minute"] or 0), int(clock.get("second") or 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and minute + second > 0):
        raise _NotADateError
    zone: tzinfo | None = None
    origin: ZoneOrigin = "text"
    offset, name = clock.get("offset"), clock.get("zone")
    if offset:
        zone = _offset(offset)
        if zone is None:
            raise _NotADateError
    elif name:
        zone = _ZONES.get(name)
    if zone is None:
        zone, origin = (context.zone, context.zone_from) if context.zone else (UTC, "assumed")
    # 24:00 and a leap second run over into the next day or minute.
    local = date.replace(tzinfo=zone) + timedelta(hours=hour, minutes=minute, seconds=second)
    label = str(zone) if origin == "text" else (context.zone_name or str(zone))
    return Moment(local.astimezone(UTC), "minute", label, origin, local.isoformat())


def _clock_near(
    text: str, match: re.Match[str]
) -> tuple[Mapping[str, str | None] | None, int, int]:
    """The time of day beside a date: its groups, and the span of both together."""
    start, end = match.span()
    if match.groupdict().get("clock"):
        inside = re.match(_CLOCK, match["clock"])
        return (inside.groupdict() if inside else None), start, end
    if _NEAR.search(text, end, end + 28):
        after = _AFTER.match(text, end)
        if after is not None:
            zone = after["zone"]
            stop = after.start("zone") if zone and zone not in _ZONES else after.end()
            return after.groupdict(), start, stop
    before = _BEFORE.search(text, max(0, start - 24), start)
    if before is not None:
        return {"second": None, **before.groupdict()}, before.start(), end
    return None, start, end


def _matches(text: str, context: Context) -> Iterator[tuple[int, int, Moment]]:
    for form in _DATES:
        for match in form.finditer(text):
            try:
                numbers = _numbers(match, context)
                if numbers is None:
                    continue
                clock, start, end = _clock_near(text, match)
                yield start, end, _moment(numbers, clock, context)
            except _NotADateError:
                continue


def find_dates(text: str, context: Context, *, limit: int = 5000) -> list[DateMatch]:
    """Return the plausible dates of the first ``limit`` characters of ``text``, in order.

    Spans refer to :func:`normalise` of the text. A date that lies within another is left out.
    """
    text = normalise(text[:limit])
    if not _NEAR.search(text):
        return []
    found = sorted(_matches(text, context), key=lambda item: (item[0], -item[1]))
    dates: list[DateMatch] = []
    for start, end, moment in found:
        if not dates or start >= dates[-1].end:
            dates.append(DateMatch(moment, start, end))
    return dates


def parse_date(text: str, context: Context) -> Moment | None:
    """Return the one date that ``text`` is, or None: a plausible date, and nothing after it.

    Takes ISO 8601, RFC 822, 850 and 2822, Unix seconds and milliseconds, and dates in words. For
    attributes and metadata, where a value is a date as a whole.
    """
    text = normalise(text[:80]).strip()
    seconds = unix_seconds(text)
    if seconds is not None:
        at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=0)
        plausible = at.year >= EARLIEST_YEAR and at <= context.now + LATEST
        return Moment(at, "minute", "UTC", "text", at.isoformat()) if plausible else None
    text = respell(text)
    found = find_dates(text, context)
    if not found:
        return None
    head, tail = text[: found[0].start], text[found[0].end :]
    clean_head = not _NEAR.search(head) and len(head) <= 40 and not _LETTER_LAST.search(head)
    return found[0].moment if clean_head and _TAIL.fullmatch(tail) else None


_LETTER_LAST = re.compile(r"[a-z]$")
_TAIL = re.compile(r"[\s.,;)]*(?:\[[\w/+-]{1,40}\]|\([\w /+-]{1,40}\))?[\s.,;)]*|\s*[-–|]\s*")
