"""Monthly partitions of what is kept of jobs, made ahead; job ids carry their time."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, text

__all__ = ["expired_partitions", "first_id", "make_partitions", "month_after"]

_MONTHS_AHEAD = 2
_TABLES = ("outcome", "attempt", "settled")
_MONTH = re.compile(r"_(\d{4})_(\d{2})$")


def first_id(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of a moment (RFC 9562: 48 bits of milliseconds first)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def month_after(moment: datetime) -> datetime:
    """Return the beginning of the next month, in UTC."""
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def expired_partitions(names: Iterable[str], before: datetime) -> list[tuple[str, datetime]]:
    """Return the partitions of months that have ended before a moment, with their ends, by age."""
    found: list[tuple[str, datetime]] = []
    for name in names:
        month = _MONTH.search(name)
        if month is not None:
            end = month_after(datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC))
            if end <= before:
                found.append((name, end))
    return sorted(found, key=lambda entry: entry[1])


def make_partitions(connection: Connection, now: datetime) -> None:
    """Make the partitions of the next months, those that are missing.

    Rows of the month that is running may lie in the default partition; a month gets its own
    only if it is made before it begins.
    """
    known = set(
        connection.execute(
            text(
                "select inhrelid::regclass::text from pg_inherits "
                "where inhparent = any(cast(cast(:tables as text[]) as regclass[]))"
            ),
            {"tables": list(_TABLES)},
        ).scalars()
    )
    begin = month_after(now)
    for _ in range(_MONTHS_AHEAD):
        end = month_after(begin)
        for table in _TABLES:
            name = f"{table}_{begin:%Y_%m}"
            if name not in known:
                connection.execute(
                    text(
                        f"create table {name} partition of {table} "
                        f"for values from ('{first_id(begin)}') to ('{first_id(end)}')"
                    )
                )
        begin = end
