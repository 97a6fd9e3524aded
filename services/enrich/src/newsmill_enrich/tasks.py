"""What a fetched page means: it becomes an article, or ends for a reason."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog

from newsmill_enrich.aliases import read_aliases
from newsmill_enrich.duplicates import (
    Fingerprint,
    Match,
    Registered,
    Thresholds,
    Verdict,
    fingerprint,
    judge,
)
from newsmill_enrich.extraction import Extracted, UnarchivedError, extract
from newsmill_enrich.language import MODEL as LANGUAGE_MODEL
from newsmill_enrich.language import Detected, Hints
from newsmill_enrich.topics import Tagged
from newsmill_shared.errors import EndedError, TransientError
from newsmill_shared.identity import article_id
from newsmill_shared.index.layout import key_bytes
from newsmill_shared.messages import (
    INLINE_TEXT_BYTES,
    MAX_TEXT_BYTES,
    Article,
    ArticleEnriched,
    DuplicateVerdict,
    Evidence,
    JobFinished,
    PageFetched,
    Relation,
)
from newsmill_shared.pages import PageMissingError
from newsmill_shared.queue.notes import MissingNote
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize

__all__ = ["Enricher", "as_message", "content_hash", "drop_page", "enrich_page"]

FEW_ARTICLES = 3
"""Of a site, whose languages say little: so many of another language are thought to be there."""

_UNREGISTERED = Registered(sequence=0, redelivered=False, candidates=())
"""What is known of a document that the index is not to learn: it forgot it long ago, or nothing
will be stored."""

_log = structlog.get_logger()


class Pages(Protocol):
    """Where bodies are, and long texts go."""

    def get(self, key: str) -> bytes:
        """Return a body; raises PageMissingError or TransientError."""

    def delete(self, key: str) -> None:
        """Delete a body; raises TransientError."""

    def put_text(self, name: str, text: str, *, at: datetime) -> str:
        """Store a text and return its key; raises TransientError."""


class Index(Protocol):
    """Where earlier documents are found."""

    def register(
        self, fingerprint: Fingerprint, *, article_id: UUID, job_id: UUID, now: datetime
    ) -> Registered:
        """Register a document and return the earlier ones that share passages with it."""


class Detector(Protocol):
    """Tells languages."""

    def detect(self, title: str, text: str, hints: Hints) -> Detected:
        """Return the language of an article."""


class Tagger(Protocol):
    """Tells categories."""

    def categorize(
        self,
        title: str,
        text: str,
        *,
        language: str,
        section_raw: str | None,
        signals: Mapping[str, tuple[str, ...]],
        url: str | None = None,
    ) -> Tagged:
        """Return the categories of an article."""


@dataclass(frozen=True, slots=True)
class Enricher:
    """What enrichment works with."""

    pages: Pages
    index: Index
    detector: Detector
    tagger: Tagger
    thresholds: Thresholds = field(default_factory=Thresholds)
    """Where the line between one story and two is drawn."""
    remembers: timedelta = timedelta(weeks=1)
    """How long the index knows a document: a page that was fetched earlier is not put in again."""


def enrich_page(
    message: PageFetched, enricher: Enricher, *, now: datetime
) -> ArticleEnriched | JobFinished | MissingNote:
    """Make an article of a page: exactly one answer comes out.

    A page that is enriched again is read as of the time when it was fetched; a preview writes
    nothing anywhere, so it does not hear of other pages either.

    Raises:
        TransientError: The page store or the index is away; nothing is decided.
    """
    try:
        return _enrich(message, enricher, now)
    except UnarchivedError as error:
        page = message.page.model_copy(update={"noarchive": True})
        return _finished(message.model_copy(update={"page": page}), error.reason, error.detail)
    except EndedError as error:
        return _finished(message, error.reason, error.detail)
    except PageMissingError:
        return MissingNote(job_id=message.job_id, attempt=message.attempt)
    except (TransientError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a defect of ours ends this job alone, and loudly
        _log.exception("enrichment failed", url=message.page.url)
        return _finished(message, Reason.ENRICH_ERROR, f"{type(error).__name__}: {error}"[:500])


def drop_page(answer: ArticleEnriched | JobFinished, pages: Pages) -> None:
    """Delete the body of a page of which its publisher asks that no copy be kept.

    Called once the answer is on its way. A document that was handed in with its content is its
    submitter's copy and stays; a preview deletes nothing.

    Raises:
        TransientError: The page store is away; the body stays.
    """
    page = answer.page
    if page is None or page.supplied or answer.rework == "preview":
        return
    if isinstance(answer, ArticleEnriched):
        unwanted = answer.article.noarchive
    else:
        unwanted = page.noarchive or answer.reason is Reason.NOINDEX
    if unwanted:
        pages.delete(page.object)


def as_message(mark: Fingerprint, verdict: Verdict, *, registered_at: datetime) -> DuplicateVerdict:
    """Return a verdict as it travels, with what the index is rebuilt from."""
    return DuplicateVerdict(
        document=verdict.document,
        sequence=verdict.sequence,
        duplicate_of=_relation(verdict.duplicate_of) if verdict.duplicate_of else None,
        related=tuple(map(_relation, verdict.related)),
        registered_at=registered_at,
        keys=base64.b64encode(key_bytes(mark.keys)).decode(),
        sketch=base64.b64encode(mark.sketch).decode(),
    )


def _relation(match: Match) -> Relation:
    return Relation(
        article_id=match.article_id,
        document=match.document,
        similarity=match.similarity,
        rule=match.rule,
    )


def content_hash(title: str, text: str) -> str:
    """Return sha256 (hex) over title and text: what makes two versions the same."""
    return hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()


def _enrich(message: PageFetched, enricher: Enricher, now: datetime) -> ArticleEnriched:
    page = message.page
    age = now - page.fetched_at
    if message.rework:
        now = page.fetched_at
    body = enricher.pages.get(page.object)
    # Who hands a document in is no crawler.
    extracted = extract(body, page, now=now, heed_robots=not page.supplied)
    text, truncated = _cut(extracted.text)
    detected = enricher.detector.detect(extracted.title, text, _hints(extracted, message))
    tagged = enricher.tagger.categorize(
        extracted.title,
        text,
        language=detected.language.tag,
        section_raw=extracted.section_raw,
        signals=extracted.signals,
        url=page.final_url,
    )
    known_as = read_aliases(extracted.links, canonicalize(page.final_url), extracted.title)
    page_key = known_as.home.key if known_as.home else page.final_key
    # Last, so that a page which fails elsewhere leaves nothing in the index.
    mark = fingerprint(
        extracted.title, text, page_key=page_key, published_at=extracted.published_at
    )
    preview = message.rework == "preview"
    if preview or (message.rework and age > enricher.remembers):
        registered = _UNREGISTERED
    else:
        registered = enricher.index.register(
            mark, article_id=article_id(page_key), job_id=message.job_id, now=now
        )
    verdict, seen = judge(mark, registered, thresholds=enricher.thresholds)
    digest = content_hash(extracted.title, text)
    inline = len(text.encode()) <= INLINE_TEXT_BYTES
    return ArticleEnriched(
        job_id=message.job_id,
        attempt=message.attempt,
        epoch=message.epoch,
        page=page,
        rework=message.rework,
        article=Article(
            title=extracted.title,
            text=text if inline else None,
            text_object=None
            if inline or preview
            else enricher.pages.put_text(digest, text, at=now),
            text_truncated=truncated,
            content_hash=digest,
            published_at=extracted.published_at,
            modified_at=extracted.modified_at,
            authors=extracted.authors,
            section_raw=extracted.section_raw,
            site_name=extracted.site_name,
            canonical_url=extracted.canonical_url,
            home=known_as.home,
            aliases=known_as.variants,
            noarchive=extracted.noarchive,
            image=extracted.image,
            language=detected.language,
            categories=tagged.categories,
            duplicates=as_message(mark, verdict, registered_at=now),
            evidence=Evidence(
                extraction={**extracted.evidence, "aliases": known_as.evidence},
                language={"model": LANGUAGE_MODEL, **detected.evidence},
                duplicates=seen,
                categories=tagged.evidence,
            ),
        ),
    )


def _hints(extracted: Extracted, message: PageFetched) -> Hints:
    host = message.page.final_url.partition("://")[2].partition("/")[0]
    articles = sum(message.languages.values()) + FEW_ARTICLES
    usual = {language: count / articles for language, count in message.languages.items()}
    return Hints(declared=extracted.declared_languages, host=host, usual=usual)


def _cut(text: str) -> tuple[str, bool]:
    """Cut a text at MAX_TEXT_BYTES, at a character; tell whether anything was cut."""
    encoded = text.encode()
    if len(encoded) <= MAX_TEXT_BYTES:
        return text, False
    return encoded[:MAX_TEXT_BYTES].decode("utf-8", "ignore"), True


def _finished(message: PageFetched, reason: Reason, detail: str) -> JobFinished:
    return JobFinished(
        job_id=message.job_id,
        attempt=message.attempt,
        epoch=message.epoch,
        reason=reason,
        detail=detail,
        page=message.page,
        rework=message.rework,
    )
