"""Jobs that died or failed, as operators deal with them: found, retried, discarded.

An outcome never changes, so what was counted stays counted: a retry is a new job that names the old
one, and beside the old one stands who settled it, how and why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.database.accept import (
    DEFAULT_SUBMITTER,
    IdempotencyConflictError,
    Order,
    Submission,
    accept_all,
)
from newsmill_shared.database.audit import record
from newsmill_shared.database.locks import SETTLING
from newsmill_shared.database.rows import columns, storable
from newsmill_shared.identity import new_id
from newsmill_shared.messages import Page
from newsmill_shared.reasons import RULES, Outcome, Reason

__all__ = [
    "COUNTED_MOST",
    "Act",
    "DeadJob",
    "Ended",
    "Group",
    "HostNow",
    "Pace",
    "Preview",
    "Retried",
    "Settled",
    "count_unsettled",
    "discard",
    "hosts_now",
    "list_ended",
    "preview",
    "retry",
]

COUNTED_MOST = 100_000
"""Jobs are counted up to here: there are so many or more."""
_GROUPS = 200
_SAMPLE = 5
_HOST_OUTCOMES = 20
_UNSETTLED_MOST = 10_000
_RECEIPT = "retry "


class Settled(StrEnum):
    """What operators have made of jobs that ended."""

    NO = "no"
    """Nothing yet: these are what is to be looked at."""
    RETRIED = "retried"
    DISCARDED = "discarded"
    ANY = "any"
    """Whatever they have made of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Which jobs that ended dead or failed.

    Args:
        outcome: How they ended; None: as ``reason`` leads to, without one dead.
        reason: For this reason.
        host: Handed in with a URL at this host.
        label: Handed in with this label.
        stage: Ended at ``ingest``, ``enrich`` or ``store``.
        since: Ended then or later.
        settled: What was made of them.
        job: This one, however it ended.
    """

    outcome: Literal["dead", "failed"] | None = None
    reason: Reason | None = None
    host: str | None = None
    label: str | None = None
    stage: str | None = None
    since: datetime | None = None
    settled: Settled = Settled.NO
    job: UUID | None = None

    @property
    def subject(self) -> str:
        """What these are, for the audit: a host's name alone, as all that is done to it has it."""
        if self.job is not None:
            return f"job {self.job}"
        return self.host or (f"label {self.label}" if self.label else "ended jobs")

    def described(self) -> dict[str, str]:
        """Return the filters that were given, for the audit."""
        given = {
            "outcome": self.wanted,
            "reason": self.reason,
            "host": self.host,
            "label": self.label,
            "stage": self.stage,
            "since": self.since and self.since.isoformat(),
            "settled": self.settled if self.settled is not Settled.NO else None,
        }
        return {name: str(value) for name, value in given.items() if value is not None}

    @property
    def wanted(self) -> str | None:
        """The outcome that is asked for; None for one job, which may have any of the two."""
        if self.outcome is not None or self.job is not None:
            return self.outcome
        return str(RULES[self.reason].outcome if self.reason else Outcome.DEAD)


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that died or failed, and what was made of it."""

    job_id: UUID
    url: str
    host: str
    label: str | None
    outcome: str
    reason: str
    detail: str
    stage: str | None
    """Where its last attempt ended; None for one that no stage has had."""
    tries: int
    losses: int
    accepted_at: datetime
    finished_at: datetime
    retry_of: UUID | None
    settled: str | None
    """``retried`` or ``discarded``; None: nobody has dealt with it."""
    settled_by: str | None
    settled_at: datetime | None
    settled_reason: str | None
    retry_id: UUID | None
    retry_state: str | None
    """How the retry ended, or the state of its job."""


@dataclass(frozen=True, slots=True)
class Group:
    """Jobs of one host that ended for one reason."""

    outcome: str
    reason: str
    host: str
    host_id: int
    jobs: int
    first_at: datetime
    last_at: datetime
    detail: str
    """What the last of them said."""
    sample: UUID
    """The last of them."""


@dataclass(frozen=True, slots=True)
class HostNow:
    """What a host does now."""

    backoff_seconds: float
    """How far its delay has grown because it had too much; 0 = not at all."""
    next_at: datetime | None
    paused: bool
    ended_well: int
    """Of its last 20 jobs that ended stored, updated, unchanged or duplicate;"""
    failed: int
    """and failed or dead."""
    well_at: datetime | None
    """When the last of these ended well."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would do to whom."""

    matching: int
    """Jobs that the filters fit, `COUNTED_MOST` at most."""
    chosen: int
    """Jobs that the act would take: the first ``limit`` that ended."""
    groups: tuple[Group, ...]
    """The chosen ones by reason and host, largest first, 200 at most."""
    sample: tuple[tuple[UUID, str], ...]
    """Some of them, with their URLs."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast retries come.

    Args:
        limit: So many jobs at most.
        per_second: So many may begin in a second; hosts are asked at their own pace in any case.
    """

    limit: int = 1_000
    per_second: float = 10.0

    def not_before(self, number: int, now: datetime) -> datetime | None:
        """Return when the retry of a number (from 0) may begin; None: at once."""
        if number < self.per_second:
            return None
        return now + timedelta(seconds=number / self.per_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What an operator does to jobs that ended.

    Args:
        wanted: Which jobs.
        by: Who does it.
        reason: Why.
    """

    wanted: Ended
    by: str
    reason: str = ""

    def detail(self, jobs: int) -> dict[str, JsonValue]:
        """Return what the audit says of it."""
        return {**self.wanted.described(), "jobs": jobs, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Retried:
    """The jobs that a retry has made; ``replayed``: when it was asked for the first time."""

    job_ids: tuple[UUID, ...]
    hosts: tuple[int, ...] = ()
    replayed: bool = False


_STAGE = """
  (case when o.reason = 'store_error' then 'store' else (
     select a.stage from attempt as a where a.job_id = o.job_id
     order by a.attempt desc, array_position(array['ingest', 'enrich'], a.stage) desc limit 1) end)
"""

# A condition that nobody asked for must not be there: with it the planner would not see which index
# fits.
_CONDITIONS = {
    "outcome": "o.outcome = :outcome",
    "reason": "o.reason = :reason",
    "host": "o.host_id = (select id from host where name = :host)",
    "label": "o.label = :label",
    "since": "o.finished_at >= :since",
    "job": "o.job_id = :job",
    "stage": f"{_STAGE} = :stage",
}

_SETTLED = {
    Settled.NO: "s.job_id is null",
    Settled.RETRIED: "s.how = 'retried'",
    Settled.DISCARDED: "s.how = 'discarded'",
    # What is under way is not begun once more.
    Settled.ANY: "not exists (select from job where job.id = s.retry_id)",
}

_LISTED = f"""
select o.job_id, o.url, coalesce(h.name, '') as host, o.label, o.outcome, o.reason, o.detail,
  {_STAGE} as stage, o.tries, o.losses, o.accepted_at, o.finished_at, o.retry_of,
  s.how, s.settled_by, s.settled_at, s.reason as settled_reason, s.retry_id,
  coalesce((select r.outcome from outcome as r where r.job_id = s.retry_id),
           (select job.state from job where job.id = s.retry_id)) as retry_state
from outcome as o left join settled as s on s.job_id = o.job_id
left join host as h on h.id = o.host_id
"""  # noqa: S608 - a constant of this module

_PREVIEW = """
with matching as materialized (
  select o.job_id, o.url, o.outcome, o.reason, o.host_id, o.detail, o.finished_at
  from outcome as o left join settled as s on s.job_id = o.job_id
  where {conditions} order by o.job_id limit :most),
chosen as (select * from matching order by job_id limit :limit),
grouped as (
  select outcome, reason, host_id, count(*) as jobs, min(finished_at) as first_at,
         max(finished_at) as last_at, (array_agg(detail order by job_id desc))[1] as detail,
         (array_agg(job_id order by job_id desc))[1] as sample
  from chosen group by outcome, reason, host_id)
select grouped.outcome, reason, coalesce(h.name, '') as host, host_id, jobs, first_at, last_at,
       detail, sample, (select count(*) from matching) as matching,
       (select count(*) from chosen) as chosen,
       (select array_agg(job_id || ' ' || url order by job_id) from (
          select job_id, url from chosen order by job_id limit :sample) as first) as urls
from grouped left join host as h on h.id = host_id
order by jobs desc, reason, host limit :groups
"""

_CHOSEN = """
select o.job_id, o.url, o.url_key, h.name as host, o.label, o.priority, o.meta, o.timezone,
       o.submitter, f.page
from outcome as o
join host as h on h.id = o.host_id
left join settled as s on s.job_id = o.job_id
left join page_fetch as f on f.id = o.fetch_id
where {conditions} order by o.job_id limit :limit
"""

_HOSTS_NOW = text("""
select h.id, h.backoff_seconds, nullif(h.next_at, '-infinity') as next_at, h.paused,
       coalesce(recent.well, 0) as well, coalesce(recent.failed, 0) as failed, recent.well_at
from host as h cross join lateral (
  select count(*) filter (where good) as well, count(*) filter (where bad) as failed,
         max(finished_at) filter (where good) as well_at
  from (select finished_at,
               outcome in ('stored', 'updated', 'unchanged', 'duplicate') as good,
               outcome in ('failed', 'dead') as bad
        from outcome where host_id = h.id order by job_id desc limit :outcomes) as last) as recent
where h.id = any(:hosts)
""")

_UNSETTLED = text("""
select count(*) from (
  select from (select job_id from outcome where outcome = 'dead'
               order by job_id desc limit :most) as dead
  where not exists (select from settled where settled.job_id = dead.job_id)) as unsettled
""")

_LOCK = text("select pg_advisory_xact_lock(:lock), now()")

_DONE_BEFORE = text("""
select key, request_sha256, job_ids from receipt
where key = :key or key in (select :key || ' ' || name from submitter) order by key
""")

_SETTLE = text("""
insert into settled (job_id, how, settled_by, reason, retry_id)
select n.job_id, :how, :by, :reason, n.retry_id
from unnest(cast(:job_id as uuid[]), cast(:retry_id as uuid[])) as n(job_id, retry_id)
on conflict (job_id) do update set
  how = excluded.how, settled_by = excluded.settled_by, reason = excluded.reason,
  retry_id = excluded.retry_id, settled_at = now()
""")


def list_ended(
    connection: Connection, wanted: Ended, *, before: UUID | None = None, limit: int
) -> list[DeadJob]:
    """Return jobs that died or failed, the newest first.

    Args:
        connection: An open transaction.
        wanted: Which.
        before: Those with a smaller id.
        limit: So many at most.
    """
    conditions, values = _conditions(wanted)
    if wanted.settled is Settled.ANY:
        conditions.remove(_SETTLED[Settled.ANY])
    if before is not None:
        conditions.append("o.job_id < :before")
    query = f"{_LISTED} where {' and '.join(conditions)} order by o.job_id desc limit :limit"
    rows = connection.execute(text(query), {**values, "before": before, "limit": limit})
    return [DeadJob(*row) for row in rows]


def preview(connection: Connection, wanted: Ended, *, limit: int) -> Preview:
    """Return what an act on the first ``limit`` of these jobs would take."""
    conditions, values = _conditions(wanted)
    query = text(_PREVIEW.format(conditions=" and ".join(conditions)))
    limits = {"limit": limit, "most": COUNTED_MOST, "groups": _GROUPS, "sample": _SAMPLE}
    rows = connection.execute(query, {**values, **limits}).all()
    if not rows:
        return Preview(0, 0, (), ())
    sample = (entry.split(" ", 1) for entry in rows[0].urls)
    return Preview(
        rows[0].matching,
        rows[0].chosen,
        tuple(Group(*row[:9]) for row in rows),
        tuple((UUID(job_id), url) for job_id, url in sample),
    )


def hosts_now(connection: Connection, hosts: Sequence[int]) -> dict[int, HostNow]:
    """Return what hosts do now, by id, each by its last 20 jobs that ended."""
    rows = connection.execute(_HOSTS_NOW, {"hosts": list(hosts), "outcomes": _HOST_OUTCOMES})
    return {row[0]: HostNow(*row[1:]) for row in rows}


def count_unsettled(connection: Connection) -> int:
    """Return how many of the newest 10,000 dead jobs nobody has dealt with."""
    return int(connection.execute(_UNSETTLED, {"most": _UNSETTLED_MOST}).scalar_one())


def retry(
    connection: Connection,
    act: Act,
    *,
    pace: Pace,
    fetch: bool = False,
    key: str,
    request_sha256: bytes,
    host_delay_seconds: float,
) -> Retried:
    """Hand in again what died or failed, inside the caller's transaction; the oldest first.

    Each gets a new job with ``retry_of``, its label, priority, meta and time zone, in the name of
    who had handed it in. A page whose body was fetched, or supplied, is not fetched again. What
    was retried or discarded already is not taken, unless ``Ended.settled`` asks for it, and never
    while its retry is under way.

    Args:
        connection: An open transaction.
        act: What is wanted.
        pace: How many, and how fast.
        fetch: Fetch again what was fetched already.
        key: The idempotency key: the same call again makes nothing and returns the same jobs.
        request_sha256: Of what is asked for.
        host_delay_seconds: The delay of hosts for which none is set.

    Raises:
        IdempotencyConflictError: The key belongs to another request.
    """
    now: datetime = connection.execute(_LOCK, {"lock": SETTLING}).one()[1]
    key = _RECEIPT + key
    done = _done_before(connection, key, request_sha256)
    if done is not None:
        return done
    rows = _choose(connection, act.wanted, pace.limit)
    by_submitter: dict[str, list[tuple[UUID, Submission]]] = {}
    for number, row in enumerate(rows):
        again = _again(row, fetch=fetch, not_before=pace.not_before(number, now))
        by_submitter.setdefault(row["submitter"], []).append((row["job_id"], again))
    # An empty receipt says that this call was made; each submitter has one for his retries.
    orders = [
        Order(key, request_sha256, (), DEFAULT_SUBMITTER),
        *(
            Order(f"{key} {name}", request_sha256, tuple(entry for _, entry in entries), name)
            for name, entries in by_submitter.items()
        ),
    ]
    receipts = accept_all(connection, orders, host_delay_seconds=host_delay_seconds)
    made = [receipt for receipt in receipts if receipt is not None and not receipt.replayed]
    if len(made) < len(orders):
        raise IdempotencyConflictError("this idempotency key was used for something else")
    job_ids = tuple(job_id for receipt in made for job_id in receipt.job_ids)
    old = [job_id for entries in by_submitter.values() for job_id, _ in entries]
    _settle(connection, "retried", list(zip(old, job_ids, strict=True)), act)
    if job_ids:
        record(connection, "dead.retry", act.wanted.subject, by=act.by, detail=act.detail(len(old)))
    return Retried(job_ids, tuple(sorted({host for receipt in made for host in receipt.hosts})))


def discard(connection: Connection, act: Act, *, limit: int) -> int:
    """Take jobs out of what is to be looked at, the oldest first; return how many.

    They keep their outcome, and are still counted.
    """
    connection.execute(_LOCK, {"lock": SETTLING})
    rows = _choose(connection, act.wanted, limit)
    _settle(connection, "discarded", [(row["job_id"], None) for row in rows], act)
    if rows:
        detail = act.detail(len(rows))
        record(connection, "dead.discard", act.wanted.subject, by=act.by, detail=detail)
    return len(rows)


def _conditions(wanted: Ended) -> tuple[list[str], dict[str, object]]:
    given: dict[str, object] = {
        "outcome": wanted.wanted,
        "reason": wanted.reason,
        "host": wanted.host,
        "label": wanted.label,
        "since": wanted.since,
        "job": wanted.job,
        "stage": wanted.stage,
    }
    values = {name: value for name, value in given.items() if value is not None}
    conditions = [_CONDITIONS[name] for name in values]
    if "outcome" not in values:
        conditions.append("o.outcome in ('failed', 'dead')")
    return [*conditions, _SETTLED[wanted.settled]], values


def _choose(connection: Connection, wanted: Ended, limit: int) -> Sequence[RowMapping]:
    conditions, values = _conditions(wanted)
    query = text(_CHOSEN.format(conditions=" and ".join(conditions)))
    return connection.execute(query, {**values, "limit": limit}).mappings().all()


def _done_before(connection: Connection, key: str, request_sha256: bytes) -> Retried | None:
    receipts = connection.execute(_DONE_BEFORE, {"key": key}).all()
    if not receipts:
        return None
    if any(bytes(receipt.request_sha256) != request_sha256 for receipt in receipts):
        raise IdempotencyConflictError(
            "this idempotency key was used for another request: use a new key"
        )
    made = tuple(job_id for receipt in receipts for job_id in receipt.job_ids)
    return Retried(made, replayed=True)


def _again(row: RowMapping, *, fetch: bool, not_before: datetime | None) -> Submission:
    page = None if row["page"] is None else Page.model_validate(row["page"])
    if page is not None:
        keeps = page.supplied or not fetch
        page = page.model_copy(update={"fetch_id": new_id()}) if keeps else None
    return Submission(
        url=row["url"],
        url_key=bytes(row["url_key"]).hex(),
        host=row["host"],
        label=row["label"],
        priority=row["priority"],
        meta=row["meta"],
        timezone=row["timezone"],
        not_before=not_before,
        retry_of=row["job_id"],
        page=page,
    )


def _settle(
    connection: Connection, how: str, entries: Sequence[tuple[UUID, UUID | None]], act: Act
) -> None:
    if entries:
        said = {"how": how, "by": storable(act.by), "reason": storable(act.reason)}
        connection.execute(_SETTLE, {**said, **columns(("job_id", "retry_id"), entries)})
