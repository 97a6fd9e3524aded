"""Events: numbered after commit, so that a reader of the numbers skips and repeats none."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

__all__ = ["Event", "number_events", "read_events"]

_AT_ONCE = 10_000

# Only the dispatcher numbers, in one session, so the highest number is its own.
_NUMBER = text("""
with last as (select coalesce(max(position), 0) as position from event),
     n as (select id, row_number() over (order by id) as nth
           from event where position is null order by id limit :limit)
update event set position = last.position + n.nth from n, last where event.id = n.id
""")

_READ = text("""
select position, kind, reason, job_id, article_id, version, at
from event where position > :after order by position limit :limit
""")


@dataclass(frozen=True, slots=True)
class Event:
    """One job that ended, at its place among all."""

    position: int
    kind: str
    reason: str
    job_id: UUID
    article_id: UUID | None
    version: int | None
    at: datetime


def number_events(connection: Connection) -> int:
    """Give the next positions to committed events; return how many there were."""
    return connection.execute(_NUMBER, {"limit": _AT_ONCE}).rowcount


def read_events(connection: Connection, *, after: int, limit: int) -> list[Event]:
    """Return the events behind a position, in order."""
    rows = connection.execute(_READ, {"after": after, "limit": limit})
    return [Event(*row) for row in rows]
