"""Holds what came of a submission against what the manifest says must come of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from newsmill_cli.api import Json
from newsmill_cli.demo.content import Article, Submission

__all__ = ["Observed", "differences"]


@dataclass(frozen=True, slots=True)
class Observed:
    """A submission, the job that it became, and its article, if there is one."""

    submission: Submission
    job: Json
    article: Json | None = None


def differences(observed: Observed, article_ids: Mapping[str, str]) -> list[str]:
    """Return in words what differs from the manifest; nothing if all is as it must be.

    Args:
        observed: What came of a submission.
        article_ids: Id of the article by the URL of its page, as the manifest writes URLs.
    """
    return [
        f"{name} is {found!r}, expected {wanted!r}"
        for name, found, wanted in _facts(observed, article_ids)
        if found != wanted
    ]


def _facts(
    observed: Observed, article_ids: Mapping[str, str]
) -> Iterator[tuple[str, object, object]]:
    submission, job, article = observed.submission, observed.job, observed.article
    yield "outcome", job.get("outcome") or job.get("state"), submission.outcome
    if submission.reason is not None:
        yield "reason", job.get("reason"), submission.reason
    if submission.article is None or article is None:
        yield "article", article and article.get("url"), submission.article
        return
    yield from _article_facts(article, submission.article)
    wanted_id = article_ids.get(submission.article.url)
    yield "article", article.get("article_id"), wanted_id
    original = submission.duplicate_of
    wanted_original = article_ids.get(original, "an article") if original else None
    yield "duplicate_of", article.get("duplicate_of"), wanted_original


def _article_facts(article: Json, expected: Article) -> Iterator[tuple[str, object, object]]:
    categories = article.get("categories") or [{}]
    yield "title", article.get("title"), expected.title
    # A script or region may follow: zh-Hant.
    yield "language", str(article.get("language")).partition("-")[0], expected.language
    published_at = expected.published_at.isoformat()
    yield "published_at", _in_utc(article.get("published_at")), published_at
    yield "section_raw", article.get("section_raw"), expected.section
    yield "category", categories[0].get("name"), expected.category


def _in_utc(value: object) -> object:
    if not isinstance(value, str):
        return value
    return datetime.fromisoformat(value).astimezone(UTC).isoformat()
