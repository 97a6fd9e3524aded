"""Jobs that met a defect of ours: tried again before they are dead, at no cost while we mend it."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.rows import columns
from newsmill_shared.reasons import Reason

__all__ = ["DEFECTS", "hold_defects"]

DEFECTS = frozenset({Reason.ENRICH_ERROR, Reason.STORE_ERROR})
"""Each costs the job as much as the loss of a worker: the third ends it."""
_MOST = 3
_HOLD_SECONDS = 10.0
"""Trebled at the second: so long a stage has to prove that it fails everything, and be stopped."""

# While newsmill itself has stopped a stage, the fault is known to be ours and costs no job.
_HOLD = text("""
update job set state = 'held', stage = null,
  losses = job.losses + case when stopped.it then 0 else 1 end,
  held_until = now() + make_interval(secs => :seconds * case when job.losses = 0 then 1 else 3 end)
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[])) as n(job_id, attempt),
  (select exists (select from pause where scope = 'stage' and paused_by = 'newsmill'
     and (until is null or until > now())) as it) as stopped
where job.id = n.job_id and job.attempt = n.attempt and job.state = 'running'
  and (stopped.it or job.losses + 1 < :most)
returning job.id
""")


def hold_defects(connection: Connection, attempts: Iterable[tuple[UUID, int]]) -> set[UUID]:
    """Let jobs that met a defect wait for another try; return those that do, the others are dead.

    Args:
        connection: An open transaction that has locked the jobs.
        attempts: Job and attempt of each.
    """
    rows = list(attempts)
    if not rows:
        return set()
    held = connection.execute(
        _HOLD,
        {**columns(("job_id", "attempt"), rows), "seconds": _HOLD_SECONDS, "most": _MOST},
    )
    return set(held.scalars())
