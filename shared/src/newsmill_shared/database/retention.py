"""Dropping what is old, a bounded number of rows at a time; no count is lost by it.

What was accepted and how it ended was added to ``total`` when it was counted: only what is counted
is dropped here.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.partitions import expired_partitions, first_id

__all__ = [
    "AT_ONCE",
    "Doomed",
    "Place",
    "Step",
    "doomed_objects",
    "drop_attempts",
    "drop_events",
    "drop_outcomes",
    "drop_pages",
    "drop_receipts",
    "horizon",
    "objects_dropped",
]

AT_ONCE = 500
"""Rows that one step looks at."""
Place = tuple[datetime, str] | UUID | None
"""Where a walk goes on; None = at the beginning."""

_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Step:
    """What a step has dropped, whether another is worth while, and where that begins."""

    dropped: int
    more: bool
    next: Place = None


@dataclass(frozen=True, slots=True)
class Doomed:
    """An object of the page store that some row let go of."""

    object: str
    wanted: bool
    """Another row has it."""


# What is not counted yet is newer than all that may be dropped.
_HORIZON = text("""
select least(
  now() - make_interval(secs => :seconds),
  (select at from event where position is null order by id limit 1))
""")

# The page that an article shows now was made of its fetch: it can be enriched again.
_PAGES = text("""
with looked_at as materialized (
  select id, job_id, article_id from page_fetch where id > :after and id < :before
  order by id limit :limit),
gone as (
  delete from page_fetch using looked_at as f
  where page_fetch.id = f.id
    and not exists (select from job where job.id = f.job_id)
    and (:current or not exists (
      select from article a join version v on v.article_id = a.id and v.number = a.version
      where a.id = f.article_id and v.fetch_id = f.id))
  returning page_fetch.page ->> 'object' as object, page_fetch.url_key),
doomed as (
  insert into doomed_object (object, url_key)
  select distinct on (object) object, url_key from gone where object is not null
  on conflict do nothing)
select (select count(*) from gone) as dropped, (select count(*) from looked_at) as seen,
       (select id from looked_at order by id desc limit 1) as last
""")

_RECEIPTS = text("""
with looked_at as materialized (
  select key, created_at, job_ids, counted from receipt
  where created_at < :before and (created_at, key) > (:after, :after_key)
  order by created_at, key limit :limit),
gone as (
  delete from receipt using looked_at as r
  where receipt.key = r.key and r.counted
    and not exists (select from job where job.id = any(r.job_ids))
  returning receipt.key)
select (select count(*) from gone) as dropped, count(*) as seen, max(created_at) as last_at,
       (select key from looked_at order by created_at desc, key desc limit 1) as last_key
from looked_at
""")

# The last one stays: the next number follows from it.
_EVENTS = text("""
with old as (
  select id, at from event where position is not null order by position limit :limit),
upto as (
  select coalesce(min(position), (select max(position) from event)) as position
  from event where id in (select id from old) and at >= :before)
delete from event
where id in (select id from old) and position < (select position from upto)
""")

_ROWS = """
delete from {table}_default where ctid = any(array(
  select ctid from {table}_default where job_id < :first and {ended} < :before
  order by job_id limit :limit))
"""
_PARTITIONS = text("""
select inhrelid::regclass::text from pg_inherits where inhparent = cast(:table as regclass)
""")
_OLDEST_OPEN = text("select id from job order by id limit 1")
_ENDED = {"outcome": "finished_at", "attempt": "ended_at", "settled": "settled_at"}

_DOOMED = text("""
select object, case when url_key is null
    then exists (select from version v where v.text_object = d.object)
    else exists (select from page_fetch f
                 where f.url_key = d.url_key and f.page ->> 'object' = d.object) end as wanted
from doomed_object d order by object limit :limit
""")
_DROPPED = text("delete from doomed_object where object = any(:objects)")


def horizon(connection: Connection, *, days: float) -> datetime:
    """Return the time before which things may be dropped that are kept for so many days."""
    found: datetime = connection.execute(_HORIZON, {"seconds": days * 86_400}).scalar_one()
    return found


def drop_pages(
    connection: Connection, before: datetime, after: Place, *, current: bool, limit: int = AT_ONCE
) -> Step:
    """Drop fetches of ended jobs; their raw pages are doomed.

    Args:
        connection: An open transaction.
        before: Those that were fetched earlier.
        after: Where the step before has ended.
        current: Also those that articles show now.
        limit: So many are looked at.
    """
    values = {
        "after": after or _BEFORE_ALL,
        "before": first_id(before),
        "current": current,
        "limit": limit,
    }
    row = connection.execute(_PAGES, values).one()
    more = row.seen == limit
    return Step(row.dropped, more, row.last if more else None)


def drop_receipts(
    connection: Connection, before: datetime, after: Place, *, limit: int = AT_ONCE
) -> Step:
    """Drop receipts, with their idempotency keys, whose jobs have all ended."""
    at, key = after if isinstance(after, tuple) else ("-infinity", "")
    values = {"before": before, "after": at, "after_key": key, "limit": limit}
    row = connection.execute(_RECEIPTS, values).one()
    more = row.seen == limit
    return Step(row.dropped, more, (row.last_at, row.last_key) if more else None)


def drop_events(connection: Connection, before: datetime, *, limit: int = AT_ONCE) -> Step:
    """Drop the events with the lowest positions."""
    dropped = connection.execute(_EVENTS, {"before": before, "limit": limit}).rowcount
    return Step(dropped, more=dropped > 0)


def drop_outcomes(connection: Connection, before: datetime, *, limit: int = AT_ONCE) -> Step:
    """Drop outcomes, and what operators made of them, in rows or by the month."""
    dropped = sum(_drop_rows(connection, table, before, limit) for table in ("settled", "outcome"))
    return Step(dropped, more=dropped > 0)


def drop_attempts(connection: Connection, before: datetime, *, limit: int = AT_ONCE) -> Step:
    """Drop attempts, in rows or by the month."""
    dropped = _drop_rows(connection, "attempt", before, limit)
    return Step(dropped, more=dropped > 0)


def doomed_objects(connection: Connection, *, limit: int) -> list[Doomed]:
    """Return objects that rows have let go of."""
    return [Doomed(*row) for row in connection.execute(_DOOMED, {"limit": limit})]


def objects_dropped(connection: Connection, objects: list[str]) -> None:
    """Note that these are not in the page store any more, or are wanted again."""
    connection.execute(_DROPPED, {"objects": objects})


def _drop_rows(connection: Connection, table: str, before: datetime, limit: int) -> int:
    """Drop rows of no month; if there are none, a month of which nothing is young or open."""
    delete = text(_ROWS.format(table=table, ended=_ENDED[table]))
    values = {"first": first_id(before), "before": before, "limit": limit}
    dropped = connection.execute(delete, values).rowcount
    if dropped:
        return dropped
    names = connection.execute(_PARTITIONS, {"table": table}).scalars().all()
    oldest = connection.execute(_OLDEST_OPEN).scalar()
    for name, end in expired_partitions(names, before):
        if oldest is not None and oldest < first_id(end):
            return 0
        young = text(f"select exists (select from {name} where {_ENDED[table]} >= :before)")  # noqa: S608 - a partition's name
        if not connection.execute(young, {"before": before}).scalar_one():
            # Whoever waits for the table's lock lets nobody pass: it is not waited for long.
            connection.execute(text("set local lock_timeout = '200ms'"))
            connection.execute(text(f"drop table {name}"))
            return 1
    return 0
