"""Runs that enrich stored pages again: how one begins, stops, goes on, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Connection, text

from newsmill_shared.database.rows import jsonb, storable
from newsmill_shared.messages import Rework

__all__ = [
    "MOST_MATCHES",
    "Filters",
    "Leftover",
    "Part",
    "Run",
    "Wanted",
    "begin_run",
    "count_matches",
    "list_runs",
    "read_run",
    "set_run",
]

Part = Literal["extraction", "language", "duplicates", "categories"]
"""What has a numbered model: the parts of an article's evidence."""

MOST_MATCHES = 100_000
"""Matching articles are counted up to here."""

_SHOWN = 100
"""Pages that are shown of a run, at most, of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which articles, by their current versions; what is left out is not asked for.

    Args:
        host: Those at this host, exactly.
        label: Those whose version was brought by a submission with this label.
        language: Those in this language (BCP 47 tag, as the article has it).
        since: Those that are new, or have changed, since this time.
        models: Part -> number: those of which any of these parts was made by an older model.
    """

    host: str | None = None
    label: str | None = None
    language: str | None = None
    since: datetime | None = None
    models: Mapping[Part, int] | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """Return what is asked for, as it is kept and shown."""
        asked: dict[str, JsonValue] = {
            "host": self.host,
            "label": self.label,
            "language": self.language,
            "since": self.since.isoformat() if self.since else None,
            "models": {str(part): number for part, number in (self.models or {}).items()} or None,
        }
        return {name: value for name, value in asked.items() if value is not None}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Filters":
        """Return what ``as_json`` has written."""
        since = kept.get("since")
        return cls(**{**kept, "since": datetime.fromisoformat(since) if since else None})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run that somebody wants.

    Args:
        filters: Which articles.
        sample: How many pages a preview compares; None: all are written.
        by: Who wants it.
        reason: Why, for whoever wonders.
    """

    filters: Filters
    sample: int | None
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A page of a run of which something is to be shown."""

    article_id: UUID
    url: str
    version: int
    reason: str
    """Why no article came of it; empty for what a preview has compared."""
    detail: str
    changes: dict[str, JsonValue]
    """By field what is, and what would be."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run and how far it is."""

    id: UUID
    mode: Rework
    state: Literal["running", "stopped", "ended"]
    filters: dict[str, JsonValue]
    sample: int | None
    by: str
    reason: str
    created_at: datetime
    ended_at: datetime | None
    progress: float
    """Share of the list of articles that has been gone through, 0-1."""
    planned: int
    """Pages that match, as far as it has come."""
    waiting: int
    running: int
    results: dict[str, int]
    """How many pages ``changed``, stayed the ``same``, were ``overtaken`` or ``failed``."""
    fields: dict[str, int]
    """In how many pages each field changed."""
    compared: tuple[Leftover, ...] = ()
    """Of a preview, those that would change, for a week: at most 100."""
    failed: tuple[Leftover, ...] = ()
    """Those of which no article came, for a week: at most 100."""


_BEGIN = text("""
insert into rework_run (id, mode, filters, sample, until_position, created_by, reason)
select :id, :mode, cast(:filters as jsonb), :sample, coalesce(max(position), 0), :by, :reason
from listing
on conflict (id) do nothing
""")

_COUNT_MATCHES = text("""
select count(*) from (
  select from listing l
  where (cast(:host as text) is null or l.host = :host)
    and (cast(:language as text) is null or l.language = :language)
    and (cast(:label as text) is null or l.label = :label)
    and (cast(:since as timestamptz) is null or l.listed_at >= :since)
  limit :most) as matching
""")

_RUNS = """
select r.id, mode, state, filters, sample, created_by as by, reason, created_at, ended_at,
  case when state = 'ended' then 1.0
       else after_position::float8 / greatest(until_position, 1) end as progress,
  planned,
  (select count(*) from rework w where w.run_id = r.id and w.state = 'waiting') as waiting,
  (select count(*) from rework w where w.run_id = r.id and w.state = 'running') as running,
  (select coalesce(jsonb_object_agg(name, count), '{}') from rework_count c
   where c.run_id = r.id and kind = 'result') as results,
  (select coalesce(jsonb_object_agg(name, count), '{}') from rework_count c
   where c.run_id = r.id and kind = 'field') as fields
from rework_run r
"""

_LIST = text(f"{_RUNS} order by id desc limit :limit")
_READ = text(f"{_RUNS} where id = :id")

_LEFT = text("""
select article_id, coalesce(a.url, '') as url, w.version, reason, detail, changes
from rework w left join article a on a.id = w.article_id
where w.run_id = :id and w.state = :state and (w.state = 'failed' or w.changes <> '{}')
order by w.id limit :limit
""")

_SET = text("""
update rework_run set state = :state where id = :id and state in ('running', 'stopped')
""")


def begin_run(connection: Connection, run: UUID, wanted: Wanted) -> bool:
    """Begin a run over the articles that are listed now; False if it has begun before.

    Args:
        connection: An open transaction.
        run: Its id, from ``new_id``.
        wanted: What it is to do.
    """
    values = {
        "id": run,
        "mode": "write" if wanted.sample is None else "preview",
        "filters": jsonb(wanted.filters.as_json()),
        "sample": wanted.sample,
        "by": storable(wanted.by),
        "reason": storable(wanted.reason),
    }
    return connection.execute(_BEGIN, values).rowcount == 1


def count_matches(connection: Connection, filters: Filters) -> int:
    """Return how many articles match by host, label, language and time, up to ``MOST_MATCHES``.

    What made them is looked at when a run comes to them.
    """
    values = {
        "host": filters.host,
        "language": filters.language,
        "label": filters.label,
        "since": filters.since,
        "most": MOST_MATCHES,
    }
    return int(connection.execute(_COUNT_MATCHES, values).scalar_one())


def read_run(connection: Connection, run: UUID) -> Run | None:
    """Return a run with the pages that are to be shown of it, None if there is none."""
    row = connection.execute(_READ, {"id": run}).mappings().one_or_none()
    if row is None:
        return None
    return Run(
        **row,
        compared=_leftovers(connection, run, "compared"),
        failed=_leftovers(connection, run, "failed"),
    )


def list_runs(connection: Connection, *, limit: int) -> list[Run]:
    """Return runs without their pages, the newest first."""
    return [Run(**row) for row in connection.execute(_LIST, {"limit": limit}).mappings()]


def set_run(connection: Connection, run: UUID, state: Literal["running", "stopped"]) -> bool:
    """Stop a run, or let it go on; return whether it is there and has not ended.

    What is on its way when it stops is still written.
    """
    return connection.execute(_SET, {"id": run, "state": state}).rowcount == 1


def _leftovers(connection: Connection, run: UUID, state: str) -> tuple[Leftover, ...]:
    rows = connection.execute(_LEFT, {"id": run, "state": state, "limit": _SHOWN}).mappings()
    return tuple(Leftover(**row) for row in rows)
