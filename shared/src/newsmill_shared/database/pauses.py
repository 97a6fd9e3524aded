"""Pauses: what operators, or newsmill itself, have stopped; the one reader and writer of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, text

__all__ = ["STAGES", "Pause", "Scope", "lift_pause", "list_pauses", "set_pause"]

STAGES = ("ingest", "enrich", "store")
"""What a pause of scope ``stage`` can name."""


class Scope(StrEnum):
    """What a pause stops being sent; what was sent already goes on to its end."""

    ALL = "all"
    """Everything."""
    STAGE = "stage"
    """What the stage would have to do: also what comes to it from an earlier one."""
    HOST = "host"
    """Fetches from a host."""
    LABEL = "label"
    """Jobs with a label."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One thing that somebody has stopped."""

    scope: Scope
    value: str
    """Which stage, host or label; empty for everything."""
    by: str
    """Who stopped it; several may stop the same thing, each for a reason of their own."""
    reason: str
    since: datetime
    until: datetime | None
    """When it ends by itself; None = when it is lifted."""


_SET = text("""
insert into pause (scope, value, paused_by, reason, until)
values (:scope, :value, :by, :reason, now() + make_interval(secs => :seconds))
on conflict (scope, value, paused_by) do update set
  reason = excluded.reason, until = excluded.until,
  since = case when pause.until <= now() then now() else pause.since end
returning scope, value, paused_by, reason, since, until
""")

_LIFT = text("""
delete from pause where scope = :scope and value = :value
  and paused_by = coalesce(:by, paused_by)
""")

_LIST = text("""
select scope, value, paused_by, reason, since, until from pause
where until is null or until > now() order by scope, value, paused_by
""")


def set_pause(
    connection: Connection,
    scope: Scope,
    value: str = "",
    *,
    by: str,
    reason: str,
    seconds: float | None = None,
) -> Pause:
    """Stop something, within a second and at no cost for the jobs that wait.

    Set again by the same hand it gets the new reason and end, and keeps its beginning.

    Args:
        connection: An open transaction.
        scope: What kind of thing.
        value: Which stage, host (as in URLs, in its canonical form) or label.
        by: Who stops it; ``newsmill`` if nobody asked.
        reason: One line for people.
        seconds: When it ends by itself, from now on; None = when it is lifted.
    """
    row = connection.execute(
        _SET,
        {"scope": scope, "value": value, "by": by, "reason": reason, "seconds": seconds},
    ).one()
    return Pause(Scope(row[0]), *row[1:])


def lift_pause(
    connection: Connection, scope: Scope, value: str = "", *, by: str | None = None
) -> int:
    """Let something go on; return how many pauses ended.

    Args:
        connection: An open transaction.
        scope: What kind of thing.
        value: Which one.
        by: Only what this hand stopped; None = whoever did.
    """
    parameters = {"scope": scope, "value": value, "by": by}
    return connection.execute(_LIFT, parameters).rowcount


def list_pauses(connection: Connection) -> list[Pause]:
    """Return what is stopped now, by scope and value."""
    return [Pause(Scope(row[0]), *row[1:]) for row in connection.execute(_LIST)]
