"""Monthly partitions of what is kept of jobs, made ahead; job ids carry their time."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, text

__all__ = ["first_id", "make_partitions", "month_after"]

_MONTHS_AHEAD = 2
_TABLES = ("outcome", "attempt", "settled")


def first_id(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of a moment (RFC 9562: 48 bits of milliseconds first)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def month_after(moment: datetime) -> datetime:
    """Return the beginning of the next month, in UTC."""
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


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
