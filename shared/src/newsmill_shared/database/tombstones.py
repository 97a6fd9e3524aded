"""Pages that were deleted: what work in flight brings of them is dropped, not stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.database.locks import DELETION
from newsmill_shared.messages import ArticleEnriched, Page

__all__ = [
    "Tombstone",
    "bar_deleted",
    "bar_fetched",
    "doom_texts",
    "drop_fetches",
    "find_tombstone",
    "hold_off_deletions",
]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted page."""

    article_id: UUID
    deleted_at: datetime


_HOLD_OFF = text("select pg_advisory_xact_lock_shared(:lock)")

_FIND = text("select key, article_id, deleted_at from deleted_page where key = any(:keys)")

_FIND_ONE = text("""
select article_id, deleted_at from deleted_page where key = :key or article_id = :article
order by deleted_at desc limit 1
""")

_LIFT = text("delete from deleted_page where article_id = any(:articles)")

_JOBS = text("""
select id, force, accepted_at from job where id = any(:ids) order by id for update
""")

_DROP_FETCHES = text("""
with gone as (
  delete from page_fetch where id = any(:ids) returning page ->> 'object' as object, url_key)
insert into doomed_object (object, url_key)
select distinct on (object) object, url_key from gone where object is not null
on conflict do nothing
""")

_DOOM_TEXTS = text("""
insert into doomed_object (object) select distinct unnest(cast(:objects as text[]))
on conflict do nothing
""")


def hold_off_deletions(connection: Connection) -> None:
    """Let no page be deleted before this transaction ends; one that is being deleted is waited for.

    To be called before any row is locked: who deletes locks rows under the same lock.
    """
    connection.execute(_HOLD_OFF, {"lock": DELETION})


def find_tombstone(
    connection: Connection, *, article: UUID | None = None, key: str | None = None
) -> Tombstone | None:
    """Return the tombstone of an article, or of the page with a key (hex)."""
    values = {"article": article, "key": bytes.fromhex(key) if key else None}
    row = connection.execute(_FIND_ONE, values).first()
    return Tombstone(row.article_id, row.deleted_at) if row else None


def bar_deleted(
    connection: Connection, results: Sequence[ArticleEnriched], jobs: Mapping[UUID, RowMapping]
) -> set[UUID]:
    """Return the jobs whose result is of a deleted page, and drop what they brought of it.

    A job that was accepted after the deletion, with force, brings its page back instead.

    Args:
        connection: A transaction that holds off deletions.
        results: What was made of pages.
        jobs: Those of their jobs that are open, locked, with ``force`` and ``accepted_at``.
    """
    named = {result.job_id: _keys(result) for result in results}
    stones = _find(connection, {key for keys in named.values() for key in keys})
    if not stones:
        return set()
    barred: list[ArticleEnriched] = []
    lifted: set[UUID] = set()
    for result in results:
        met = [stones[key] for key in named[result.job_id] if key in stones]
        job = jobs.get(result.job_id)
        if not met:
            continue
        if job is not None and all(_overrides(job["force"], job["accepted_at"], at) for at in met):
            lifted.update(stone.article_id for stone in met)
        else:
            barred.append(result)
    if lifted:
        connection.execute(_LIFT, {"articles": list(lifted)})
    drop_fetches(connection, [result.page.fetch_id for result in barred])
    doom_texts(connection, [result.article.text_object for result in barred])
    return {result.job_id for result in barred}


def bar_fetched(connection: Connection, pages: Mapping[UUID, Page]) -> list[UUID]:
    """Drop fetched pages that were deleted, and return their jobs that are to end.

    Args:
        connection: An open transaction.
        pages: By the job that they were fetched for; their rows are written.
    """
    stones = _find(
        connection, {key for page in pages.values() for key in (page.url_key, page.final_key)}
    )
    if not stones:
        return []
    met = {
        job_id: [stones[key] for key in {page.url_key, page.final_key} if key in stones]
        for job_id, page in pages.items()
    }
    rows = connection.execute(_JOBS, {"ids": [job_id for job_id, found in met.items() if found]})
    jobs = {row.id: row for row in rows}
    barred = [
        job_id
        for job_id, found in met.items()
        if found
        and (
            job_id not in jobs
            or not all(_overrides(jobs[job_id].force, jobs[job_id].accepted_at, at) for at in found)
        )
    ]
    drop_fetches(connection, [pages[job_id].fetch_id for job_id in barred])
    return [job_id for job_id in barred if job_id in jobs]


def drop_fetches(connection: Connection, ids: Sequence[UUID]) -> None:
    """Forget fetches; their raw pages are deleted after the commit."""
    if ids:
        connection.execute(_DROP_FETCHES, {"ids": list(ids)})


def doom_texts(connection: Connection, objects: Iterable[str | None]) -> None:
    """Have texts deleted from the page store after the commit, unless a version still has them."""
    doomed = [one for one in objects if one]
    if doomed:
        connection.execute(_DOOM_TEXTS, {"objects": doomed})


def _find(connection: Connection, keys: set[str]) -> dict[str, Tombstone]:
    rows = connection.execute(_FIND, {"keys": [bytes.fromhex(key) for key in keys]})
    return {bytes(row.key).hex(): Tombstone(row.article_id, row.deleted_at) for row in rows}


def _keys(result: ArticleEnriched) -> set[str]:
    page, home = result.page, result.article.home
    return {page.url_key, page.final_key, *([home.key] if home else ())}


def _overrides(force: bool, accepted_at: datetime, stone: Tombstone) -> bool:
    return force and accepted_at > stone.deleted_at
