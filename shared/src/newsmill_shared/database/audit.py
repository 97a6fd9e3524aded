"""The audit: who changed what and when; the one reader and writer of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Connection, text

from newsmill_shared.database.rows import jsonb, storable

__all__ = ["Act", "read_audit", "record"]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody has done to how newsmill works."""

    id: int
    at: datetime
    by: str
    """Who, by their own word."""
    act: str
    """What kind of act, such as ``host.set``."""
    subject: str
    """What it was done to, such as a host's name."""
    detail: dict[str, JsonValue]
    """What it changed; secrets are masked."""


_RECORD = text("""
insert into audit (actor, act, subject, detail)
values (:by, :act, :subject, cast(:detail as jsonb))
""")

_READ = text("""
select id, at, actor, act, subject, detail from audit
where (cast(:before as bigint) is null or id < :before)
  and (cast(:subject as text) is null or subject = :subject)
order by id desc limit :limit
""")


def record(
    connection: Connection, act: str, subject: str, *, by: str, detail: Mapping[str, JsonValue]
) -> None:
    """Write down an act, in the transaction that does it.

    Args:
        connection: An open transaction.
        act: What kind of act, such as ``host.set``.
        subject: What it is done to.
        by: Who does it.
        detail: What it changes, without secrets.
    """
    connection.execute(
        _RECORD,
        {
            "by": storable(by),
            "act": act,
            "subject": storable(subject),
            "detail": jsonb(detail),
        },
    )


def read_audit(
    connection: Connection, *, subject: str | None = None, before: int | None = None, limit: int
) -> list[Act]:
    """Return acts, the newest first.

    Args:
        connection: An open transaction.
        subject: Those done to this alone.
        before: Those with a smaller id.
        limit: So many at most.
    """
    rows = connection.execute(_READ, {"subject": subject, "before": before, "limit": limit})
    return [Act(*row) for row in rows]
