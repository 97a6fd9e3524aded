"""What the duplicate index is rebuilt from."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.database.rows import columns
from newsmill_shared.identity import article_id
from newsmill_shared.index.layout import IndexedDocument
from newsmill_shared.messages import ArticleEnriched

__all__ = [
    "count_fingerprints",
    "database_now",
    "doomed_documents",
    "forgotten",
    "highest_sequence",
    "open_jobs",
    "record_fingerprints",
    "registered_before",
    "stored_documents",
    "stored_since",
]

# A document that is seen again stays in the window; to note it once a day will do.
_RECORD = text("""
insert into fingerprint (document, sketch_version, article_id, sequence, keys, sketch,
                         registered_at)
select * from unnest(cast(:document as bytea[]), cast(:sketch_version as smallint[]),
                     cast(:article_id as uuid[]), cast(:sequence as bigint[]),
                     cast(:keys as bytea[]), cast(:sketch as bytea[]),
                     cast(:registered_at as timestamptz[]))
on conflict (document, sketch_version) do update set
  registered_at = excluded.registered_at, stored_at = excluded.stored_at
where fingerprint.registered_at < excluded.registered_at - interval '1 day'
""")
_RECORD_COLUMNS = (
    "document",
    "sketch_version",
    "article_id",
    "sequence",
    "keys",
    "sketch",
    "registered_at",
)

_BEFORE = text("""
select document, article_id, sequence, registered_at, keys, sketch from fingerprint
where sketch_version = :version and (registered_at, document) < (:registered_at, :document)
  and registered_at >= :since
order by registered_at desc, document desc limit :limit
""")

_STORED_SINCE = text("""
select document, article_id, sequence, registered_at, keys, sketch, stored_at from fingerprint
where sketch_version = :version and stored_at >= :since order by stored_at limit :limit
""")

_COUNT = text("""
select count(*) from fingerprint where sketch_version = :version and registered_at >= :since
""")

_HIGHEST = text("select coalesce(max(sequence), 0) from fingerprint")

_STORED = text("select distinct document from fingerprint where document = any(:documents)")

_OPEN = text("""
select id from job where id = any(:ids)
union all
select id from rework where id = any(:ids) and state in ('waiting', 'running')
""")


# What was stored again since is not forgotten.
_DOOMED = text("""
with again as (
  delete from doomed_document d using fingerprint f
  where d.sketch_version = :version and f.document = d.document
    and f.sketch_version = d.sketch_version)
select d.document from doomed_document d
where d.sketch_version = :version and not exists (
  select from fingerprint f where f.document = d.document
    and f.sketch_version = d.sketch_version)
order by d.document limit :limit
""")

_FORGOTTEN = text("""
delete from doomed_document where sketch_version = :version and document = any(:documents)
""")


def record_fingerprints(connection: Connection, results: Iterable[ArticleEnriched]) -> None:
    """Keep what the index has of these documents."""
    rows: dict[tuple[bytes, int], tuple[object, ...]] = {}
    for result in results:
        said, home = result.article.duplicates, result.article.home
        sketch = base64.b64decode(said.sketch)
        if not sketch:
            continue
        document = bytes.fromhex(said.document)
        rows[document, sketch[0]] = (
            document,
            sketch[0],
            # As the index has it, whichever article the page turned out to belong to.
            article_id(home.key if home else result.page.final_key),
            said.sequence,
            base64.b64decode(said.keys),
            sketch,
            said.registered_at or result.page.fetched_at,
        )
    if rows:
        # In one order, so that no two transactions wait for each other.
        ordered = [rows[key] for key in sorted(rows)]
        connection.execute(_RECORD, columns(_RECORD_COLUMNS, ordered))


def database_now(connection: Connection) -> datetime:
    """Return PostgreSQL's time, which ``stored_at`` is told by."""
    moment: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return moment


def count_fingerprints(connection: Connection, *, version: int, since: datetime) -> int:
    """Return how many documents of a sketch version were registered since a time."""
    values = {"version": version, "since": since}
    return int(connection.execute(_COUNT, values).scalar_one())


def highest_sequence(connection: Connection) -> int:
    """Return the highest sequence that is stored, of whatever version; 0 without any."""
    return int(connection.execute(_HIGHEST).scalar_one())


def registered_before(
    connection: Connection,
    place: tuple[datetime, bytes],
    *,
    version: int,
    since: datetime,
    limit: int,
) -> list[IndexedDocument]:
    """Return documents of a sketch version registered before a place, the newest first.

    Args:
        connection: The database.
        place: Time and document of the last one that was read.
        version: Of the sketch.
        since: None that were registered before this time.
        limit: So many at most.
    """
    values = {
        "registered_at": place[0],
        "document": place[1],
        "version": version,
        "since": since,
        "limit": limit,
    }
    return [_document(row) for row in connection.execute(_BEFORE, values).mappings()]


def stored_since(
    connection: Connection, since: datetime, *, version: int, limit: int
) -> tuple[list[IndexedDocument], datetime | None]:
    """Return documents of a sketch version by the time they were stored, from ``since`` on.

    Returns:
        Them, and the time from which to go on; None if these are all.
    """
    values = {"version": version, "since": since, "limit": limit}
    rows = connection.execute(_STORED_SINCE, values).mappings().all()
    more = len(rows) == limit and rows[-1]["stored_at"] > since
    return [_document(row) for row in rows], rows[-1]["stored_at"] if more else None


def stored_documents(connection: Connection, documents: Sequence[bytes]) -> set[bytes]:
    """Return those of these documents that are kept: some job has stored them."""
    rows = connection.execute(_STORED, {"documents": list(documents)})
    return {bytes(row.document) for row in rows}


def open_jobs(connection: Connection, job_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these jobs, and of the pages that runs enrich again, that have not ended."""
    return {row.id for row in connection.execute(_OPEN, {"ids": list(job_ids)})}


def doomed_documents(connection: Connection, *, version: int, limit: int) -> list[bytes]:
    """Return documents of deleted pages that an index may still have."""
    values = {"version": version, "limit": limit}
    return [bytes(row.document) for row in connection.execute(_DOOMED, values)]


def forgotten(connection: Connection, documents: Sequence[bytes], *, version: int) -> None:
    """Note that the index of a sketch version has no more of these documents."""
    connection.execute(_FORGOTTEN, {"version": version, "documents": list(documents)})


def _document(row: RowMapping) -> IndexedDocument:
    return IndexedDocument(
        document=bytes(row["document"]),
        article_id=row["article_id"],
        sequence=row["sequence"],
        registered_at=row["registered_at"],
        keys=bytes(row["keys"]),
        sketch=bytes(row["sketch"]),
    )
