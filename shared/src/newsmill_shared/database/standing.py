"""What keeps the dispatcher from sending, as it says itself: one value, written when it changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter
from sqlalchemy import Connection, text

__all__ = ["Hold", "HoldCause", "read_holds", "write_holds"]


class HoldCause(StrEnum):
    """Why nothing, or not all that is due, is sent."""

    PAUSED = "paused"
    """Everything, or a stage, is paused."""
    DISK = "disk"
    """A disk has hardly any room left."""
    WINDOW = "window"
    """As many jobs are under way as there may be."""
    ENRICH = "enrich"
    """As many pages wait for enrich as there may be, or it waits for its index."""
    STORE = "store"
    """As many results wait to be recorded as there may be."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason, and since when it holds (PostgreSQL's clock)."""

    cause: HoldCause
    detail: str
    since: datetime


_KEY = "dispatcher"
_HOLDS = TypeAdapter(tuple[Hold, ...])

_READ = text("select value from meta where key = :key")

_WRITE = text("""
insert into meta (key, value) values (:key, :value)
on conflict (key) do update set value = excluded.value
""")

_NOW = text("select now()")


def read_holds(connection: Connection) -> tuple[Hold, ...]:
    """Return what keeps the dispatcher that was active last from sending; empty: nothing does."""
    value = connection.execute(_READ, {"key": _KEY}).scalar_one_or_none()
    return _HOLDS.validate_json(value) if value else ()


def write_holds(
    connection: Connection, found: Sequence[tuple[HoldCause, str]], before: Sequence[Hold]
) -> tuple[Hold, ...]:
    """Write what keeps the dispatcher from sending now. Only the active dispatcher may call this.

    Args:
        connection: An open transaction.
        found: Causes, each at most once, with a line for people.
        before: What was written last. What goes on keeps its beginning.

    Returns:
        What was written.
    """
    now = connection.execute(_NOW).scalar_one()
    since = {hold.cause: hold.since for hold in before}
    holds = tuple(Hold(cause, detail, since.get(cause, now)) for cause, detail in found)
    connection.execute(_WRITE, {"key": _KEY, "value": _HOLDS.dump_json(holds).decode()})
    return holds
