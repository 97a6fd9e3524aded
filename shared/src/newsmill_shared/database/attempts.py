"""The history of attempts: written where an attempt ends at a stage, each once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.rows import columns, storable
from newsmill_shared.database.tallies import BOUNDS
from newsmill_shared.messages import Span

__all__ = ["AttemptEnd", "EndedAttempt", "PastAttempt", "read_attempts", "record_attempts"]


class AttemptEnd(StrEnum):
    """How an attempt ended at a stage."""

    DONE = "done"
    """The stage has passed its work on."""
    ENDED = "ended"
    """For a reason: the job is tried again, or has its outcome."""
    MOVED = "moved"
    """A redirect led to another host; the job waits there."""
    LATE = "late"
    """Claimed too late, or given back before it began: the job waits again at no cost."""
    LOST = "lost"
    """Ended with its process, and counts as a loss."""
    VOID = "void"
    """Gone through no fault of the job, which waits again at no cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAttempt:
    """An attempt that ends at a stage.

    Args:
        job_id: The job.
        attempt: Its number.
        stage: ``ingest`` or ``enrich``; None: where the ledger has the attempt running, and if
            it does not, nothing is recorded.
        ended: How.
        reason: The ground, a word of the reason table; empty when nothing is to be said.
        detail: One line for people.
        span: Who worked on it and how long, if that was told.
        held_seconds: The back-off that follows.
        sent_at: When it was sent; None: as the ledger has it, if the job is still open.
    """

    job_id: UUID
    attempt: int
    stage: str | None
    ended: AttemptEnd
    reason: str = ""
    detail: str = ""
    span: Span | None = None
    held_seconds: float | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """An attempt as the ledger remembers it.

    ``sent_at`` and ``ended_at`` are PostgreSQL's time, ``began_at`` the worker's; ``seconds`` are
    those of the worker's monotonic clock.
    """

    attempt: int
    stage: str
    ended: str
    reason: str
    detail: str
    worker: str
    sent_at: datetime | None
    began_at: datetime | None
    seconds: float | None
    held_seconds: float | None
    ended_at: datetime


# Jobs are locked in the order of their ids before anything is written about them, as Finish does:
# so dispatcher and stores wait for one another, and never in a circle.
# A result of the store's took as long as the transaction that records it, up to here.
_RECORD = text("""
with n as (
  select * from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[]),
                       cast(:stage as text[]), cast(:ended as text[]), cast(:reason as text[]),
                       cast(:detail as text[]), cast(:worker as text[]),
                       cast(:began_at as timestamptz[]), cast(:seconds as real[]),
                       cast(:held_seconds as real[]), cast(:sent_at as timestamptz[]))
    as n(job_id, attempt, stage, ended, reason, detail, worker, began_at, seconds, held_seconds,
         sent_at)),
locked as materialized (
  select id, attempt, state, stage, dispatched_at from job
  where id = any(cast(:job_id as uuid[])) order by id for update),
added as (
  insert into attempt (job_id, attempt, stage, ended, reason, detail, worker, sent_at, began_at,
                       seconds, held_seconds)
  select n.job_id, n.attempt, coalesce(n.stage, job.stage), n.ended, n.reason, n.detail, n.worker,
         coalesce(n.sent_at, job.dispatched_at), n.began_at, n.seconds, n.held_seconds
  from n left join locked as job on job.id = n.job_id and job.attempt = n.attempt
    and (n.stage is not null or job.state = 'running')
  where n.stage is not null or job.stage is not null
  on conflict do nothing
  returning stage, ended, reason, seconds),
counted as (
  select stage, ended, reason, cast(seconds as double precision) as seconds, 1 as count from added
  union all
  select 'store', 'done', '',
         cast(extract(epoch from clock_timestamp() - now()) as double precision),
         cast(:stored as integer)
  where :stored > 0)
insert into tally (minute, stage, ended, reason, le, count, seconds)
select date_trunc('minute', now()), stage, ended, reason,
       coalesce((cast(:bounds as double precision[]))[
         width_bucket(seconds, cast(:bounds as double precision[])) + 1], 0) as le,
       sum(count), coalesce(sum(seconds * count), 0)
from counted group by stage, ended, reason, le
""")

_COLUMNS = (
    "job_id",
    "attempt",
    "stage",
    "ended",
    "reason",
    "detail",
    "worker",
    "began_at",
    "seconds",
    "held_seconds",
    "sent_at",
)

_READ = text("""
select attempt, stage, ended, reason, detail, worker, sent_at, began_at, seconds, held_seconds,
       ended_at
from attempt where job_id = :job_id
order by attempt, array_position(array['ingest', 'enrich'], stage) limit :limit
""")

_MOST_READ = 200


def record_attempts(
    connection: Connection, attempts: Iterable[EndedAttempt], *, stored: int = 0
) -> None:
    """Write and count attempts that end in the caller's transaction, with one statement.

    What is recorded already stays as it is and is not counted again.

    Args:
        connection: An open transaction; to know when an attempt was sent, and where it runs,
            call this before its job changes.
        attempts: In any order.
        stored: How many results this transaction records, if it is the store's.
    """
    rows = [
        (
            entry.job_id,
            entry.attempt,
            entry.stage,
            entry.ended,
            entry.reason,
            storable(entry.detail),
            storable(entry.span.worker) if entry.span else "",
            entry.span.began_at if entry.span else None,
            entry.span.seconds if entry.span else None,
            entry.held_seconds,
            entry.sent_at,
        )
        for entry in attempts
    ]
    if rows or stored:
        connection.execute(
            _RECORD, {**columns(_COLUMNS, rows), "stored": stored, "bounds": list(BOUNDS)}
        )


def read_attempts(connection: Connection, job_id: UUID) -> tuple[PastAttempt, ...]:
    """Return what every attempt of a job did at every stage, in order, the first 200."""
    rows = connection.execute(_READ, {"job_id": job_id, "limit": _MOST_READ})
    return tuple(PastAttempt(*row) for row in rows)
