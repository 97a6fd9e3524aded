"""The ledger in PostgreSQL, as the gateway uses it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    ScalarSelect,
    Select,
    and_,
    func,
    or_,
    select,
    text,
)

from newsmill_gateway.adapters.sql_clusters import read_cluster
from newsmill_gateway.adapters.sql_lists import read_jobs, read_listing
from newsmill_gateway.answers import (
    ArticleAnswer,
    AttemptAnswer,
    Change,
    Cluster,
    ClusterMember,
    JobAnswer,
    JobInFull,
    RelatedCluster,
)
from newsmill_gateway.ports import FoundChanges, Listed
from newsmill_gateway.queries import (
    ArticleQuery,
    ClusterQuery,
    JobQuery,
    PauseRequest,
    ResumeTarget,
)
from newsmill_shared.database.accept import Accepted, Order, accept
from newsmill_shared.database.attempts import PastAttempt, read_attempts
from newsmill_shared.database.audit import record
from newsmill_shared.database.conservation import Conservation, conservation
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.events import first_position, last_position, read_events
from newsmill_shared.database.migrate import is_current
from newsmill_shared.database.pauses import Pause, lift_pause, list_pauses, set_pause
from newsmill_shared.database.schema import alias, article, job, listing, outcome, version
from newsmill_shared.database.tombstones import Tombstone, find_tombstone
from newsmill_shared.identity import article_id

__all__ = ["SQLArticle", "SQLLedger"]


@dataclass(frozen=True, slots=True)
class SQLArticle:
    """An article as the ledger has it."""

    answer: ArticleAnswer
    text_object: str | None


class SQLLedger:
    """Accepts work and looks it up.

    Args:
        engine: The database.
        host_delay_seconds: The delay of a host that is seen for the first time.
        quota: Open jobs that one submitter may have.
    """

    def __init__(self, engine: Engine, *, host_delay_seconds: float, quota: int) -> None:
        self._engine = engine
        self._host_delay_seconds = host_delay_seconds
        self._quota = quota

    def accept(self, order: Order) -> Accepted:
        """Write a receipt and its jobs in one transaction."""
        with transaction(self._engine) as connection:
            return accept(
                connection,
                order.submissions,
                key=order.key,
                request_sha256=order.sha256,
                host_delay_seconds=self._host_delay_seconds,
                submitter=order.submitter,
                quota=self._quota,
            )

    def job(self, job_id: UUID) -> JobInFull | None:
        """Return a job, open or finished, with its attempts."""
        return self._newest_job(job.c.id == job_id, outcome.c.job_id == job_id)

    def job_at(self, url_key: str) -> JobInFull | None:
        """Return the newest job of a page, or that led to it."""
        key = bytes.fromhex(url_key)
        ids = (article_id(url_key), _home_of(url_key))
        return self._newest_job(
            job.c.url_key == key, or_(outcome.c.url_key == key, outcome.c.article_id.in_(ids))
        )

    def article(self, article_id: UUID) -> SQLArticle | None:
        """Return an article in its current version."""
        return self._article(_ARTICLE.where(article.c.id == article_id))

    def article_at(self, url_key: str) -> SQLArticle | None:
        """Return the article that a page is a form of, stands at, or last led to."""
        key = bytes.fromhex(url_key)
        led_to = (
            select(outcome.c.article_id)
            .where(outcome.c.url_key == key, outcome.c.article_id.is_not(None))
            .order_by(outcome.c.job_id.desc())
            .limit(1)
            .scalar_subquery()
        )
        return (
            self._article(_ARTICLE.where(article.c.id == _home_of(url_key)))
            or self._article(_ARTICLE.where(article.c.page_key == key))
            or self._article(_ARTICLE.where(article.c.id == led_to))
        )

    def tombstone(self, *, article: UUID | None, key: str | None) -> Tombstone | None:
        """Return when an article, or the page with a key, was deleted, if it was."""
        with reading(self._engine) as snapshot:
            return find_tombstone(snapshot, article=article, key=key)

    def jobs(self, query: JobQuery) -> Listed[UUID, JobAnswer]:
        """Return submissions, newest first."""
        with reading(self._engine) as snapshot:
            page = read_jobs(snapshot, query)
        answers = [_finished_job(row) if "outcome" in row else _open_job(row) for row in page.rows]
        return Listed(tuple((answer.job_id, answer) for answer in answers), page.next)

    def articles(self, query: ArticleQuery) -> Listed[int, SQLArticle]:
        """Return articles by their positions, without text and evidence unless in full."""
        with reading(self._engine) as snapshot:
            page = read_listing(snapshot, query)
            places = {row["article_id"]: row["position"] for row in page.rows}
            chosen = _listed(query).where(listing.c.article_id.in_(places))
            found = {
                entry.answer.article_id: entry
                for entry in _articles(snapshot, snapshot.execute(chosen).mappings().all())
            }
        # What was deleted stands in the list until the deletion is numbered.
        shown = ((place, found[key]) for key, place in places.items() if key in found)
        return Listed(tuple(shown), page.next)

    def cluster(self, cluster_id: UUID, query: ClusterQuery) -> Cluster | None:
        """Return a page of a cluster, by its id or that of an article."""
        with reading(self._engine) as snapshot:
            found = read_cluster(snapshot, cluster_id, cursor=query.cursor, limit=query.limit)
        if found is None:
            return None
        return Cluster(
            cluster_id=found.cluster_id,
            size=found.size,
            original=found.original,
            members=tuple(
                ClusterMember(
                    relation="original" if row["article_id"] == found.original else "duplicate",
                    **row,
                )
                for row in found.members
            ),
            related=tuple(RelatedCluster(**row) for row in found.related),
            next=found.next,
        )

    def changes(self, after: int, *, limit: int) -> FoundChanges:
        """Return numbered events that follow a position."""
        with reading(self._engine) as snapshot:
            events = read_events(snapshot, after=after, limit=limit)
            first, last = first_position(snapshot), last_position(snapshot)
        changes = tuple(Change.model_validate(entry, from_attributes=True) for entry in events)
        return FoundChanges(changes, first, last)

    def conservation(self) -> Conservation:
        """Count what was accepted and what became of it."""
        with reading(self._engine) as snapshot:
            return conservation(snapshot)

    def pauses(self) -> Sequence[Pause]:
        """Return what is stopped now."""
        with transaction(self._engine) as connection:
            return list_pauses(connection)

    def pause(self, request: PauseRequest) -> Pause:
        """Stop something."""
        with transaction(self._engine) as connection:
            pause = set_pause(
                connection,
                request.scope,
                request.value,
                by=request.hand or request.by,
                reason=request.reason,
                seconds=request.seconds,
            )
            until = pause.until.isoformat() if pause.until else None
            detail = {"reason": pause.reason, "until": until}
            record(connection, "pause.set", request.subject, by=request.by, detail=detail)
            return pause

    def resume(self, target: ResumeTarget) -> int:
        """Let something go on and return how many pauses ended."""
        with transaction(self._engine) as connection:
            lifted = lift_pause(connection, target.scope, target.value, by=target.paused_by)
            if lifted:
                detail = {"lifted": lifted}
                record(connection, "pause.lift", target.subject, by=target.by, detail=detail)
            return lifted

    def has_schema(self) -> bool:
        """Tell whether every migration has been applied."""
        return is_current(self._engine)

    def _newest_job(
        self, open_ones: ColumnElement[bool], finished: ColumnElement[bool]
    ) -> JobInFull | None:
        newest_open = select(job).where(open_ones).order_by(job.c.id.desc()).limit(1)
        newest_finished = select(outcome).where(finished).order_by(outcome.c.job_id.desc()).limit(1)
        # One snapshot: between two, a job could end and be in neither.
        with reading(self._engine) as snapshot:
            found = [
                *map(_open_job, snapshot.execute(newest_open).mappings()),
                *map(_finished_job, snapshot.execute(newest_finished).mappings()),
            ]
            if not found:
                return None
            newest = max(found, key=lambda answer: answer.job_id)
            attempts = read_attempts(snapshot, newest.job_id)
        return JobInFull(**dict(newest), attempts=tuple(map(_attempt, attempts)))

    def _article(self, query: Select[Any]) -> SQLArticle | None:
        with reading(self._engine) as snapshot:
            rows = snapshot.execute(query.limit(1)).mappings().all()
            return next(iter(_articles(snapshot, rows)), None)


def _home_of(url_key: str) -> ScalarSelect[Any]:
    """Return the query for the article that an address is an alias of."""
    chosen = select(alias.c.article_id).where(alias.c.id == article_id(url_key))
    return chosen.scalar_subquery()


def _articles(snapshot: Connection, rows: Sequence[RowMapping]) -> tuple[SQLArticle, ...]:
    """Make articles of rows, with the outcome of each page's last finished job."""
    keys = {
        "ids": [row["article_id"] for row in rows],
        "keys": [row["page_key"] for row in rows],
    }
    last = {row.article_id: row.outcome for row in snapshot.execute(_LAST_OUTCOMES, keys)}
    return tuple(
        SQLArticle(
            ArticleAnswer.model_validate({**_NOT_READ, **row, "outcome": last[row["article_id"]]}),
            row.get("text_object"),
        )
        for row in rows
    )


_NOT_READ: dict[str, Any] = {"text": None, "aliases": (), "evidence": {}}
_twin = article.alias("twin")

_IN_FULL = ("text", "text_object", "evidence")

_SUMMARY = select(
    article.c.id.label("article_id"),
    article.c.page_key,
    article.c.url,
    article.c.cluster_id,
    # The earlier article may never have been stored: then there is nothing to point to.
    _twin.c.id.label("duplicate_of"),
    version.c.number.label("version"),
    *(
        version.c[name]
        for name in (
            "title",
            "text_truncated",
            "published_at",
            "modified_at",
            "language",
            "language_confidence",
            "section_raw",
            "categories",
            "authors",
            "site_name",
            "image",
            "canonical_url",
            "fetched_at",
        )
    ),
)
_WHOLE = _SUMMARY.add_columns(
    *(version.c[name] for name in _IN_FULL),
    func.array(
        select(alias.c.url)
        .where(alias.c.article_id == article.c.id)
        .order_by(alias.c.url)
        .scalar_subquery()
    ).label("aliases"),
)


def _with_version(query: Select[Any], number: ColumnElement[int]) -> Select[Any]:
    return query.join(
        version, and_(version.c.article_id == article.c.id, version.c.number == number)
    ).outerjoin(_twin, _twin.c.id == article.c.duplicate_of)


_ARTICLE = _with_version(_WHOLE.select_from(article), article.c.version)


def _listed(query: ArticleQuery) -> Select[Any]:
    """Return the query for the versions that are listed.

    There may be a newer one that is not: it gets a position of its own.
    """
    selected = _WHOLE if query.full else _SUMMARY
    joined = selected.select_from(listing).join(article, article.c.id == listing.c.article_id)
    return _with_version(joined, listing.c.version)


# Of the jobs that led to an article, and of those that asked for its page itself.
_LAST_OUTCOMES = text("""
select n.article_id, (
  select o.outcome from (
    select outcome, finished_at, job_id from outcome where article_id = n.article_id
    union all
    select outcome, finished_at, job_id from outcome where url_key = n.page_key) as o
  order by o.finished_at desc, o.job_id desc limit 1) as outcome
from unnest(cast(:ids as uuid[]), cast(:keys as bytea[])) as n(article_id, page_key)
""")


def _attempt(past: PastAttempt) -> AttemptAnswer:
    said = {**asdict(past), "reason": past.reason or None, "worker": past.worker or None}
    return AttemptAnswer.model_validate(said)


def _open_job(row: RowMapping) -> JobAnswer:
    return JobAnswer.model_validate({**row, "job_id": row["id"]})


def _finished_job(row: RowMapping) -> JobAnswer:
    return JobAnswer.model_validate({**row, "state": "finished"})
