"""Times as machines state them in feeds, sitemaps and headers: exact or nothing."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["EARLIEST_YEAR", "read_time"]

EARLIEST_YEAR = 1990
"""Nothing on the web is older; what claims to be has a placeholder for a date."""

_PART_OF_A_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2})?")


def read_time(text: str) -> datetime | None:
    """Read a W3C date (ISO 8601, or a year or month alone) or one of RFC 822 or 850.

    Returns:
        UTC, in whole seconds; a time without a zone is taken as UTC. None for what is no time,
        or one before 1990.
    """
    stripped = text.strip()
    if _PART_OF_A_DATE.fullmatch(stripped):
        stripped = f"{stripped}-01-01"[:10]
    try:
        found = datetime.fromisoformat(stripped.upper())
    except ValueError:
        try:
            found = parsedate_to_datetime(stripped)
        except ValueError:
            return None
    try:
        utc = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    return utc.replace(microsecond=0) if utc.year >= EARLIEST_YEAR else None
