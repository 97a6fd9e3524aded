"""Builders: values that are right in every way a test does not care about."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from newsmill_shared.database.accept import Submission
from newsmill_shared.identity import article_id, new_id
from newsmill_shared.messages import (
    Article,
    ArticleEnriched,
    DuplicateVerdict,
    Evidence,
    JobFinished,
    Language,
    Page,
    PageFetched,
    Relation,
)
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize

__all__ = [
    "NOON",
    "a_page",
    "a_page_fetched",
    "a_relation",
    "a_submission",
    "an_article",
    "an_article_enriched",
    "an_ending_message",
]

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
EPOCH = "an-epoch"


def a_submission(url: str = "https://paper.example/story", **fields: object) -> Submission:
    """A URL that somebody hands in."""
    canonical = canonicalize(url)
    return Submission(url=url, url_key=canonical.key, host=canonical.host, **fields)  # type: ignore[arg-type]


def a_page(
    url: str = "https://paper.example/story",
    *,
    final_url: str | None = None,
    fetched_at: datetime = NOON,
    body: bytes = b"<p>A page</p>",
    **fields: object,
) -> Page:
    """A page that was fetched."""
    sha256 = hashlib.sha256(body).hexdigest()
    key = canonicalize(url).key
    values: dict[str, object] = {
        "fetch_id": new_id(),
        "url": url,
        "url_key": key,
        "final_url": final_url or url,
        "final_key": canonicalize(final_url or url).key,
        "fetched_at": fetched_at,
        "sha256": sha256,
        "object": f"raw/{key}-{sha256}",
        "size": len(body),
        "media_type": "text/html",
    }
    return Page.model_validate(values | fields)


def a_page_fetched(job_id: UUID, attempt: int = 1, *, page: Page | None = None) -> PageFetched:
    """The message that a page's body is there."""
    return PageFetched(job_id=job_id, attempt=attempt, epoch=EPOCH, page=page or a_page())


def a_relation(url: str, *, similarity: float = 0.9) -> Relation:
    """A relation to the article at another URL."""
    return Relation(
        article_id=article_id(canonicalize(url).key),
        document="0" * 16,
        similarity=similarity,
        rule="containment",
    )


def an_article(
    title: str = "A title",
    text: str = "What happened.",
    *,
    duplicate_of: Relation | None = None,
    **fields: object,
) -> Article:
    """What a page says."""
    digest = hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()
    values: dict[str, object] = {
        "title": title,
        "text": text,
        "content_hash": digest,
        "language": Language(tag="en", confidence=0.99),
        "duplicates": DuplicateVerdict(document=digest[:16], sequence=1, duplicate_of=duplicate_of),
        "evidence": Evidence(),
    }
    return Article.model_validate(values | fields)


def an_article_enriched(
    job_id: UUID,
    attempt: int = 1,
    *,
    page: Page | None = None,
    article: Article | None = None,
) -> ArticleEnriched:
    """The message that a page has become an article."""
    return ArticleEnriched(
        job_id=job_id,
        attempt=attempt,
        epoch=EPOCH,
        page=page or a_page(),
        article=article or an_article(),
    )


def an_ending_message(
    job_id: UUID, attempt: int = 1, *, reason: Reason = Reason.NOT_AN_ARTICLE
) -> JobFinished:
    """The message that a job ended without an article."""
    return JobFinished(job_id=job_id, attempt=attempt, epoch=EPOCH, reason=reason)
