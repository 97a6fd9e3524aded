"""The ledger in PostgreSQL, as the gateway uses it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, RowMapping, Select, and_, or_, select, union_all

from newsmill_gateway.answers import ArticleAnswer, Change, JobAnswer
from newsmill_shared.database.accept import Accepted, Submission, accept
from newsmill_shared.database.conservation import Conservation, conservation
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.events import read_events
from newsmill_shared.database.migrate import is_current
from newsmill_shared.database.schema import article, job, outcome, version
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
    """

    def __init__(self, engine: Engine, *, host_delay_seconds: float) -> None:
        self._engine = engine
        self._host_delay_seconds = host_delay_seconds

    def accept(
        self, submissions: Sequence[Submission], *, key: str, request_sha256: bytes
    ) -> Accepted:
        """Write a receipt and its jobs in one transaction."""
        with transaction(self._engine) as connection:
            return accept(
                connection,
                submissions,
                key=key,
                request_sha256=request_sha256,
                host_delay_seconds=self._host_delay_seconds,
            )

    def job(self, job_id: UUID) -> JobAnswer | None:
        """Return a job, open or finished."""
        return self._newest_job(job.c.id == job_id, outcome.c.job_id == job_id)

    def job_at(self, url_key: str) -> JobAnswer | None:
        """Return the newest job of a page, or that led to it."""
        key = bytes.fromhex(url_key)
        return self._newest_job(
            job.c.url_key == key,
            or_(outcome.c.url_key == key, outcome.c.article_id == article_id(url_key)),
        )

    def article(self, article_id: UUID) -> SQLArticle | None:
        """Return an article in its current version."""
        return self._article(_ARTICLE.where(article.c.id == article_id))

    def article_at(self, url_key: str) -> SQLArticle | None:
        """Return the article at a page, or the one that the page last led to."""
        key = bytes.fromhex(url_key)
        led_to = (
            select(outcome.c.article_id)
            .where(outcome.c.url_key == key, outcome.c.article_id.is_not(None))
            .order_by(outcome.c.job_id.desc())
            .limit(1)
            .scalar_subquery()
        )
        return self._article(_ARTICLE.where(article.c.page_key == key)) or self._article(
            _ARTICLE.where(article.c.id == led_to)
        )

    def changes(self, after: int, *, limit: int) -> tuple[Change, ...]:
        """Return numbered events that follow a position."""
        with reading(self._engine) as snapshot:
            events = read_events(snapshot, after=after, limit=limit)
        return tuple(Change.model_validate(entry, from_attributes=True) for entry in events)

    def conservation(self) -> Conservation:
        """Count what was accepted and what became of it."""
        with reading(self._engine) as snapshot:
            return conservation(snapshot)

    def has_schema(self) -> bool:
        """Tell whether every migration has been applied."""
        return is_current(self._engine)

    def _newest_job(
        self, open_ones: ColumnElement[bool], finished: ColumnElement[bool]
    ) -> JobAnswer | None:
        newest_open = select(job).where(open_ones).order_by(job.c.id.desc()).limit(1)
        newest_finished = select(outcome).where(finished).order_by(outcome.c.job_id.desc()).limit(1)
        # One snapshot: between two, a job could end and be in neither.
        with reading(self._engine) as snapshot:
            found = [
                *map(_open_job, snapshot.execute(newest_open).mappings()),
                *map(_finished_job, snapshot.execute(newest_finished).mappings()),
            ]
        return max(found, key=lambda answer: answer.job_id, default=None)

    def _article(self, query: Select[tuple[object, ...]]) -> SQLArticle | None:
        with reading(self._engine) as snapshot:
            row = snapshot.execute(query).mappings().first()
            if row is None:
                return None
            last = snapshot.execute(_last_outcome(row["article_id"], row["page_key"])).scalar()
        values = {name: row[name] for name in ArticleAnswer.model_fields if name != "outcome"}
        return SQLArticle(
            ArticleAnswer.model_validate(values | {"outcome": last}), row["text_object"]
        )


_twin = article.alias("twin")

_ARTICLE = (
    select(
        article.c.id.label("article_id"),
        article.c.page_key,
        article.c.url,
        article.c.cluster_id,
        # The earlier article may never have been stored: then there is nothing to point to.
        _twin.c.id.label("duplicate_of"),
        version.c.number.label("version"),
        version.c.language,
        *(
            version.c[name]
            for name in (
                "title",
                "text",
                "text_object",
                "text_truncated",
                "published_at",
                "modified_at",
                "language_confidence",
                "section_raw",
                "categories",
                "authors",
                "site_name",
                "image",
                "canonical_url",
                "fetched_at",
                "evidence",
            )
        ),
    )
    .join(
        version, and_(version.c.article_id == article.c.id, version.c.number == article.c.version)
    )
    .outerjoin(_twin, _twin.c.id == article.c.duplicate_of)
)


def _last_outcome(article: UUID, page_key: bytes) -> Select[tuple[str]]:
    """Return the query for the outcome of a page's last finished job.

    Those are the jobs that led to its article and those that asked for the page itself.
    """
    led_to_it = select(outcome.c.outcome, outcome.c.finished_at, outcome.c.job_id).where(
        outcome.c.article_id == article
    )
    asked_for_it = select(outcome.c.outcome, outcome.c.finished_at, outcome.c.job_id).where(
        outcome.c.url_key == page_key
    )
    both = union_all(led_to_it, asked_for_it).subquery()
    return select(both.c.outcome).order_by(both.c.finished_at.desc(), both.c.job_id.desc()).limit(1)


def _open_job(row: RowMapping) -> JobAnswer:
    return JobAnswer.model_validate({**row, "job_id": row["id"]})


def _finished_job(row: RowMapping) -> JobAnswer:
    return JobAnswer.model_validate({**row, "state": "finished"})
