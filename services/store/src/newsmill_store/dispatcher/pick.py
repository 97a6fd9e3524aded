"""What is sent next: due work host by host, and pages that need no host."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.database.finish import Ending, ending_deleted, finish
from newsmill_shared.database.rows import columns
from newsmill_shared.messages import FetchPage, Hop, HostSettings, Message, Page, PageFetched
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.turns import (
    LOOKED_AT,
    MAY_RUN,
    due_hosts,
    first_jobs,
    list_steps,
    wake,
)

__all__ = ["Picked", "Timing", "pick_fetches", "pick_pages", "stored_page"]

_Message_co = TypeVar("_Message_co", bound=Message, covariant=True)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a host is held for one chain."""

    claim_seconds: float
    fetch_seconds: float


@dataclass(frozen=True, slots=True)
class Picked(Generic[_Message_co]):
    """What is to be sent."""

    messages: tuple[_Message_co, ...]
    last: str
    """The submitter whose list had the last turn."""


# Of jobs that share a page one is taken; of suspects one.
_CHOSEN = """
one_a_page as (select distinct on (url_key) * from due order by url_key, id),
chosen as (
  select * from (
    select *, row_number() over (partition by suspect order by id) as nth from one_a_page) as n
  where not suspect or nth = 1)
"""

_TURN = """
  job.id, job.url_key, job.suspect, job.force, job.max_age_seconds, job.submitter, job.accepted_at
"""

_LANGUAGES = """
  (select jsonb_object_agg(language, articles) from host_language
   where host_language.host_id = sent.host_id) as languages
"""

# A deleted page is not fetched: only force that came later brings it back.
_DELETED = """
  exists (select from deleted_page as d where d.key = j.url_key
          and not (j.force and j.accepted_at > d.deleted_at)) as deleted
"""

# A host gives its best jobs, to its submitters in turn, unless it stands too high in its list:
# then it finds its place first. A job whose page was stored, or seen unchanged, less than max_age
# ago, or was deleted, is returned to be finished, not sent; otherwise what is stored of its page
# goes along, for a conditional request. in_flight moves with the slots really inserted.
_TAKE = text(f"""
with ready as materialized (
  select * from unnest(cast(:host_id as integer[]), cast(:room as integer[]),
                       cast(:priority as smallint[]), cast(:served as text[]))
    with ordinality as h(id, room, priority, served, place)),
due as materialized (
  select ready.id as host_id, ready.place, j.*, stored.article_id, stored.stored, {_DELETED}
  from ready
  cross join lateral (
    select job.priority from {first_jobs("ready.id")} limit 1) as top
  cross join lateral (
    select * from (
      (select {_TURN}, false as wrapped
       from {first_jobs("ready.id", top=True, and_also="job.submitter > ready.served")}
       limit least(ready.room, :limit))
      union all
      (select {_TURN}, true
       from {first_jobs("ready.id", top=True, and_also="job.submitter <= ready.served")}
       limit least(ready.room, :limit))) as turns
    order by wrapped, submitter, id limit least(ready.room, :limit)) as j
  left join lateral (
    select case when greatest(f.fetched_at, f.checked_at)
                     > now() - make_interval(secs => j.max_age_seconds)
                then f.article_id end as article_id,
           jsonb_build_object('fetch_id', f.id, 'url_key', f.page -> 'final_key',
                              'sha256', f.page -> 'sha256',
                              'etag', f.page -> 'headers' -> 'etag',
                              'last_modified', f.page -> 'headers' -> 'last-modified') as stored
    from page_fetch as f
    where f.url_key = j.url_key and f.article_id is not null and not j.force
    order by f.fetched_at desc limit 1) as stored on true
  where top.priority >= ready.priority
  order by ready.place, j.wrapped, j.submitter, j.id limit :limit),
{_CHOSEN},
sent as (
  update job set state = 'running', stage = 'ingest', attempt = attempt + 1,
                 dispatched_at = now(), held_until = null
  from chosen where job.id = chosen.id and job.state = 'waiting' and chosen.article_id is null
    and not chosen.deleted
  returning job.*, chosen.stored),
slots as (
  insert into slot (job_id, attempt, host_id, until)
  select sent.id, sent.attempt, sent.host_id,
         now() + make_interval(secs => :hold + greatest(host.delay_seconds,
                                                        host.crawl_delay_seconds,
                                                        host.backoff_seconds))
  from sent join host on host.id = sent.host_id
  returning host_id),
taken as (
  select host_id, (array_agg(submitter order by wrapped desc, submitter desc))[1] as served,
         (select count(*) from slots where slots.host_id = chosen.host_id) as chains
  from chosen group by host_id),
moved as (
  update host set in_flight = in_flight + taken.chains, served = taken.served
  from taken where host.id = taken.host_id)
select sent.id, attempt, url, encode(url_key, 'hex') as url_key, target, hops, sent.cookies,
       coalesce(sent.timezone, setting.timezone) as timezone, sent.stored,
       to_jsonb(setting) as setting, {_LANGUAGES}, null::uuid as article_id, false as deleted
from sent left join host_setting as setting on setting.host_id = sent.host_id
union all
select id, null, null, null, null, null, null, null, null, null, null, article_id, deleted
from chosen where article_id is not null or deleted
""")  # noqa: S608 - put together from constants

_FETCHED = "state = 'waiting' and fetch_id is not null"

_PICK_PAGES = text(f"""
with recursive lists as ({list_steps("job", _FETCHED)}),
due as materialized (
  select turns.*, row_number() over (
    order by priority desc, turn, submitter <= :after, submitter) as place
  from (
    select d.*, row_number() over (partition by d.priority, d.submitter order by d.id) as turn
    from lists cross join lateral (
      select job.id, job.url_key, job.suspect, job.priority, job.submitter
      from (
        select * from job
        where {_FETCHED} and job.priority = lists.priority and job.submitter = lists.submitter
        order by job.id limit :limit + {LOOKED_AT}) as job
      where {MAY_RUN}
      order by job.id limit :limit) as d) as turns
  order by place limit :limit),
{_CHOSEN},
sent as (
  update job set state = 'running', stage = 'enrich', attempt = attempt + 1,
                 dispatched_at = now(), held_until = null
  from chosen where job.id = chosen.id and job.state = 'waiting'
  returning job.id, job.attempt, job.fetch_id, job.host_id, job.submitter, chosen.place)
select sent.id, sent.attempt, f.page, setting.timezone, sent.submitter, {_LANGUAGES}
from sent join page_fetch as f on f.id = sent.fetch_id
left join host_setting as setting on setting.host_id = sent.host_id
order by sent.place
""")  # noqa: S608 - put together from constants


def pick_fetches(
    connection: Connection, limit: int, *, after: str, timing: Timing, epoch: str, now_ms: int
) -> Picked[FetchPage]:
    """Mark up to ``limit`` due jobs as running and return the messages to send.

    Jobs whose page is fresh enough are finished as unchanged, those whose page was deleted as
    skipped, in the same transaction.

    Args:
        connection: An open transaction on the dispatcher's session.
        limit: Messages at most.
        after: The submitter whose list had the last turn.
        timing: How long a host is held.
        epoch: The incarnation of Redis' data that the messages belong to.
        now_ms: Redis' clock, in milliseconds.
    """
    hosts = due_hosts(connection, limit, after=after)
    if not hosts:
        return Picked((), after)
    rows = connection.execute(
        _TAKE,
        {
            **columns(
                ("host_id", "room", "priority", "served"),
                [(host.id, host.room, host.priority, host.served) for host in hosts],
            ),
            "limit": limit,
            "hold": timing.claim_seconds + timing.fetch_seconds,
        },
    ).mappings()
    fetches: list[FetchPage] = []
    endings: list[Ending] = []
    for row in rows:
        if row["deleted"]:
            endings.append(ending_deleted(row["id"]))
        elif row["article_id"] is not None:
            endings.append(_fresh(row["id"], row["article_id"]))
        else:
            fetches.append(_fetch_page(row, timing, epoch, now_ms))
    if endings:
        finish(connection, endings)
    wake(connection, [host.id for host in hosts])
    return Picked(tuple(fetches), hosts[-1].submitter)


def pick_pages(
    connection: Connection, limit: int, *, after: str, epoch: str
) -> Picked[PageFetched]:
    """Mark up to ``limit`` jobs whose body is there as running and return their messages.

    Args:
        connection: An open transaction on the dispatcher's session.
        limit: Messages at most.
        after: The submitter whose list had the last turn.
        epoch: The incarnation of Redis' data that the messages belong to.
    """
    rows = connection.execute(_PICK_PAGES, {"limit": limit, "after": after}).all()
    pages = tuple(
        PageFetched(
            job_id=row.id,
            attempt=row.attempt,
            epoch=epoch,
            page=stored_page(row.page, row.timezone),
            languages=row.languages or {},
        )
        for row in rows
    )
    return Picked(pages, rows[-1].submitter if rows else after)


def _fresh(job_id: UUID, article: UUID) -> Ending:
    return Ending(
        job_id=job_id,
        attempt=None,
        reason=Reason.FRESH,
        detail="the page was stored recently",
        article_id=article,
    )


def _fetch_page(row: RowMapping, timing: Timing, epoch: str, now_ms: int) -> FetchPage:
    return FetchPage(
        job_id=row["id"],
        attempt=row["attempt"],
        epoch=epoch,
        url=row["url"],
        url_key=row["url_key"],
        target=row["target"] or row["url"],
        hops=_hops(row["hops"]),
        cookies=row["cookies"],
        claim_by=now_ms + round(timing.claim_seconds * 1000),
        fetch_seconds=timing.fetch_seconds,
        timezone=row["timezone"],
        stored=row["stored"],
        host=row["setting"] or HostSettings(),
        languages=row["languages"] or {},
    )


def stored_page(stored: object, host_timezone: str | None) -> Page:
    """Return a page as the ledger has it, in the zone that is set for its host if it has none."""
    page = Page.model_validate(stored)
    return page if page.timezone else page.model_copy(update={"timezone": host_timezone})


def _hops(stored: Sequence[object]) -> tuple[Hop, ...]:
    return tuple(Hop.model_validate(hop) for hop in stored)
