"""What becomes of a page that a run enriches again: beside Finish, the only writer of versions.

No job begins or ends here, and no page moves to another article: a run changes what an article
says, and tells its readers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.database.clusters import Membership, place_version
from newsmill_shared.database.events import REPROCESSED
from newsmill_shared.database.fingerprints import record_fingerprints
from newsmill_shared.database.finish import write_version
from newsmill_shared.database.rows import columns, document, jsonb, storable
from newsmill_shared.database.tombstones import doom_texts, hold_off_deletions
from newsmill_shared.differences import Told, differences
from newsmill_shared.messages import Article, ArticleEnriched, Evidence, JobFinished

__all__ = ["CHANGED", "FAILED", "OVERTAKEN", "SAME", "count_results", "finish_reworks"]

CHANGED: Final = "changed"
"""The page says something else now, or would."""
SAME: Final = "same"
"""It says the same; why it does was noted anew, or would be."""
OVERTAKEN: Final = "overtaken"
"""The article has got another version meanwhile, or is gone: it was left alone."""
FAILED: Final = "failed"
"""No article came of it: what is stored stays as it is."""

_LOCK = text("""
select rework.id, rework.run_id, rework.article_id, rework.version, rework.attempt, rework.state,
       rework_run.mode
from rework join rework_run on rework_run.id = rework.run_id
where rework.id = any(:ids) and rework.state in ('waiting', 'running')
order by rework.id for update of rework
""")

_LOCK_ARTICLES = text("""
select id, version from article where id = any(:ids) order by page_key for update
""")

_CURRENT = text("""
select v.*, (select max(number) from version m where m.article_id = v.article_id) as newest
from version v where v.article_id = :article and v.number = :number
""")

_MOVED = text("select id, article_id from alias where id = any(:ids)")

_SHOW = text("""
update article set version = :number, duplicate_of = :duplicate_of, cluster_id = :cluster_id,
  updated_at = now()
where id = :article
""")

_TELL = text("""
insert into event (kind, reason, article_id, version)
values ('updated', :reason, :article, :number)
""")

_RENEW = text("""
update version set evidence = cast(:evidence as jsonb), language_confidence = :confidence,
  categories = cast(:categories as jsonb), document = :document
where article_id = :article and number = :number
""")

_DONE = text("delete from rework where id = any(:ids)")

_LEAVE = text("""
update rework set state = n.state, reason = n.reason, detail = n.detail, changes = n.changes
from unnest(cast(:id as uuid[]), cast(:state as text[]), cast(:reason as text[]),
            cast(:detail as text[]), cast(:changes as jsonb[]))
  as n(id, state, reason, detail, changes)
where rework.id = n.id
""")
_LEAVE_COLUMNS = ("id", "state", "reason", "detail", "changes")

_COUNT = text("""
insert into rework_count (run_id, kind, name, count)
select * from unnest(cast(:run_id as uuid[]), cast(:kind as text[]), cast(:name as text[]),
                     cast(:count as bigint[])) as n(run_id, kind, name, count)
order by run_id, kind, name
on conflict (run_id, kind, name) do update set count = rework_count.count + excluded.count
""")
_COUNT_COLUMNS = ("run_id", "kind", "name", "count")

Tally = Counter[tuple[UUID, str, str]]
"""By run, kind (``result`` or ``field``) and name."""


@dataclass(frozen=True, slots=True)
class _Left:
    """A page of which a row stays."""

    id: UUID
    state: str
    reason: str = ""
    detail: str = ""
    changes: str = "{}"


def finish_reworks(
    connection: Connection, results: Sequence[ArticleEnriched | JobFinished]
) -> None:
    """Write what came of pages that were enriched again, inside the caller's transaction.

    An article counts from any attempt, everything else only from the current one while it runs;
    what comes twice finds nothing to do. A version is written only if the article still shows the
    one that the page was planned for, and only if it says something else; otherwise the evidence
    of the version that is there is renewed. A preview writes what it found, and nothing else.

    Args:
        connection: An open transaction; reworks, then articles are locked in a fixed order.
        results: Those with the mark of a run. At most one a page is used, the first.
    """
    hold_off_deletions(connection)
    rows = connection.execute(_LOCK, {"ids": [result.job_id for result in results]}).mappings()
    open_pages = {row["id"]: row for row in rows}
    articles = {row["article_id"] for row in open_pages.values()}
    found = connection.execute(_LOCK_ARTICLES, {"ids": list(articles)})
    shown: dict[UUID, int] = {row.id: row.version for row in found}
    tally: Tally = Counter()
    done: list[UUID] = []
    left: list[_Left] = []
    for result in results:
        page = open_pages.pop(result.job_id, None)
        if page is None:
            continue
        run, preview = page["run_id"], page["mode"] == "preview"
        if isinstance(result, JobFinished):
            if page["state"] != "running" or page["attempt"] != result.attempt:
                continue
            tally[run, "result", FAILED] += 1
            left.append(_Left(page["id"], "failed", result.reason, storable(result.detail)))
            continue
        if shown.get(page["article_id"]) != page["version"]:
            doom_texts(connection, [result.article.text_object])
            tally[run, "result", OVERTAKEN] += 1
            done.append(page["id"])
            continue
        changes = _rewrite(connection, page, result, preview=preview)
        tally[run, "result", CHANGED if changes else SAME] += 1
        for name in changes:
            tally[run, "field", name] += 1
        if preview:
            left.append(_Left(page["id"], "compared", changes=jsonb(changes)))
        else:
            done.append(page["id"])
    if done:
        connection.execute(_DONE, {"ids": done})
    if left:
        rows_left = [(one.id, one.state, one.reason, one.detail, one.changes) for one in left]
        connection.execute(_LEAVE, columns(_LEAVE_COLUMNS, rows_left))
    count_results(connection, tally)


def count_results(connection: Connection, tally: Tally) -> None:
    """Add to what is known of runs."""
    if tally:
        rows = [(*key, count) for key, count in tally.items()]
        connection.execute(_COUNT, columns(_COUNT_COLUMNS, rows))


def _rewrite(
    connection: Connection, page: RowMapping, result: ArticleEnriched, *, preview: bool
) -> dict[str, JsonValue]:
    """Write a version if it says something else, and return what; a preview takes it back."""
    article, content = page["article_id"], result.article
    values = {"article": article, "number": page["version"]}
    current = connection.execute(_CURRENT, values).mappings().one()
    attempt = connection.begin_nested()
    story = _place(connection, article, content, page["version"])
    evidence = _with_grounds(content.evidence, current, story)
    content = content.model_copy(update={"evidence": evidence})
    result = result.model_copy(update={"article": content})
    changes = differences(_told_by(current), _told(content, story))
    if changes:
        number = current["newest"] + 1
        write_version(connection, article, number, story, result, job_id=current["job_id"])
        written = {"article": article, "number": number}
        where = {"cluster_id": story.cluster_id, "duplicate_of": story.duplicate_of}
        connection.execute(_SHOW, {**written, **where})
        connection.execute(_TELL, {**written, "reason": REPROCESSED})
    else:
        connection.execute(
            _RENEW,
            {
                **values,
                "evidence": document(evidence),
                "confidence": content.language.confidence,
                "categories": jsonb([category.model_dump() for category in content.categories]),
                "document": content.duplicates.document,
            },
        )
    record_fingerprints(connection, [result])
    if preview:
        attempt.rollback()
    else:
        attempt.commit()
    return changes


def _place(connection: Connection, article: UUID, content: Article, current: int) -> Membership:
    verdict = content.duplicates
    named = [relation for relation in (verdict.duplicate_of, *verdict.related) if relation]
    ids = [relation.article_id for relation in named]
    rows = connection.execute(_MOVED, {"ids": ids}) if ids else ()
    moved: dict[UUID, UUID] = {row.id: row.article_id for row in rows}
    twin = verdict.duplicate_of
    twin_article = moved.get(twin.article_id, twin.article_id) if twin else None
    return place_version(
        connection,
        article,
        content,
        twin=twin_article if twin_article != article else None,
        current=current,
        moved=moved,
    )


def _with_grounds(evidence: Evidence, current: RowMapping, story: Membership) -> Evidence:
    """Return evidence with the comparisons that a version's story rests on.

    The index may have forgotten by now what the page was compared with.
    """
    stays = (story.cluster_id, story.duplicate_document) == (
        current["cluster_id"],
        current["duplicate_document"],
    )
    then = current["evidence"].get("duplicates") or {}
    if not stays or not then.get("compared") or evidence.duplicates.get("compared"):
        return evidence
    duplicates = {**evidence.duplicates, "compared": then["compared"]}
    return evidence.model_copy(update={"duplicates": duplicates})


def _told(content: Article, story: Membership) -> Told:
    return Told(
        title=content.title,
        text=content.text,
        content_hash=content.content_hash,
        published_at=content.published_at,
        modified_at=content.modified_at,
        authors=content.authors,
        section_raw=content.section_raw,
        site_name=content.site_name,
        canonical_url=content.canonical_url,
        image=content.image,
        language=content.language.tag,
        categories=_ids(category.id for category in content.categories),
        cluster_id=story.cluster_id,
        duplicate_of=story.duplicate_of,
    )


def _told_by(row: RowMapping) -> Told:
    return Told(
        title=row["title"],
        text=row["text"],
        content_hash=bytes(row["content_hash"]).hex(),
        published_at=row["published_at"],
        modified_at=row["modified_at"],
        authors=tuple(row["authors"]),
        section_raw=row["section_raw"],
        site_name=row["site_name"],
        canonical_url=row["canonical_url"],
        image=row["image"],
        language=row["language"],
        categories=_ids(str(category["id"]) for category in row["categories"]),
        cluster_id=row["cluster_id"],
        duplicate_of=row["duplicate_of"],
    )


def _ids(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(ids)))
