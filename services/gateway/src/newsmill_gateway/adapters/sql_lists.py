"""Lists of jobs and articles in PostgreSQL: page by page, each page at a bounded cost.

A page walks along one index, that of the filter that narrows most, and looks at no more than so
many entries; other filters are applied to those. So a page may hold fewer than were asked for
though more follow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, func, select, true
from sqlalchemy.sql.selectable import FromClause

from newsmill_gateway.queries import ArticleQuery, JobQuery
from newsmill_shared.database.partitions import first_id
from newsmill_shared.database.schema import host, job, listing, listing_category, outcome

__all__ = ["LOOKED_AT", "Page", "read_jobs", "read_listing"]

LOOKED_AT = 2_000
"""Entries of an index that one page looks at."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the place of the last entry that was looked at, if more may follow."""

    rows: tuple[RowMapping, ...]
    next: Any | None


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk along an index: the entries in order, and what is wanted of them.

    Args:
        key: What the index is in the order of.
        entries: Its entries within bounds, not ordered yet.
        wanted: Conditions that it does not help with.
        descending: The direction.
    """

    key: ColumnElement[Any]
    entries: Select[Any]
    wanted: Callable[[FromClause], list[ColumnElement[bool]]]
    descending: bool

    def page(self, snapshot: Connection, limit: int) -> Page:
        """Return up to ``limit`` rows."""
        order = self.key.desc() if self.descending else self.key.asc()
        seen = self.entries.order_by(order).limit(LOOKED_AT).subquery("seen")
        key = seen.c[self.key.key or ""]
        ordered = key.desc() if self.descending else key.asc()
        query = select(seen).where(*self.wanted(seen)).order_by(ordered).limit(limit + 1)
        rows = tuple(snapshot.execute(query).mappings())
        if len(rows) > limit:
            return Page(rows[:limit], rows[limit - 1][key.name])
        last = self.entries.with_only_columns(self.key).order_by(order).offset(LOOKED_AT - 1)
        return Page(rows, snapshot.execute(last.limit(1)).scalar())


def read_jobs(snapshot: Connection, query: JobQuery) -> Page:
    """Return submissions, newest first, open and finished alike; ``next`` is a job's id.

    Rows of finished jobs have an ``outcome``. Ids are in the order of their making and never
    change, so those that come later are before the page, not within it.
    """
    host_id: int | None = None
    if query.host is not None:
        host_id = snapshot.execute(select(host.c.id).where(host.c.name == query.host)).scalar()
        if host_id is None:
            return Page((), None)
    walks = []
    if query.is_of_open:
        walks.append(_open_jobs(query, host_id))
    if query.is_of_finished:
        walks.append(_finished_jobs(query, host_id))
    return _merged([walk.page(snapshot, query.limit) for walk in walks], query.limit)


def _merged(pages: Sequence[Page], limit: int) -> Page:
    """Join pages of the same order: what one of them has not reached belongs to a later page."""
    reached = max((page.next for page in pages if page.next is not None), default=None)
    rows = [row for page in pages for row in page.rows]
    if reached is not None:
        rows = [row for row in rows if row["key"] >= reached]
    rows.sort(key=lambda row: row["key"], reverse=True)
    if len(rows) > limit:
        return Page(tuple(rows[:limit]), rows[limit - 1]["key"])
    return Page(tuple(rows), reached)


def _open_jobs(query: JobQuery, host_id: int | None) -> _Walk:
    conditions = {"label": query.label, "host_id": host_id, "state": query.state}
    # Few jobs run, and they have an index; most of those that are open wait.
    first = "state" if query.state == "running" else "label"
    return _jobs(query, job, "id", conditions, first)


def _finished_jobs(query: JobQuery, host_id: int | None) -> _Walk:
    conditions = {
        "label": query.label,
        "host_id": host_id,
        "reason": query.reason,
        "outcome": query.outcome,
    }
    first = next((name for name, value in conditions.items() if value is not None), "label")
    return _jobs(query, outcome, "job_id", conditions, first)


def _jobs(
    query: JobQuery, table: Table, key_name: str, conditions: dict[str, Any], first: str
) -> _Walk:
    key = table.c[key_name].label("key")
    entries = select(table, key)
    if conditions[first] is not None:
        entries = entries.where(table.c[first] == conditions[first])
    if query.cursor is not None:
        entries = entries.where(table.c[key_name] < query.cursor)
    if query.since is not None:
        entries = entries.where(table.c[key_name] >= first_id(query.since))

    def wanted(seen: FromClause) -> list[ColumnElement[bool]]:
        return [
            seen.c[name] == value
            for name, value in conditions.items()
            if value is not None and name != first
        ]

    return _Walk(key, entries, wanted, descending=True)


def read_listing(snapshot: Connection, query: ArticleQuery) -> Page:
    """Return entries of the list of articles; ``next`` is a position."""
    conditions: dict[str, Any] = {
        "label": query.label,
        "host": query.host,
        "category": query.category,
        "language": query.language,
    }
    first = next((name for name, value in conditions.items() if value is not None), "language")
    position = listing.c.position
    entries = select(listing)
    if first == "category":
        # One by one: for a few thousand entries the planner would rather read all of the list.
        position = listing_category.c.position
        place = select(listing).where(listing.c.position == position).limit(1).lateral("place")
        entries = select(place).select_from(listing_category.join(place, true()))
        entries = entries.where(listing_category.c.category == query.category)
    elif conditions[first] is not None:
        entries = entries.where(listing.c[first] == conditions[first])
    if query.since is not None:
        begin = snapshot.execute(_first_position.where(listing.c.listed_at >= query.since)).scalar()
        if begin is None:
            return Page((), None)
        entries = entries.where(position >= begin)
    newest_first = query.order == "newest"
    if query.cursor is not None:
        reached = position < query.cursor if newest_first else position > query.cursor
        entries = entries.where(reached)

    def wanted(seen: FromClause) -> list[ColumnElement[bool]]:
        return [
            func.array_position(seen.c.categories, value).is_not(None)
            if name == "category"
            else seen.c[name] == value
            for name, value in conditions.items()
            if value is not None and name != first
        ]

    return _Walk(position, entries, wanted, descending=newest_first).page(snapshot, query.limit)


# Positions and times of listing rise together: one process gives both.
_first_position = (
    select(listing.c.position).order_by(listing.c.listed_at, listing.c.position).limit(1)
)
