"""Counts per stage and minute: added up from what each transaction counted, never by scanning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from sqlalchemy import Connection, text

__all__ = [
    "BOUNDS",
    "MINUTES_DAYS",
    "UNMEASURED",
    "Count",
    "add_up",
    "forget_minutes",
    "quantile",
    "read_minutes",
    "read_totals",
]

BOUNDS = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    *(60.0, 300.0, 1800.0, 7200.0, 28800.0, 86400.0),
    inf,
)
"""Upper bounds of the classes of durations, in seconds: attempts end within 30 s, jobs may wait."""

UNMEASURED = 0.0
"""The bound of what nobody measured, as an attempt whose process ended."""

MINUTES_DAYS = 3.0
"""Minutes are kept for so long unless a setting says otherwise."""
_AT_ONCE = 2_000

# Only the dispatcher adds up, so it waits for no lock and others wait for none.
_ADD_UP = text("""
with taken as (
  delete from tally where id in (select id from tally order by id limit :limit)
  returning minute, stage, ended, reason, le, count, seconds),
minutes as (
  insert into stage_minute (minute, stage, ended, reason, le, count, seconds)
  select minute, stage, ended, reason, le, sum(count), sum(seconds) from taken
  group by minute, stage, ended, reason, le
  on conflict (minute, stage, ended, reason, le) do update set
    count = stage_minute.count + excluded.count,
    seconds = stage_minute.seconds + excluded.seconds)
insert into stage_total (stage, ended, reason, le, count, seconds)
select stage, ended, reason, le, sum(count), sum(seconds) from taken
group by stage, ended, reason, le
on conflict (stage, ended, reason, le) do update set
  count = stage_total.count + excluded.count,
  seconds = stage_total.seconds + excluded.seconds
""")

_FORGET = text("""
delete from stage_minute where ctid = any(array(
  select ctid from stage_minute where minute < now() - make_interval(secs => :seconds)
  limit :limit))
""")

_MINUTES = text("""
select minute, stage, ended, reason, le, count, seconds from stage_minute
where minute >= date_trunc('minute', now() - make_interval(mins => :minutes)) order by minute
""")

_TOTALS = text("""
select null::timestamptz as minute, stage, ended, reason, le, count, seconds from stage_total
order by stage, ended, reason, le
""")


@dataclass(frozen=True, slots=True)
class Count:
    """How many ended so at a stage, in one minute or (``minute`` is None) since the beginning.

    Args:
        minute: When the minute began.
        stage: ``ingest`` and ``enrich`` count attempts, ``store`` results, ``job`` whole jobs.
        ended: How an attempt ended (`AttemptEnd`), or a job (`Outcome`).
        reason: The ground; empty when nothing is to be said.
        le: Each took at most so many seconds, and more than the bound before; `UNMEASURED`.
        count: How many.
        seconds: Of all together.
    """

    minute: datetime | None
    stage: str
    ended: str
    reason: str
    le: float
    count: int
    seconds: float


def add_up(connection: Connection) -> None:
    """Add to minutes and totals what transactions have counted since; for the dispatcher alone."""
    connection.execute(_ADD_UP, {"limit": _AT_ONCE})


def forget_minutes(connection: Connection, *, days: float = MINUTES_DAYS) -> int:
    """Delete some of the minutes that are older than so many days; return how many rows went."""
    values = {"seconds": days * 86_400, "limit": _AT_ONCE}
    return connection.execute(_FORGET, values).rowcount


def read_minutes(connection: Connection, *, minutes: int) -> tuple[Count, ...]:
    """Return the minute that runs and so many before it, oldest first."""
    return tuple(Count(*row) for row in connection.execute(_MINUTES, {"minutes": minutes}))


def read_totals(connection: Connection) -> tuple[Count, ...]:
    """Return the counts since the beginning, some hundreds at most."""
    return tuple(Count(*row) for row in connection.execute(_TOTALS))


def quantile(counts: Sequence[Count], share: float) -> float | None:
    """Return the seconds that this share (0 to 1) of what was measured stayed below.

    Inside a class durations are taken to lie evenly, as Prometheus' ``histogram_quantile`` does;
    in the last, open class the answer is its lower bound. None when nothing was measured.
    """
    classes = dict.fromkeys(BOUNDS, 0)
    for count in counts:
        if count.le != UNMEASURED:
            classes[count.le] = classes.get(count.le, 0) + count.count
    wanted = share * sum(classes.values())
    below, seen = 0.0, 0
    for bound, number in sorted(classes.items()):
        if number and seen + number >= wanted:
            return below if bound == inf else below + (bound - below) * (wanted - seen) / number
        below, seen = bound, seen + number
    return None
