"""Deletion: what is stored of a page goes, a tombstone tells its readers and keeps it away."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.finish import ending_deleted, finish
from newsmill_shared.database.locks import DELETION
from newsmill_shared.database.tombstones import doom_texts, drop_fetches
from newsmill_shared.urls import canonicalize

__all__ = ["Deleted", "Held", "delete_page", "what_is_held"]


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored of a page, and what is under way for it."""

    article_id: UUID
    url: str
    title: str
    versions: int
    raw_pages: int
    aliases: int
    open_jobs: int
    copies: int
    """Other pages that tell the same story; they stay."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A page that was deleted now."""

    held: Held
    deleted_at: datetime


_LOCK = text("select pg_advisory_xact_lock(:lock)")

_ARTICLE = text("""
select a.id, a.page_key, a.url, a.cluster_id, v.title,
       (select count(*) from version where article_id = a.id) as versions,
       (select count(*) from article o where o.cluster_id = a.cluster_id and o.id <> a.id)
         as copies
from article a join version v on v.article_id = a.id and v.number = a.version
where a.id = :article
""")

_ALIASES = text("select url from alias where article_id = :article order by id")

# Those that ask for the page itself, and those that were led to it and are being enriched.
_JOBS = """
select id from job where url_key = any(:keys)
union
select job.id from job join page_fetch as f on f.id = job.fetch_id
where job.state = 'running' and f.page ->> 'final_key' = any(:hex)
"""
_COUNT_JOBS = text(f"select count(*) from ({_JOBS}) as n")  # noqa: S608 - a constant
_LOCK_JOBS = text(f"select id from job where id in ({_JOBS}) order by id for update")  # noqa: S608

_LOCK_ARTICLE = text("select id from article where id = :article for update")

_FETCHES = """
select id from page_fetch where url_key = any(:keys)
union
select id from page_fetch where article_id = :article
union
select job.fetch_id from job where id = any(:jobs) and fetch_id is not null
"""
_COUNT_FETCHES = text(f"select count(*) from ({_FETCHES}) as n")  # noqa: S608
_FIND_FETCHES = text(_FETCHES)

_TOMBSTONES = text("""
insert into deleted_page (key, article_id) select unnest(cast(:keys as bytea[])), :article
on conflict (key) do update set article_id = excluded.article_id, deleted_at = excluded.deleted_at
returning deleted_at
""")

_TEXTS = text("""
select text_object from version where article_id = :article and text_object is not null
""")

# What another page says in the very same words stays known by that one.
_FINGERPRINTS = text("""
with gone as (
  delete from fingerprint f
  where (f.article_id = :article or f.document = any(array(
           select decode(document, 'hex') from version where article_id = :article)))
    and not exists (select from version v where v.document = encode(f.document, 'hex')
                    and v.article_id <> :article)
  returning document, sketch_version)
insert into doomed_document (document, sketch_version)
select document, sketch_version from gone on conflict do nothing
""")

_ERASE = (
    text("delete from version where article_id = :article"),
    text("delete from cluster_link where article_id = :article"),
    text("delete from alias where article_id = :article"),
    text("delete from rework where article_id = :article and state in ('compared', 'failed')"),
    text("delete from article where id = :article"),
)

# How a job ended is counted and stays; what it noted of the page does not.
_EMPTY_OUTCOMES = text("""
update outcome set detail = '', evidence = '{}'
where (article_id = :article or url_key = any(:keys)) and (detail <> '' or evidence <> '{}')
""")

_TELL = text("""
insert into event (kind, reason, article_id) values ('deleted', 'deleted', :article)
""")


def what_is_held(connection: Connection, article: UUID) -> Held | None:
    """Return what a deletion would take; None if there is no such article."""
    known = _read(connection, article)
    return known.held if known else None


def delete_page(connection: Connection, article: UUID) -> Deleted | None:
    """Delete an article and all that is stored of its page; None if there is no such article.

    Open jobs for it end ``skipped``, for ``deleted``. Raw pages and long texts leave the page
    store, and fingerprints the duplicate index, soon after the commit. Outcomes stay, as counted.

    Args:
        connection: A transaction that has locked nothing yet.
        article: Its id.
    """
    connection.execute(_LOCK, {"lock": DELETION})
    known = _read(connection, article)
    if known is None:
        return None
    values = known.values
    jobs = connection.execute(_LOCK_JOBS, values).scalars().all()
    connection.execute(_LOCK_ARTICLE, values)
    deleted_at = connection.execute(_TOMBSTONES, values).scalars().all()[0]
    fetches = connection.execute(_FIND_FETCHES, {**values, "jobs": list(jobs)}).scalars().all()
    finish(connection, [ending_deleted(job) for job in jobs])
    drop_fetches(connection, fetches)
    doom_texts(connection, connection.execute(_TEXTS, values).scalars().all())
    connection.execute(_FINGERPRINTS, values)
    connection.execute(_EMPTY_OUTCOMES, values)
    for statement in _ERASE:
        connection.execute(statement, values)
    connection.execute(_TELL, values)
    return Deleted(known.held, deleted_at)


@dataclass(frozen=True, slots=True)
class _Known:
    held: Held
    values: dict[str, object]
    """What statements take."""


def _read(connection: Connection, article: UUID) -> _Known | None:
    row = connection.execute(_ARTICLE, {"article": article}).first()
    if row is None:
        return None
    aliases = connection.execute(_ALIASES, {"article": article}).scalars().all()
    keys = {row.page_key.hex(), *(canonicalize(url).key for url in aliases)}
    values: dict[str, object] = {
        "article": article,
        "keys": [bytes.fromhex(key) for key in sorted(keys)],
        "hex": sorted(keys),
    }
    fetches = connection.execute(_COUNT_FETCHES, {**values, "jobs": []}).scalar_one()
    jobs = connection.execute(_COUNT_JOBS, values).scalar_one()
    held = Held(
        article_id=article,
        url=row.url,
        title=row.title,
        versions=row.versions,
        raw_pages=fetches,
        aliases=len(aliases),
        open_jobs=jobs,
        copies=row.copies,
    )
    return _Known(held, values)
