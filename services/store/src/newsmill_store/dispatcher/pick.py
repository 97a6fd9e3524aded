"""What is sent next: due work host by host, and pages that need no host."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.messages import FetchPage, Hop, HostSettings, Page, PageFetched
from newsmill_shared.reasons import Reason

__all__ = ["Timing", "pick_fetches", "pick_pages", "seconds_to_next_host"]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a host is held for one chain."""

    claim_seconds: float
    fetch_seconds: float


# A host with room whose time has come gives its best waiting jobs. A page that runs already is
# passed over, and of jobs that share a page one is taken. At most one suspect runs at a time.
# A job whose page was stored, or seen unchanged, less than max_age ago is returned to be finished,
# not sent; otherwise what is stored of its page goes along, for a conditional request.
# host.idle says that no waiting job was seen; in_flight moves with the slots really inserted.
_PICK_FETCHES = text("""
with ready as materialized (
  select id, max_in_flight - in_flight as room from host
  where not idle and next_at <= now() and in_flight < max_in_flight
  order by next_at limit :limit),
due as materialized (
  select ready.id as host_id, j.* from ready left join lateral (
    select job.id, job.url_key, job.suspect, stored.article_id, stored.stored from job
    left join lateral (
      select case when greatest(f.fetched_at, f.checked_at)
                       > now() - make_interval(secs => job.max_age_seconds)
                  then f.article_id end as article_id,
             jsonb_build_object('fetch_id', f.id, 'url_key', f.page -> 'final_key',
                                'sha256', f.page -> 'sha256',
                                'etag', f.page -> 'headers' -> 'etag',
                                'last_modified', f.page -> 'headers' -> 'last-modified') as stored
      from page_fetch as f
      where f.url_key = job.url_key and f.article_id is not null and not job.force
      order by f.fetched_at desc limit 1) as stored on true
    where job.host_id = ready.id and job.state = 'waiting' and job.fetch_id is null
      and (job.expires_at is null or job.expires_at > now())
      and (not job.suspect or not exists (
        select from job s where s.state = 'running' and s.suspect))
      and not exists (
        select from job r where r.url_key = job.url_key and r.state = 'running')
    order by job.priority desc, job.id limit least(ready.room, :limit)) as j on true
  limit :limit),
one_a_page as (
  select distinct on (url_key) * from due where id is not null order by url_key, id),
chosen as (
  select * from (
    select *, row_number() over (partition by suspect order by id) as nth from one_a_page) as n
  where not suspect or nth = 1),
sent as (
  update job set state = 'running', stage = 'ingest', attempt = attempt + 1,
                 dispatched_at = now(), held_until = null
  from chosen where job.id = chosen.id and job.state = 'waiting' and chosen.article_id is null
  returning job.*, chosen.stored),
slots as (
  insert into slot (job_id, attempt, host_id, until)
  select sent.id, sent.attempt, sent.host_id,
         now() + make_interval(secs => :hold + greatest(host.delay_seconds,
                                                        host.crawl_delay_seconds,
                                                        host.backoff_seconds))
  from sent join host on host.id = sent.host_id
  returning host_id),
counted as (
  select due.host_id, count(due.id) as seen,
         (select count(*) from slots where slots.host_id = due.host_id) as taken
  from due group by due.host_id),
moved as (
  update host set in_flight = in_flight + counted.taken, idle = (counted.seen = 0)
  from counted where host.id = counted.host_id and (counted.taken > 0 or counted.seen = 0))
select sent.id, attempt, url, encode(url_key, 'hex') as url_key, target, hops, sent.cookies,
       coalesce(sent.timezone, setting.timezone) as timezone, sent.stored,
       to_jsonb(setting) as setting, null::uuid as article_id
from sent left join host_setting as setting on setting.host_id = sent.host_id
union all
select id, null, null, null, null, null, null, null, null, null, article_id
from chosen where article_id is not null
""")

_PICK_PAGES = text("""
with due as materialized (
  select id, url_key, suspect from job
  where state = 'waiting' and fetch_id is not null
    and (expires_at is null or expires_at > now())
    and (not suspect or not exists (select from job s where s.state = 'running' and s.suspect))
    and not exists (select from job r where r.url_key = job.url_key and r.state = 'running')
  order by priority desc, id limit :limit),
one_a_page as (select distinct on (url_key) * from due order by url_key, id),
chosen as (
  select * from (
    select *, row_number() over (partition by suspect order by id) as nth from one_a_page) as n
  where not suspect or nth = 1),
sent as (
  update job set state = 'running', stage = 'enrich', attempt = attempt + 1,
                 dispatched_at = now(), held_until = null
  from chosen where job.id = chosen.id and job.state = 'waiting'
  returning job.id, job.attempt, job.fetch_id, job.host_id)
select sent.id, sent.attempt, f.page, setting.timezone
from sent join page_fetch as f on f.id = sent.fetch_id
left join host_setting as setting on setting.host_id = sent.host_id
""")

_NEXT_HOST = text("""
select min(extract(epoch from greatest(next_at, now()) - now())) from host
where not idle and in_flight < max_in_flight
""")


def pick_fetches(
    connection: Connection, limit: int, *, timing: Timing, epoch: str, now_ms: int
) -> list[FetchPage]:
    """Mark up to ``limit`` due jobs as running and return the messages to send.

    Jobs whose page is fresh enough are finished as unchanged in the same transaction.

    Args:
        connection: An open transaction on the dispatcher's session.
        limit: Messages at most.
        timing: How long a host is held.
        epoch: The incarnation of Redis' data that the messages belong to.
        now_ms: Redis' clock, in milliseconds.
    """
    rows = connection.execute(
        _PICK_FETCHES,
        {"limit": limit, "hold": timing.claim_seconds + timing.fetch_seconds},
    ).mappings()
    fetches: list[FetchPage] = []
    fresh: list[Ending] = []
    for row in rows:
        if row["article_id"] is not None:
            fresh.append(_fresh(row["id"], row["article_id"]))
        else:
            fetches.append(_fetch_page(row, timing, epoch, now_ms))
    if fresh:
        finish(connection, fresh)
    return fetches


def pick_pages(connection: Connection, limit: int, *, epoch: str) -> list[PageFetched]:
    """Mark up to ``limit`` jobs whose body is there as running and return their messages."""
    rows = connection.execute(_PICK_PAGES, {"limit": limit})
    return [
        PageFetched(
            job_id=row.id, attempt=row.attempt, epoch=epoch, page=_page(row.page, row.timezone)
        )
        for row in rows
    ]


def seconds_to_next_host(connection: Connection) -> float | None:
    """Return when the next host with work may be asked; None when no host has work and room."""
    seconds = connection.execute(_NEXT_HOST).scalar_one()
    return None if seconds is None else float(seconds)


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
    )


def _page(stored: object, host_timezone: str | None) -> Page:
    page = Page.model_validate(stored)
    return page if page.timezone else page.model_copy(update={"timezone": host_timezone})


def _hops(stored: Sequence[object]) -> tuple[Hop, ...]:
    return tuple(Hop.model_validate(hop) for hop in stored)
