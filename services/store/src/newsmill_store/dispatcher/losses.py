"""Attempts that ended with their worker: they come back, and at the third loss they are dead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.attempts import AttemptEnd, EndedAttempt, record_attempts
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.database.rows import columns
from newsmill_shared.messages import Span
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.judge import Attempt

__all__ = ["MAX_LOSSES", "Loss", "count_losses", "send_back"]

MAX_LOSSES = 3

_DEADLY = text("""
select job.id, job.attempt from job
join unnest(cast(:job_id as uuid[]), cast(:attempt as integer[])) as n(job_id, attempt)
  on job.id = n.job_id and job.attempt = n.attempt
where job.state = 'running' and job.losses + 1 >= :max
""")

_LOSE = text("""
update job set losses = losses + 1
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[])) as n(job_id, attempt)
where job.id = n.job_id and job.attempt = n.attempt and job.state = 'running'
""")

_SEND_BACK = text("""
update job set state = 'waiting', stage = null, suspect = job.suspect or n.suspect
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[]), cast(:suspect as boolean[]))
  as n(job_id, attempt, suspect)
where job.id = n.job_id and job.attempt = n.attempt and job.state = 'running'
returning job.host_id
""")


@dataclass(frozen=True, slots=True)
class Loss:
    """How an attempt was lost, and what is known of whom it was lost with."""

    reason: Reason
    span: Span | None = None


def count_losses(connection: Connection, blamed: Mapping[Attempt, Loss]) -> set[int]:
    """Count a loss for each of these attempts, if it still runs, and send it back or end it.

    Args:
        connection: An open transaction.
        blamed: The attempts, and how each was lost.

    Returns:
        Hosts that have waiting work again.
    """
    attempts = columns(("job_id", "attempt"), blamed)
    rows = connection.execute(_DEADLY, {**attempts, "max": MAX_LOSSES})
    deadly: set[tuple[UUID, int]] = {(row.id, row.attempt) for row in rows}
    record_attempts(
        connection,
        [
            EndedAttempt(
                job_id=job_id,
                attempt=attempt,
                stage=None,
                ended=AttemptEnd.LOST,
                reason=loss.reason,
                span=loss.span,
            )
            for (job_id, attempt), loss in blamed.items()
        ],
    )
    connection.execute(_LOSE, attempts)
    if deadly:
        finish(
            connection,
            [
                Ending(
                    job_id=job_id,
                    attempt=attempt,
                    reason=blamed[job_id, attempt].reason,
                    detail=f"ended its worker {MAX_LOSSES} times",
                )
                for job_id, attempt in sorted(deadly)
            ],
        )
    return send_back(connection, [key for key in blamed if key not in deadly], suspect=True)


def send_back(connection: Connection, attempts: Iterable[Attempt], *, suspect: bool) -> set[int]:
    """Let these attempts' jobs wait again, at no cost; return their hosts."""
    rows = [(*attempt, suspect) for attempt in attempts]
    if not rows:
        return set()
    back = connection.execute(_SEND_BACK, columns(("job_id", "attempt", "suspect"), rows))
    return {row.host_id for row in back}
