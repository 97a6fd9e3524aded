"""Finish: the one function that ends jobs, and the only writer of outcomes and new articles."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.database.aliases import Place, Places, find_places, record_aliases
from newsmill_shared.database.attempts import AttemptEnd, EndedAttempt, record_attempts
from newsmill_shared.database.clusters import Membership, place_version
from newsmill_shared.database.defects import DEFECTS, hold_defects
from newsmill_shared.database.fingerprints import record_fingerprints
from newsmill_shared.database.rows import columns, document, jsonb, storable
from newsmill_shared.database.tallies import BOUNDS
from newsmill_shared.database.tombstones import bar_deleted, hold_off_deletions
from newsmill_shared.messages import Article, ArticleEnriched, Hop, JobFinished, Page
from newsmill_shared.reasons import RULES, Reason

__all__ = [
    "Current",
    "Ending",
    "Finished",
    "decide",
    "ending_deleted",
    "finish",
    "write_version",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A job that ends without a new article.

    Args:
        job_id: The job.
        attempt: Only this attempt may end it, and only while it runs; None when the
            dispatcher ends a job that waits (expired, fresh enough).
        reason: The ground; its outcome is in the reason table.
        detail: One line for people.
        evidence: What the ground was seen in.
        article_id: The article that already answers this job.
        hops: Redirects that were followed.
        ends: The attempt that ends with the job, unless its end is recorded already.
    """

    job_id: UUID
    attempt: int | None
    reason: Reason
    detail: str = ""
    evidence: dict[str, JsonValue] = field(default_factory=dict)
    article_id: UUID | None = None
    hops: tuple[Hop, ...] = ()
    ends: EndedAttempt | None = None

    @classmethod
    def of(cls, message: JobFinished) -> "Ending":
        """Return what a message says."""
        return cls(
            job_id=message.job_id,
            attempt=message.attempt,
            reason=message.reason,
            detail=message.detail,
            evidence=message.evidence,
            hops=message.page.hops if message.page else (),
            ends=EndedAttempt(
                job_id=message.job_id,
                attempt=message.attempt,
                stage="enrich",
                ended=AttemptEnd.ENDED,
                reason=message.reason,
                detail=message.detail,
                span=message.span,
            ),
        )


def ending_deleted(job_id: UUID, ends: EndedAttempt | None = None) -> Ending:
    """Return how a job ends whose page was deleted, whichever attempt brings it."""
    return Ending(
        job_id=job_id,
        attempt=None,
        reason=Reason.DELETED,
        detail="the page was deleted",
        ends=ends,
    )


@dataclass(frozen=True, slots=True)
class Current:
    """The version of an article that is shown now."""

    number: int
    content_hash: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What a result means for its article."""

    reason: Reason
    writes: bool
    """A version is written."""
    shows: bool
    """That version becomes the current one."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a job ended; jobs that could not be ended any more are not reported."""

    job_id: UUID
    reason: Reason
    article_id: UUID | None
    version: int | None


def decide(
    result: ArticleEnriched,
    current: Current | None,
    *,
    twin: UUID | None = None,
    repeats: bool = False,
) -> Decision:
    """Name what a result is.

    Args:
        result: What was made of a page.
        current: The version that is current (by fetch time, not arrival).
        twin: The other article that it tells again.
        repeats: The page is a variant that says nothing new.
    """
    if current is None:
        reason = Reason.NEAR_DUPLICATE if twin is not None else Reason.NEW
        return Decision(reason, writes=True, shows=True)
    if repeats or result.article.content_hash == current.content_hash:
        return Decision(Reason.SAME_CONTENT, writes=False, shows=False)
    if result.page.fetched_at >= current.fetched_at:
        return Decision(Reason.REVISION, writes=True, shows=True)
    return Decision(Reason.SUPERSEDED, writes=True, shows=False)


_LOCK_JOBS = text("""
select id, attempt, state, dispatched_at, force, accepted_at
from job where id = any(:ids) order by id for update
""")

_ADD_ARTICLES = text("""
insert into article (id, page_key, url, cluster_id)
select id, page_key, url, id
from unnest(cast(:id as uuid[]), cast(:page_key as bytea[]), cast(:url as text[]))
  as n(id, page_key, url)
order by page_key on conflict do nothing
""")

_LOCK_ARTICLES = text("""
select a.id, a.version as number, v.content_hash, v.fetched_at,
       (select coalesce(max(number), 0) from version m where m.article_id = a.id) as newest
from article a left join version v on v.article_id = a.id and v.number = a.version
where a.id = any(:ids) order by a.page_key for update of a
""")

_VERSION = text("""
insert into version (article_id, number, job_id, fetch_id, fetched_at, content_hash, document,
                     title, text, text_object, text_truncated, published_at, modified_at, authors,
                     section_raw, site_name, canonical_url, image, language, language_confidence,
                     categories, cluster_id, duplicate_of, duplicate_document, similarity,
                     rule, evidence)
values (:article_id, :number, :job_id, :fetch_id, :fetched_at, :content_hash, :document,
        :title, :text, :text_object, :text_truncated, :published_at, :modified_at, :authors,
        :section_raw, :site_name, :canonical_url, :image, :language, :language_confidence,
        cast(:categories as jsonb), :cluster_id, :duplicate_of, :duplicate_document, :similarity,
        :rule, cast(:evidence as jsonb))
""")

_SHOW = text("""
update article set version = :number, duplicate_of = :duplicate_of, cluster_id = :cluster_id,
  url = coalesce(:url, url), updated_at = now()
where id = :id
""")

_FETCH = text("""
insert into page_fetch (id, job_id, url_key, fetched_at, page, article_id)
values (:id, :job_id, :url_key, :fetched_at, cast(:page as jsonb), :article_id)
on conflict (id) do update set article_id = excluded.article_id
""")

_END = text("""
with n as (
  select * from unnest(cast(:job_id as uuid[]), cast(:outcome as text[]), cast(:reason as text[]),
                       cast(:detail as text[]), cast(:evidence as jsonb[]),
                       cast(:article_id as uuid[]), cast(:version as integer[]),
                       cast(:fetch_id as uuid[]), cast(:hops as jsonb[]))
    as n(job_id, outcome, reason, detail, evidence, article_id, version, fetch_id, hops)),
ended as (delete from job using n where job.id = n.job_id
  returning job.*, n.outcome, n.reason, n.detail, n.evidence, n.article_id, n.version,
            coalesce(n.fetch_id, job.fetch_id) as last_fetch,
            case when n.hops = '[]' then job.hops else n.hops end as all_hops),
recorded as (
  insert into outcome (job_id, receipt, url, url_key, host_id, label, priority, meta, outcome,
                       reason, detail, evidence, article_id, version, fetch_id, retry_of, attempt,
                       tries, losses, hops, accepted_at, submitter, timezone)
  select id, receipt, url, url_key, host_id, label, priority, meta, outcome,
         reason, detail, evidence, article_id, version, last_fetch, retry_of, attempt,
         tries, losses, all_hops, accepted_at, submitter, timezone
  from ended),
counted as (
  insert into tally (minute, stage, ended, reason, le, count, seconds)
  select date_trunc('minute', now()), 'job', outcome, reason,
         (cast(:bounds as double precision[]))[
           width_bucket(seconds, cast(:bounds as double precision[])) + 1] as le,
         count(*), sum(seconds)
  from (select outcome, reason, greatest(cast(extract(epoch from now() - accepted_at)
                                              as double precision), 0) as seconds
        from ended) as took
  group by outcome, reason, le)
insert into event (kind, reason, job_id, article_id, version)
select outcome, reason, id, article_id, version from ended order by id
returning job_id
""")

_END_COLUMNS = (
    "job_id",
    "outcome",
    "reason",
    "detail",
    "evidence",
    "article_id",
    "version",
    "fetch_id",
    "hops",
)


def finish(connection: Connection, results: Sequence[ArticleEnriched | Ending]) -> list[Finished]:
    """End the jobs of these results, inside the caller's transaction.

    An article counts from any attempt; everything else only from the current attempt while it
    runs. A job that has ended already gets nothing, so every result may come twice. A job that
    met a defect of ours is tried again; the third time it ends.

    Args:
        connection: An open transaction; jobs, then articles are locked in a fixed order.
        results: At most one a job is used, the first.
    """
    made = [result for result in results if isinstance(result, ArticleEnriched)]
    if made:
        hold_off_deletions(connection)
    rows = connection.execute(_LOCK_JOBS, {"ids": [result.job_id for result in results]})
    open_jobs = {row.id: row for row in rows.mappings()}
    barred = bar_deleted(connection, made, open_jobs) if made else set()
    results = [
        ending_deleted(result.job_id, _done(result))
        if isinstance(result, ArticleEnriched) and result.job_id in barred
        else result
        for result in results
    ]
    attempts: list[EndedAttempt] = []
    valid: list[ArticleEnriched | Ending] = []
    for result in results:
        job = open_jobs.get(result.job_id)
        if job is not None and _counts(result, job):
            valid.append(result)
            attempts.extend(_ended_attempts(result, job))
            del open_jobs[result.job_id]
    held = hold_defects(
        connection,
        (
            (result.job_id, result.attempt)
            for result in valid
            if isinstance(result, Ending)
            and result.reason in DEFECTS
            and result.attempt is not None
        ),
    )
    valid = [result for result in valid if result.job_id not in held]
    enriched = [result for result in valid if isinstance(result, ArticleEnriched)]
    places = find_places(connection, enriched) if enriched else Places({}, {})
    states = _lock_articles(connection, places) if enriched else {}
    endings: list[tuple[object, ...]] = []
    finished: list[Finished] = []
    for result in valid:
        if isinstance(result, Ending):
            ended = Finished(result.job_id, result.reason, result.article_id, None)
            detail, evidence, hops, fetch_id = (
                result.detail,
                jsonb(result.evidence),
                result.hops,
                None,
            )
        else:
            ended = _write_article(connection, result, places, states)
            detail, evidence, hops, fetch_id = "", "{}", result.page.hops, result.page.fetch_id
        finished.append(ended)
        endings.append(
            (
                ended.job_id,
                RULES[ended.reason].outcome,
                ended.reason,
                storable(detail),
                evidence,
                ended.article_id,
                ended.version,
                fetch_id,
                jsonb([hop.model_dump() for hop in hops]),
            )
        )
    if enriched:
        record_aliases(connection, enriched, places)
        record_fingerprints(connection, enriched)
    if endings:
        connection.execute(_END, {**columns(_END_COLUMNS, endings), "bounds": list(BOUNDS)})
    record_attempts(connection, attempts, stored=len(attempts))
    return finished


def _counts(result: ArticleEnriched | Ending, job: RowMapping) -> bool:
    if isinstance(result, ArticleEnriched) or result.attempt is None:
        return True
    return bool(job["attempt"] == result.attempt and job["state"] == "running")


def _ended_attempts(result: ArticleEnriched | Ending, job: RowMapping) -> tuple[EndedAttempt, ...]:
    """Return the attempt that ends with a result, if one does, and when it was sent."""
    if isinstance(result, ArticleEnriched):
        ended: EndedAttempt | None = _done(result)
    else:
        ended = result.ends
    if ended is None:
        return ()
    sent_at = job["dispatched_at"] if ended.attempt == job["attempt"] else None
    return (replace(ended, sent_at=sent_at),)


def _done(result: ArticleEnriched) -> EndedAttempt:
    return EndedAttempt(
        job_id=result.job_id,
        attempt=result.attempt,
        stage="enrich",
        ended=AttemptEnd.DONE,
        span=result.span,
    )


@dataclass(slots=True)
class _ArticleState:
    current: Current | None
    newest: int


def _lock_articles(connection: Connection, places: Places) -> dict[UUID, _ArticleState]:
    wanted = {place.article_id: place for place in places.by_job.values()}
    new = sorted((place for place in wanted.values() if place.page_key), key=lambda at: at.page_key)
    connection.execute(
        _ADD_ARTICLES,
        columns(
            ("id", "page_key", "url"),
            [(place.article_id, bytes.fromhex(place.page_key), place.url) for place in new],
        ),
    )
    rows = connection.execute(_LOCK_ARTICLES, {"ids": list(wanted)})
    return {
        row.id: _ArticleState(
            Current(row.number, bytes(row.content_hash).hex(), row.fetched_at)
            if row.number
            else None,
            row.newest,
        )
        for row in rows
    }


def _write_article(
    connection: Connection,
    result: ArticleEnriched,
    places: Places,
    states: dict[UUID, _ArticleState],
) -> Finished:
    place = places.by_job[result.job_id]
    article = place.article_id
    state = states[article]
    twin = _twin(article, result.article, places)
    decision = decide(result, state.current, twin=twin, repeats=place.repeats)
    shown = state.current.number if state.current else None
    if decision.writes:
        number = state.newest + 1
        story = place_version(
            connection,
            article,
            result.article,
            twin=twin,
            current=shown,
            moved=places.moved,
        )
        write_version(connection, article, number, story, result, job_id=result.job_id)
        state.newest = number
        if decision.shows:
            shown = number
            state.current = Current(number, result.article.content_hash, result.page.fetched_at)
            _show(connection, place, number, story)
    _record_fetch(connection, result, article)
    return Finished(result.job_id, decision.reason, article, number if decision.writes else shown)


def _show(connection: Connection, place: Place, number: int, story: Membership) -> None:
    values = {
        "id": place.article_id,
        "number": number,
        "cluster_id": story.cluster_id,
        "duplicate_of": story.duplicate_of,
        "url": place.url or None,
    }
    connection.execute(_SHOW, values)


def _twin(article: UUID, content: Article, places: Places) -> UUID | None:
    twin = content.duplicates.duplicate_of
    if twin is None:
        return None
    found = places.moved.get(twin.article_id, twin.article_id)
    return found if found != article else None


def write_version(
    connection: Connection,
    article: UUID,
    number: int,
    story: Membership,
    result: ArticleEnriched,
    *,
    job_id: UUID,
) -> None:
    """Write a version of an article whose lock the caller's transaction holds.

    Args:
        connection: An open transaction.
        article: The article.
        number: Of the version; there must be none yet.
        story: Where it belongs.
        result: What the page says.
        job_id: The job that brought the page.
    """
    content, page = result.article, result.page
    plain = content.model_dump(
        include={
            "title",
            "text",
            "text_object",
            "text_truncated",
            "published_at",
            "modified_at",
            "section_raw",
            "site_name",
            "canonical_url",
            "image",
        }
    )
    values = {
        **plain,
        "article_id": article,
        "number": number,
        "job_id": job_id,
        "fetch_id": page.fetch_id,
        "fetched_at": page.fetched_at,
        "content_hash": bytes.fromhex(content.content_hash),
        "document": content.duplicates.document,
        "authors": list(content.authors),
        "language": content.language.tag,
        "language_confidence": content.language.confidence,
        "categories": jsonb([category.model_dump() for category in content.categories]),
        **asdict(story),
        "evidence": document(content.evidence),
    }
    connection.execute(_VERSION, values)


def _record_fetch(connection: Connection, result: ArticleEnriched, article: UUID) -> None:
    page: Page = result.page
    connection.execute(
        _FETCH,
        {
            "id": page.fetch_id,
            "job_id": result.job_id,
            "url_key": bytes.fromhex(page.url_key),
            "fetched_at": page.fetched_at,
            "page": document(page),
            "article_id": article,
        },
    )
