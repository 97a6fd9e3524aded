"""Events: numbered after commit, so that a reader of the numbers skips and repeats none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.tallies import add_up

__all__ = [
    "EVENTS_AT_ONCE",
    "REPROCESSED",
    "Event",
    "count_receipts",
    "first_position",
    "last_position",
    "number_events",
    "read_events",
]

EVENTS_AT_ONCE = 2_000
"""Bounds the transaction; whoever numbers comes back at once when there were so many."""

REPROCESSED: Final = "reprocessed"
"""The reason of events that tell of a page which was enriched again: no job ended."""

_LAST = text("select coalesce(max(position), 0) from event")

_FIRST = text("select coalesce(min(position), 0) from event")

_NUMBER = text("""
with n as (select id, row_number() over (order by id) as nth
           from event where position is null order by id limit :limit)
update event set position = :last + n.nth from n where event.id = n.id
""")

_TOTAL = text("""
insert into total (kind, reason, count)
select kind, reason, count(*) from event
where position > :last and job_id is not null group by kind, reason
on conflict (kind, reason) do update set count = total.count + excluded.count
""")

# An article that changed moves on to the position of the change, and leaves its former one. Its
# label is that of the job, as long as that is kept.
_LIST = text(r"""
with shown as (
  select distinct on (article_id) article_id, position, version
  from event where position > :last and kind in ('stored', 'updated', 'duplicate')
  order by article_id, position desc),
entry as (
  select s.article_id, s.position, s.version,
         coalesce(substring(a.url from '^https?://(\[[^]]*\]|[^/:?#]+)'), '') as host,
         v.language, case when o.job_id is null then known.label else o.label end as label,
         array(select distinct c ->> 'id' from jsonb_array_elements(v.categories) as c)
           as categories
  from shown s
  join article a on a.id = s.article_id
  join version v on v.article_id = s.article_id and v.number = s.version
  left join outcome o on o.job_id = v.job_id
  left join listing known on known.article_id = s.article_id),
left_behind as (
  delete from listing_category c using listing l, shown s
  where l.article_id = s.article_id and c.category = any(l.categories)
    and c.position = l.position),
tagged as (
  insert into listing_category (category, position) select unnest(categories), position from entry)
insert into listing (article_id, position, version, host, language, label, categories)
select article_id, position, version, host, language, label, categories from entry
on conflict (article_id) do update set
  position = excluded.position, version = excluded.version, host = excluded.host,
  language = excluded.language, label = excluded.label, categories = excluded.categories,
  listed_at = excluded.listed_at
""")

_UNLIST = text("""
with gone as (
  delete from listing l using event e
  where e.position > :last and e.kind = 'deleted' and l.article_id = e.article_id
    and l.position < e.position
  returning l.categories, l.position)
delete from listing_category c using gone
where c.category = any(gone.categories) and c.position = gone.position
""")

# By the host of the article's own address: the submitted one may have led elsewhere.
_LANGUAGES = text("""
insert into host_language (host_id, language, articles)
select host.id, listing.language, count(*)
from event as e
join listing on listing.article_id = e.article_id and listing.position = e.position
join host on host.name = listing.host
where e.position > :last and e.kind in ('stored', 'duplicate')
group by host.id, listing.language
on conflict (host_id, language) do update
  set articles = host_language.articles + excluded.articles
""")

_ENDED = text("""
insert into submitter (name, ended)
select o.submitter, count(*)
from event as e join outcome as o on o.job_id = e.job_id
where e.position > :last group by o.submitter
on conflict (name) do update set ended = submitter.ended + excluded.ended
""")

# A receipt is not divided, so a large one comes alone.
_COUNT_RECEIPTS = text("""
with next as (
  select key, sum(accepted) over (order by key) - accepted as before
  from (select key, accepted from receipt where not counted order by key limit :receipts) as r),
counted as (
  update receipt set counted = true
  where key in (select key from next where before < :jobs) and not counted
  returning accepted, submitter, job_ids),
added as (
  insert into total (kind, reason, count)
  select 'accepted', '', sum(accepted) from counted having count(*) > 0
  on conflict (kind, reason) do update set count = total.count + excluded.count),
given as (
  insert into submitter (name, accepted)
  select submitter, sum(accepted) from counted group by submitter
  on conflict (name) do update set accepted = submitter.accepted + excluded.accepted)
select distinct job.host_id
from counted cross join unnest(counted.job_ids) as n(id) join job on job.id = n.id
""")

_READ = text("""
select position, kind, reason, job_id, article_id, version, at
from event where position > :after order by position limit :limit
""")


@dataclass(frozen=True, slots=True)
class Event:
    """One job that ended, or one article that was enriched again or deleted, at its place."""

    position: int
    kind: str
    reason: str
    job_id: UUID | None
    """None when no job ended."""
    article_id: UUID | None
    version: int | None
    at: datetime


def number_events(connection: Connection) -> int:
    """Give the next positions to committed events; return how many there were.

    In the same transaction articles take the positions of their changes, the languages of their
    hosts are counted, and totals grow by what was numbered and by what was counted at the stages.
    Only the dispatcher may call this, in one session: so the highest number is its own, and nobody
    else writes what depends on it.
    """
    last = last_position(connection)
    numbered = connection.execute(_NUMBER, {"last": last, "limit": EVENTS_AT_ONCE}).rowcount
    if numbered:
        connection.execute(_TOTAL, {"last": last})
        connection.execute(_ENDED, {"last": last})
        connection.execute(_LIST, {"last": last})
        connection.execute(_UNLIST, {"last": last})
        connection.execute(_LANGUAGES, {"last": last})
    add_up(connection)
    return numbered


def count_receipts(connection: Connection) -> set[int]:
    """Count what was accepted since, and return the hosts that have new work.

    Bounded: whoever counts comes back. Only the dispatcher may call this, like `number_events`.
    """
    limits = {"receipts": EVENTS_AT_ONCE, "jobs": EVENTS_AT_ONCE}
    return {row.host_id for row in connection.execute(_COUNT_RECEIPTS, limits)}


def last_position(connection: Connection) -> int:
    """Return the highest position that was given, 0 if there is none."""
    return int(connection.execute(_LAST).scalar_one())


def first_position(connection: Connection) -> int:
    """Return the lowest position that is kept, 0 if there is none."""
    return int(connection.execute(_FIRST).scalar_one())


def read_events(connection: Connection, *, after: int, limit: int) -> list[Event]:
    """Return the events behind a position, in order."""
    rows = connection.execute(_READ, {"after": after, "limit": limit})
    return [Event(*row) for row in rows]
