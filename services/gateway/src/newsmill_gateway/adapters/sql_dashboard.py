"""The ledger in PostgreSQL, as the dashboard reads it.

A query either follows an index for a bounded number of rows, or counts open work or the whole
ledger; the latter are for callers that keep the answer. The newest outcomes are the newest events
by their id, which grows with each: an id that is left out costs nothing.
"""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping, text

from newsmill_gateway.dashboard.ports import (
    Article,
    ArticleList,
    ArticleQuery,
    Backlog,
    Copied,
    Facets,
    Failure,
    FailureGroup,
    FailureList,
    FailureQuery,
    Failures,
    Host,
    Neighbour,
    Pulse,
    Retrieval,
    Running,
    Version,
    WaitingJob,
)
from newsmill_shared.database.conservation import Conservation, conservation
from newsmill_shared.database.engine import reading
from newsmill_shared.database.hosts import read_host
from newsmill_shared.database.partitions import first_id
from newsmill_shared.database.tallies import Count, read_minutes

__all__ = ["SQLDashboard"]

_RATE_SECONDS = 60
_RATE_ROWS = 20_000
"""More than so many a minute are counted over a shorter time."""
_HOSTS_SHOWN = 500
_FAILURE_EVENTS = 200_000
"""How far back failures are looked for, in outcomes."""
_GROUPS_SHOWN = 300
_FAILURES_SHOWN = 25
_ARTICLE_EVENTS = 50_000
"""How far back one page of articles is searched for, in outcomes."""
_ARTICLES_SHOWN = 20
_FACET_EVENTS = 20_000
_MINUTES_SHOWN = 60
_STORY_SHOWN = 10

SHORT_BYTES = 400
"""A text of fewer bytes in UTF-8 counts as too short: some 60 English or 130 Chinese signs."""

_PULSE = text("""
with ended as materialized (
  select at from event where job_id is not null order by id desc limit :rows),
last_minute as (select at from ended where at > now() - make_interval(secs => :seconds)),
accepted as materialized (
  (select id from job where id >= :minute_ago limit :rows)
  union all
  (select job_id from outcome where job_id >= :minute_ago limit :rows))
select now() as now,
  (select count(*) from pg_stat_activity where backend_type = 'client backend') as connections,
  current_setting('max_connections')::int as connections_max,
  exists (select from receipt) as accepted_any,
  (select count(*) from accepted) as accepted,
  (select count(*) from last_minute) as ended,
  (select extract(epoch from now() - min(at)) from last_minute) as ended_within,
  (select max(at) from ended) as last_outcome_at,
  (select max(dispatched_at) from job where state = 'running') as last_sent_at
""")

_RUNNING = text("""
select coalesce(stage, 'ingest') as stage, count(*) as jobs, min(dispatched_at) as oldest_at
from job where state = 'running' group by 1
""")

# One walk over what is open; a host's share that may go at once is due, the rest has its turn.
_BACKLOG = text("""
with open as materialized (
  select host_id,
    count(*) filter (where state = 'waiting' and fetch_id is null) as waiting,
    count(*) filter (where state = 'waiting' and fetch_id is not null) as fetched,
    count(*) filter (where state = 'held') as held,
    count(*) filter (where state = 'running') as running,
    min(accepted_at) filter (where state = 'waiting' and fetch_id is null) as waiting_at,
    min(accepted_at) filter (where state = 'waiting' and fetch_id is not null) as fetched_at,
    min(accepted_at) filter (where state = 'held') as held_at,
    min(held_until) filter (where state = 'held') as retry_at
  from job group by host_id),
placed as (
  select open.*, h.name, h.delay_seconds, h.crawl_delay_seconds, h.backoff_seconds,
    h.max_in_flight, h.in_flight,
    nullif(h.next_at, '-infinity') as next_at,
    least(open.waiting, case when h.next_at <= now()
                             then greatest(h.max_in_flight - h.in_flight, 0) else 0 end) as due
  from open join host as h on h.id = open.host_id)
select *,
  least(waiting_at, held_at, fetched_at) as oldest_at,
  sum(due) over () as all_due,
  min(greatest(waiting_at, next_at)) filter (where due > 0) over () as due_since,
  sum(waiting - due) over () as all_turn,
  min(waiting_at) filter (where waiting > due) over () as turn_at,
  sum(held) over () as all_held,
  min(held_at) over () as all_held_at,
  min(retry_at) over () as all_retry_at,
  sum(fetched) over () as all_fetched,
  min(fetched_at) over () as all_fetched_at,
  count(*) over () as hosts
from placed order by waiting + held desc, name limit :limit
""")

_HOST = text("""
select h.name, h.delay_seconds, h.crawl_delay_seconds, h.backoff_seconds, h.max_in_flight,
  h.in_flight, nullif(h.next_at, '-infinity') as next_at,
  (select count(*) from (select from job where host_id = h.id and state = 'waiting'
     and fetch_id is null limit 10000) as w) as waiting,
  (select min(accepted_at) from (select accepted_at from job where host_id = h.id
     and state = 'waiting' and fetch_id is null limit 10000) as w) as oldest_at
from host as h where h.name = :name
""")

_NEXT_JOBS = text("""
select job.id, job.url, job.priority, job.accepted_at
from job where host_id = (select id from host where name = :name)
  and state = 'waiting' and fetch_id is null
order by priority desc, id limit 10
""")

_NEWEST_EVENT = text("select max(id) from event")

_FAILURES = text("""
with newest as (select coalesce(max(id), 0) as id from event),
looked_at as materialized (
  select event.id, kind, reason, job_id, at from event, newest
  where event.id > newest.id - :events and at > now() - interval '24 hours'),
failed as (
  select l.*, o.host_id, o.detail from looked_at as l join outcome as o using (job_id)
  where l.kind in ('failed', 'dead')
    and not exists (select from settled where settled.job_id = l.job_id)),
grouped as (
  select kind, reason, host_id, count(*) as jobs, min(at) as first_at, max(at) as last_at,
    (array_agg(detail order by id desc))[1] as detail
  from failed group by kind, reason, host_id)
select grouped.*, coalesce(h.name, '') as host,
  (select count(*) from looked_at) as looked_at, (select min(at) from looked_at) as since,
  sum(jobs) over () as all_jobs, sum(jobs) over (partition by kind) as of_kind,
  sum(jobs) over (partition by reason) as of_reason
from grouped left join host as h on h.id = grouped.host_id
order by jobs desc, kind, reason, host limit :limit
""")

_LOOKED_AT = text("""
select count(*), min(at) from event
where id > (select coalesce(max(id), 0) from event) - :events and at > now() - interval '24 hours'
""")

_FAILURE_LIST = text("""
with looked_at as (
  select id, kind, reason, job_id, at from event
  where id > (select coalesce(max(id), 0) from event) - :events and id < :before
    and kind in ('failed', 'dead')
    and (cast(:kind as text) is null or kind = :kind)
    and (cast(:reason as text) is null or reason = :reason))
select l.id as event, l.job_id, o.url, l.kind, l.reason, o.detail, o.tries, l.at
from looked_at as l join outcome as o using (job_id)
where (cast(:host as text) is null or o.host_id = (select id from host where name = :host))
  and not exists (select from settled where settled.job_id = l.job_id)
order by l.id desc limit :limit
""")

_FLAGGED = {
    "no_date": "v.published_at is null",
    "no_language": "v.language = 'und'",
    "no_category": "v.categories = '[]'",
    "short": f"octet_length(v.text) < {SHORT_BYTES}",
}
_STORIES = {
    "first": "a.duplicate_of is null",
    "copy": "a.duplicate_of is not null",
    "changed": "v.number > 1",
}
_HOST_NAME = "lower(split_part(split_part(a.url, '/', 3), ':', 1))"

# An article is in the list once, where its current version was stored.
_NEWEST_ARTICLES = """
from event as e
join article as a on a.id = e.article_id and a.version = e.version
join version as v on v.article_id = a.id and v.number = a.version
where e.kind in ('stored', 'updated', 'duplicate') and e.id < :before and e.id >= :from
"""

_FLAG_COLUMNS = ", ".join(
    f"({condition}) is true as {name}" for name, condition in {**_FLAGGED, **_STORIES}.items()
)
_FLAG_COUNTS = "".join(
    f" union all select '{facet}', '{name}', '', count(*) filter (where {name}) from newest"  # noqa: S608 - constants
    for facet, names in (("flag", _FLAGGED), ("story", _STORIES))
    for name in names
)
_FACETS = text(f"""
with newest as materialized (
  select v.language, v.categories, {_HOST_NAME} as host, {_FLAG_COLUMNS} {_NEWEST_ARTICLES}),
languages as (
  select language, count(*) as n from newest group by 1 order by n desc, 1 limit 12),
categories as (
  select c->>'id' as id, min(c->>'name') as name, count(*) as n
  from newest, jsonb_array_elements(categories) as c group by 1 order by n desc, 1 limit 12),
hosts as (select host, count(*) as n from newest group by 1 order by n desc, 1 limit 8)
select 'language' as facet, language as value, '' as label, n from languages
union all select 'category', id, name, n from categories
union all select 'host', host, '', n from hosts
union all select 'all', '', '', count(*) from newest
{_FLAG_COUNTS}
""")  # noqa: S608 - put together from constants of this module

_FETCH_OF_JOB = text("""
select fetched_at, page from page_fetch where id = coalesce(
  (select fetch_id from job where id = :job), (select fetch_id from outcome where job_id = :job))
""")

# In the version that was compared, if it is stored, else in its current one.
_COPIED = text("""
select a.id as article_id, a.url, t.language, t.text
from version v join article a on a.id = v.duplicate_of and a.version > 0
join lateral (
  select language, text from version
  where article_id = a.id and (number = a.version or document = v.duplicate_document)
  order by coalesce(document = v.duplicate_document, false) desc limit 1) t on true
where v.article_id = :article and v.number = :number
""")

_VERSION = text("""
select a.id as article_id, v.number, a.version as versions, a.url, a.cluster_id, v.duplicate_of,
  v.title, v.text, v.text_truncated, v.published_at, v.modified_at, v.authors, v.section_raw,
  v.site_name, v.canonical_url, v.language, v.language_confidence, v.categories, v.evidence
from article as a
join version as v on v.article_id = a.id and v.number = coalesce(:number, a.version)
where a.id = :article
""")

_NEIGHBOUR = """
select a.id as article_id, a.url, v.title, v.language, a.created_at
from article as a join version as v on v.article_id = a.id and v.number = a.version
"""
_STORY = text(_NEIGHBOUR + "where a.cluster_id = :cluster order by a.created_at, a.id limit :limit")
_NEIGHBOURS = text(_NEIGHBOUR + "where a.id = any(:articles)")

_JOB_OF = text("""
select job_id from outcome where article_id = :article order by job_id desc limit 1
""")


class SQLDashboard:
    """Reads what the dashboard shows of the ledger.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pulse(self) -> Pulse:
        """Return what the last moments brought."""
        minute_ago = datetime.now(UTC) - timedelta(seconds=_RATE_SECONDS)
        with reading(self._engine) as snapshot:
            began = time.monotonic()
            row = (
                snapshot.execute(
                    _PULSE,
                    {
                        "rows": _RATE_ROWS,
                        "seconds": _RATE_SECONDS,
                        "minute_ago": first_id(minute_ago),
                    },
                )
                .mappings()
                .one()
            )
            answered = time.monotonic() - began
            running = {
                stage: Running(jobs, oldest_at)
                for stage, jobs, oldest_at in snapshot.execute(_RUNNING)
            }
        full = row["ended"] >= _RATE_ROWS
        within = max(float(row["ended_within"] or 1), 1.0) if full else float(_RATE_SECONDS)
        return Pulse(
            now=row["now"],
            answered_seconds=answered,
            connections=row["connections"],
            connections_max=row["connections_max"],
            accepted_any=row["accepted_any"],
            accepted_per_second=row["accepted"] / _RATE_SECONDS,
            ended_per_second=row["ended"] / within,
            last_outcome_at=row["last_outcome_at"],
            last_sent_at=row["last_sent_at"],
            running=MappingProxyType(running),
        )

    def conservation(self) -> Conservation:
        """Count everything. Takes longer the longer the ledger is."""
        with reading(self._engine) as snapshot:
            return conservation(snapshot)

    def backlog(self) -> Backlog:
        """Count open jobs. Takes longer the more are open."""
        with reading(self._engine) as snapshot:
            rows = snapshot.execute(_BACKLOG, {"limit": _HOSTS_SHOWN}).mappings().all()
        if not rows:
            return Backlog(0, None, 0, None, 0, None, None, 0, None, 0, ())
        first = rows[0]
        return Backlog(
            due=int(first["all_due"]),
            due_since=first["due_since"],
            turn=int(first["all_turn"]),
            turn_oldest_at=first["turn_at"],
            held=int(first["all_held"]),
            held_oldest_at=first["all_held_at"],
            retry_at=first["all_retry_at"],
            fetched=int(first["all_fetched"]),
            fetched_oldest_at=first["all_fetched_at"],
            hosts=first["hosts"],
            largest=tuple(_host(row) for row in rows),
        )

    def minutes(self) -> tuple[Count, ...]:
        """Return what stages did in the minutes of the last hour, oldest first."""
        with reading(self._engine) as snapshot:
            return read_minutes(snapshot, minutes=_MINUTES_SHOWN)

    def host(self, name: str) -> Host | None:
        """Return one host, with its counts up to 10,000."""
        with reading(self._engine) as snapshot:
            row = snapshot.execute(_HOST, {"name": name}).mappings().first()
            known = read_host(snapshot, name)
        if row is None or known is None:
            return None
        return replace(_host(row), setting=known.setting)

    def next_jobs(self, name: str) -> tuple[WaitingJob, ...]:
        """Return the jobs that a host gives next."""
        with reading(self._engine) as snapshot:
            return tuple(WaitingJob(*row) for row in snapshot.execute(_NEXT_JOBS, {"name": name}))

    def failures(self) -> Failures:
        """Group the failures among the newest outcomes."""
        with reading(self._engine) as snapshot:
            found = snapshot.execute(_FAILURES, {"events": _FAILURE_EVENTS, "limit": _GROUPS_SHOWN})
            rows = found.mappings().all()
            if not rows:
                looked_at, since = snapshot.execute(_LOOKED_AT, {"events": _FAILURE_EVENTS}).one()
                return Failures(since, looked_at, 0, 0, (), {})
        return Failures(
            since=rows[0]["since"],
            looked_at=rows[0]["looked_at"],
            jobs=int(rows[0]["all_jobs"]),
            dead=next((int(row["of_kind"]) for row in rows if row["kind"] == "dead"), 0),
            groups=tuple(
                FailureGroup(
                    kind=row["kind"],
                    reason=row["reason"],
                    host=row["host"],
                    jobs=row["jobs"],
                    first_at=row["first_at"],
                    last_at=row["last_at"],
                    detail=row["detail"],
                )
                for row in rows
            ),
            reasons={row["reason"]: int(row["of_reason"]) for row in rows},
        )

    def failure_list(self, query: FailureQuery) -> FailureList:
        """Return failures, newest first."""
        with reading(self._engine) as snapshot:
            before = query.before or _after_newest(snapshot)
            rows = snapshot.execute(
                _FAILURE_LIST,
                {
                    "events": _FAILURE_EVENTS,
                    "before": before,
                    "kind": query.kind,
                    "reason": query.reason,
                    "host": query.host,
                    "limit": _FAILURES_SHOWN + 1,
                },
            )
            found = tuple(Failure(*row) for row in rows)
        shown = found[:_FAILURES_SHOWN]
        return FailureList(shown, shown[-1].event if len(found) > len(shown) else None)

    def articles(self, query: ArticleQuery) -> ArticleList:
        """Return articles, newest stored first."""
        conditions, values = _conditions(query)
        with reading(self._engine) as snapshot:
            before = query.before or _after_newest(snapshot)
            start = max(before - _ARTICLE_EVENTS, 0)
            rows = snapshot.execute(
                text(f"""
                select e.id as event, a.id as article_id, e.job_id, a.url, v.title,
                  left(v.text, 600) as lead, v.language, v.language_confidence, v.categories,
                  v.published_at, e.at as stored_at, octet_length(v.text) as bytes,
                  a.duplicate_of, v.number
                {_NEWEST_ARTICLES} {conditions}
                order by e.id desc limit :limit
                """),
                {"before": before, "from": start, "limit": _ARTICLES_SHOWN + 1, **values},
            ).mappings()
            found = tuple(_article(row) for row in rows)
        shown = found[:_ARTICLES_SHOWN]
        if len(found) > len(shown):
            return ArticleList(shown, shown[-1].event, exhausted=False)
        return ArticleList(shown, start if start > 1 else None, exhausted=start > 1)

    def facets(self) -> Facets:
        """Count the newest articles by what they are."""
        counted: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        with reading(self._engine) as snapshot:
            before = _after_newest(snapshot)
            start = max(before - _FACET_EVENTS, 0)
            for row in snapshot.execute(_FACETS, {"before": before, "from": start}):
                counted[row.facet].append((row.value, row.label, row.n))
        return Facets(
            looked_at=counted["all"][0][2],
            languages=tuple((value, n) for value, _, n in counted["language"]),
            categories=tuple(counted["category"]),
            hosts=tuple((value, n) for value, _, n in counted["host"]),
            flags={value: n for value, _, n in counted["flag"]},
            stories={value: n for value, _, n in counted["story"]},
        )

    def retrieval(self, fetch_of: UUID) -> Retrieval | None:
        """Return how the page of a job came."""
        with reading(self._engine) as snapshot:
            row = snapshot.execute(_FETCH_OF_JOB, {"job": fetch_of}).first()
        if row is None:
            return None
        page = row.page
        return Retrieval(
            fetched_at=row.fetched_at,
            status=int(page.get("status", 200)),
            final_url=str(page["final_url"]),
            size=int(page["size"]),
            media_type=str(page["media_type"]),
            sha256=str(page["sha256"]),
            supplied=bool(page.get("supplied", False)),
            headers={str(name): str(value) for name, value in page.get("headers", {}).items()},
            hops=tuple((int(hop["status"]), str(hop["url"])) for hop in page.get("hops", [])),
        )

    def version(self, article_id: UUID, number: int | None) -> Version | None:
        """Return an article in one version, or its current one."""
        with reading(self._engine) as snapshot:
            row = (
                snapshot.execute(_VERSION, {"article": article_id, "number": number})
                .mappings()
                .first()
            )
        if row is None:
            return None
        return Version(
            **{
                **row,
                "authors": tuple(row["authors"]),
                "categories": tuple(row["categories"]),
                "duplicate_of": row["duplicate_of"],
            }
        )

    def copied(self, article_id: UUID, number: int) -> Copied | None:
        """Return the earlier article that a version tells again, if that is stored."""
        with reading(self._engine) as snapshot:
            row = (
                snapshot.execute(_COPIED, {"article": article_id, "number": number})
                .mappings()
                .first()
            )
        return Copied(**row) if row is not None else None

    def story(self, cluster_id: UUID) -> tuple[Neighbour, ...]:
        """Return the first articles of a story, oldest first."""
        with reading(self._engine) as snapshot:
            rows = snapshot.execute(_STORY, {"cluster": cluster_id, "limit": _STORY_SHOWN})
            return tuple(Neighbour(*row) for row in rows)

    def neighbours(self, article_ids: tuple[UUID, ...]) -> Mapping[UUID, Neighbour]:
        """Return those of these articles that are stored."""
        if not article_ids:
            return {}
        with reading(self._engine) as snapshot:
            rows = snapshot.execute(_NEIGHBOURS, {"articles": list(article_ids)})
            return {row.article_id: Neighbour(*row) for row in rows}

    def job_of(self, article_id: UUID) -> UUID | None:
        """Return the last job that led to an article."""
        with reading(self._engine) as snapshot:
            job: UUID | None = snapshot.execute(_JOB_OF, {"article": article_id}).scalar()
        return job


def _after_newest(snapshot: Connection) -> int:
    return int(snapshot.execute(_NEWEST_EVENT).scalar() or 0) + 1


def _conditions(query: ArticleQuery) -> tuple[str, dict[str, Any]]:
    """Return the conditions of a search, and the values in them."""
    said = [_FLAGGED[flag] for flag in query.flags if flag in _FLAGGED]
    values: dict[str, Any] = {}
    if query.languages:
        said.append("v.language = any(:languages)")
        values["languages"] = list(query.languages)
    if query.categories:
        said.append(
            "exists (select from jsonb_array_elements(v.categories) as c"
            " where c->>'id' = any(:categories))"
        )
        values["categories"] = list(query.categories)
    if query.hosts:
        said.append(f"{_HOST_NAME} = any(:hosts)")
        values["hosts"] = [host.lower() for host in query.hosts]
    if query.story in _STORIES:
        said.append(_STORIES[query.story])
    if query.words:
        said.append("position(lower(:words) in lower(v.title)) > 0")
        values["words"] = query.words
    return "".join(f" and {condition}" for condition in said), values


def _host(row: RowMapping) -> Host:
    return Host(
        name=row["name"],
        waiting=row["waiting"],
        held=row.get("held", 0),
        running=row.get("running", row["in_flight"]),
        oldest_at=row["oldest_at"],
        delay_seconds=row["delay_seconds"],
        crawl_delay_seconds=row["crawl_delay_seconds"],
        max_in_flight=row["max_in_flight"],
        in_flight=row["in_flight"],
        next_at=row["next_at"],
        retry_at=row.get("retry_at"),
        backoff_seconds=row["backoff_seconds"],
    )


def _article(row: RowMapping) -> Article:
    return Article(
        **{**row, "lead": row["lead"] or "", "categories": tuple(row["categories"])},
    )
