"""Cancel work that waits, a bounded number of jobs at a time."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.reasons import Reason

__all__ = ["LOOKED_AT", "Chosen", "Step", "cancel_step"]

LOOKED_AT = 2_000
"""Open jobs that one step looks at: so none takes long, however many are open."""

_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which open jobs.

    Args:
        job: This one.
        label: With this label.
        host: With a URL at this host.
        accepted_before: What came later is left alone.
    """

    job: UUID | None = None
    label: str | None = None
    host: str | None = None
    accepted_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a step has met.

    ``waiting`` were cancelled, or would be; ``running`` are left to end as they will. ``next`` is
    where the next step begins, None at the end.
    """

    waiting: int
    running: int
    sample: tuple[tuple[UUID, str], ...]
    accepted_before: datetime
    next: UUID | None


# Along the index of the label, or that of all ids: what comes behind is met by a later step.
_LOOK = """
select j.id, j.url, j.state, h.name as host, j.accepted_at
from (select id, url, state, host_id, label, accepted_at from job
      where id > :after {narrow} order by id limit :limit) as j
join host as h on h.id = j.host_id order by j.id
"""
_NARROW = {"job": "and id = :job", "label": "and label = :label"}

# What is taken up, or ends, at this moment is not waited for: it does not wait any more.
_LOCK = text("""
select id from job where id = any(:ids) and state <> 'running' order by id
for update skip locked
""")


def cancel_step(
    connection: Connection,
    chosen: Chosen,
    *,
    after: UUID | None = None,
    detail: str,
    dry: bool = False,
) -> Step:
    """Cancel those that wait among the next 2,000 open jobs, inside the caller's transaction.

    They end ``skipped``, for ``cancelled``. A step that is done again cancels nothing twice, and a
    walk that was broken off can begin anew: what was cancelled is not met any more.

    Args:
        connection: An open transaction.
        chosen: Which jobs; without ``accepted_before`` those that there are now.
        after: ``next`` of the step before.
        detail: One line for whoever had handed them in.
        dry: Only count.
    """
    before = chosen.accepted_before or connection.execute(text("select now()")).scalar_one()
    narrowed = {
        name: value
        for name, value in (("job", chosen.job), ("label", chosen.label))
        if value is not None
    }
    query = text(_LOOK.format(narrow=" ".join(_NARROW[name] for name in narrowed)))
    values = {**narrowed, "after": after or _BEFORE_ALL, "limit": LOOKED_AT}
    seen = connection.execute(query, values).all()
    met = [
        row
        for row in seen
        if row.accepted_at <= before and (chosen.host is None or row.host == chosen.host)
    ]
    states = Counter("running" if row.state == "running" else "waiting" for row in met)
    waiting = [row for row in met if row.state != "running"]
    if not dry:
        states["waiting"] = _cancel(connection, [row.id for row in waiting], detail)
        states["running"] = len(met) - states["waiting"]
    return Step(
        states["waiting"],
        states["running"],
        tuple((row.id, row.url) for row in waiting[:5]),
        before,
        seen[-1].id if len(seen) == LOOKED_AT else None,
    )


def _cancel(connection: Connection, ids: list[UUID], detail: str) -> int:
    locked = connection.execute(_LOCK, {"ids": ids}).scalars().all() if ids else []
    endings = [
        Ending(job_id=job_id, attempt=None, reason=Reason.CANCELLED, detail=detail)
        for job_id in locked
    ]
    return len(finish(connection, endings)) if endings else 0
