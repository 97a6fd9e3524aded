"""A fetched page becomes exactly one answer, whatever its body is and whatever fails."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from newsmill_enrich.duplicates import Fingerprint, Registered
from newsmill_enrich.language import Detected, Hints
from newsmill_enrich.tasks import Enricher, content_hash, drop_page, enrich_page
from newsmill_enrich.topics import Tagged
from newsmill_shared.errors import TransientError
from newsmill_shared.identity import new_id
from newsmill_shared.messages import ArticleEnriched, JobFinished, Language
from newsmill_shared.pages import PageMissingError
from newsmill_shared.queue.notes import MissingNote
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize
from tests.support.builders import NOON, a_page, a_page_fetched
from tests.support.press import an_article_page

PAGE = an_article_page("a page")


class FakePages:
    """Bodies by key, and texts that were put."""

    def __init__(self, body: bytes | Exception) -> None:
        self.body = body
        self.texts: dict[str, str] = {}
        self.deleted: list[str] = []

    def get(self, _key: str) -> bytes:
        """Return the body, or fail."""
        if isinstance(self.body, Exception):
            raise self.body
        return self.body

    def delete(self, key: str) -> None:
        """Delete the body."""
        self.deleted.append(key)

    def put_text(self, name: str, text: str, *, at: datetime) -> str:
        """Keep a text."""
        self.texts[name] = text
        return f"text/{name}"


class FakeIndex:
    """An index that has seen nothing, or is away."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.registered: list[Fingerprint] = []

    def register(
        self, fingerprint: Fingerprint, *, article_id: UUID, job_id: UUID, now: datetime
    ) -> Registered:
        """Remember a document."""
        if self.failure:
            raise self.failure
        self.registered.append(fingerprint)
        return Registered(sequence=1, redelivered=False, candidates=())


class FakeDetector:
    """Says English, and remembers the hints."""

    def __init__(self) -> None:
        self.hints: Hints | None = None

    def detect(self, title: str, text: str, hints: Hints) -> Detected:
        """Say English."""
        self.hints = hints
        return Detected(Language(tag="en", confidence=1.0), {})


class FakeTagger:
    """Finds no category, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

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
        """Find nothing."""
        if self.failure:
            raise self.failure
        return Tagged((), {})


def an_enricher(
    body: bytes | Exception = PAGE,
    *,
    index: FakeIndex | None = None,
    tagger: FakeTagger | None = None,
) -> Enricher:
    """An enricher whose parts do what a test tells them."""
    return Enricher(FakePages(body), index or FakeIndex(), FakeDetector(), tagger or FakeTagger())


def test_an_article_comes_out_with_what_each_part_said() -> None:
    message = a_page_fetched(new_id(), attempt=3)

    answer = enrich_page(message, an_enricher(), now=NOON)

    assert isinstance(answer, ArticleEnriched)
    assert (answer.job_id, answer.attempt, answer.page) == (message.job_id, 3, message.page)
    assert answer.article.text is not None
    assert answer.article.content_hash == content_hash(answer.article.title, answer.article.text)
    assert answer.article.language.tag == "en"


def test_the_detector_hears_the_host_of_the_page_that_was_reached() -> None:
    enricher = an_enricher()
    page = a_page("https://short.example/x", final_url="https://news.example/story")

    enrich_page(a_page_fetched(new_id(), page=page), enricher, now=NOON)

    assert isinstance(enricher.detector, FakeDetector)
    assert enricher.detector.hints is not None
    assert enricher.detector.hints.host == "news.example"


def test_the_detector_hears_the_more_of_a_sites_languages_the_more_articles_it_has() -> None:
    enricher = an_enricher()
    message = a_page_fetched(new_id(), page=a_page("https://news.example/story"))

    enrich_page(message.model_copy(update={"languages": {"ka": 5, "en": 2}}), enricher, now=NOON)

    assert isinstance(enricher.detector, FakeDetector)
    assert enricher.detector.hints is not None
    assert enricher.detector.hints.usual == {"ka": 0.5, "en": 0.2}


def test_a_long_text_travels_by_reference_and_the_longest_is_cut() -> None:
    paragraphs = (f"<p>{'A long report goes on and on. ' * 400}{n}.</p>" for n in range(110))
    body = f"<article><h1>A long report</h1>{''.join(paragraphs)}</article>".encode()
    enricher = an_enricher(body)

    answer = enrich_page(a_page_fetched(new_id()), enricher, now=NOON)

    assert isinstance(answer, ArticleEnriched)
    assert answer.article.text is None
    assert answer.article.text_truncated
    assert isinstance(enricher.pages, FakePages)
    (text,) = enricher.pages.texts.values()
    assert len(text.encode()) <= 1024 * 1024


def test_a_page_that_is_no_article_ends_its_job_with_the_ground() -> None:
    answer = enrich_page(
        a_page_fetched(new_id()), an_enricher(b"<html><body></body></html>"), now=NOON
    )

    assert isinstance(answer, JobFinished)
    assert answer.reason is Reason.NOT_AN_ARTICLE
    assert answer.detail


def with_head(element: str) -> bytes:
    """An article page that says something in its head."""
    return PAGE.replace(b"<head>", b"<head>" + element.encode(), 1)


@pytest.mark.parametrize(
    "element",
    [
        "<meta name=robots content=noindex>",
        "<META NAME='Robots' CONTENT='nofollow, NONE'>",
        "<meta name=newsmill content=noindex>",
        "<meta http-equiv=X-Robots-Tag content='newsmill: noindex'>",
        "<meta name=robots content='unavailable_after: 1 Jan 2020 10:00 GMT'>",
    ],
)
def test_a_page_that_asks_not_to_be_kept_is_neither_recorded_nor_kept(element: str) -> None:
    enricher = an_enricher(with_head(element))
    message = a_page_fetched(new_id())

    answer = enrich_page(message, enricher, now=NOON)

    assert isinstance(answer, JobFinished)
    drop_page(answer, enricher.pages)
    assert answer.reason is Reason.NOINDEX
    assert isinstance(enricher.pages, FakePages)
    assert enricher.pages.deleted == [message.page.object]


@pytest.mark.parametrize("in_header", [True, False])
def test_of_a_page_that_asks_for_no_copy_only_the_article_stays(in_header: bool) -> None:
    element = "" if in_header else "<meta name=robots content=noarchive>"
    enricher = an_enricher(with_head(element))
    message = a_page_fetched(new_id(), page=a_page(noarchive=in_header))

    answer = enrich_page(message, enricher, now=NOON)

    assert isinstance(answer, ArticleEnriched)
    drop_page(answer, enricher.pages)
    assert answer.article.noarchive
    assert isinstance(enricher.pages, FakePages)
    assert enricher.pages.deleted == [message.page.object]


def test_no_copy_stays_of_a_page_that_asks_so_and_is_no_article() -> None:
    enricher = an_enricher(b"<head><meta name=robots content=noarchive></head><p>Nothing</p>")
    message = a_page_fetched(new_id())

    answer = enrich_page(message, enricher, now=NOON)

    assert isinstance(answer, JobFinished)
    drop_page(answer, enricher.pages)
    assert answer.reason is Reason.NOT_AN_ARTICLE
    assert isinstance(enricher.pages, FakePages)
    assert enricher.pages.deleted == [message.page.object]


def test_what_a_page_asks_of_crawlers_does_not_bind_who_hands_it_in() -> None:
    enricher = an_enricher(with_head("<meta name=robots content='noindex, noarchive'>"))

    answer = enrich_page(a_page_fetched(new_id(), page=a_page(supplied=True)), enricher, now=NOON)

    assert isinstance(answer, ArticleEnriched)
    drop_page(answer, enricher.pages)
    assert answer.article.noarchive
    assert isinstance(enricher.pages, FakePages)
    assert enricher.pages.deleted == []


def test_a_page_without_such_wishes_is_kept() -> None:
    enricher = an_enricher(with_head("<meta name=googlebot content='noindex, noarchive'>"))

    answer = enrich_page(a_page_fetched(new_id()), enricher, now=NOON)

    assert isinstance(answer, ArticleEnriched)
    drop_page(answer, enricher.pages)
    assert isinstance(enricher.pages, FakePages)
    assert enricher.pages.deleted == []


def test_a_variant_is_registered_as_its_home() -> None:
    home = "https://www.paper.example/story"
    index = FakeIndex()
    enricher = an_enricher(with_head(f"<link rel=canonical href='{home}'>"), index=index)

    answer = enrich_page(
        a_page_fetched(new_id(), page=a_page("https://m.paper.example/story")), enricher, now=NOON
    )

    assert isinstance(answer, ArticleEnriched)
    assert answer.article.home is not None
    assert (answer.article.home.url, answer.article.home.kind) == (home, "mobile")
    assert index.registered[0].page_key == canonicalize(home).key


def test_a_body_that_is_gone_is_reported_as_missing() -> None:
    message = a_page_fetched(new_id())

    answer = enrich_page(message, an_enricher(PageMissingError("gone")), now=NOON)

    assert answer == MissingNote(job_id=message.job_id, attempt=message.attempt)


def test_a_defect_of_ours_ends_this_job_as_dead_and_leaves_nothing_in_the_index() -> None:
    index = FakeIndex()
    enricher = an_enricher(index=index, tagger=FakeTagger(ZeroDivisionError("a defect")))

    answer = enrich_page(a_page_fetched(new_id()), enricher, now=NOON)

    assert isinstance(answer, JobFinished)
    assert answer.reason is Reason.ENRICH_ERROR
    assert answer.detail == "ZeroDivisionError: a defect"
    assert index.registered == []


@pytest.mark.parametrize("failure", [TransientError("away"), MemoryError()])
def test_what_says_nothing_about_the_page_decides_nothing(failure: Exception) -> None:
    enricher = an_enricher(index=FakeIndex(failure))

    with pytest.raises(type(failure)):
        enrich_page(a_page_fetched(new_id()), enricher, now=NOON)


def test_a_page_that_is_enriched_again_is_read_as_of_its_fetch_and_keeps_its_mark() -> None:
    index = FakeIndex()
    message = a_page_fetched(new_id()).model_copy(update={"rework": "write"})

    answer = enrich_page(message, an_enricher(index=index), now=NOON + timedelta(days=6))

    assert isinstance(answer, ArticleEnriched)
    assert answer.rework == "write"
    assert answer.article.duplicates.registered_at == NOON
    assert len(index.registered) == 1


def test_a_page_that_the_index_has_forgotten_is_not_put_in_again() -> None:
    index = FakeIndex()
    message = a_page_fetched(new_id()).model_copy(update={"rework": "write"})

    answer = enrich_page(message, an_enricher(index=index), now=NOON + timedelta(days=8))

    assert isinstance(answer, ArticleEnriched)
    assert answer.article.duplicates.sketch
    assert index.registered == []


def test_a_preview_writes_nothing_anywhere() -> None:
    index = FakeIndex()
    paragraphs = (f"<p>{'A long report goes on and on. ' * 400}{n}.</p>" for n in range(4))
    body = f"<article><h1>A long report</h1>{''.join(paragraphs)}</article>".encode()
    enricher = an_enricher(body, index=index)
    message = a_page_fetched(new_id()).model_copy(update={"rework": "preview"})

    answer = enrich_page(message, enricher, now=NOON)

    assert isinstance(answer, ArticleEnriched)
    assert (answer.article.text, answer.article.text_object) == (None, None)
    drop_page(answer, enricher.pages)
    assert isinstance(enricher.pages, FakePages)
    assert (index.registered, enricher.pages.texts, enricher.pages.deleted) == ([], {}, [])


def test_a_page_that_would_be_no_article_any_more_keeps_its_mark() -> None:
    message = a_page_fetched(new_id()).model_copy(update={"rework": "write"})

    answer = enrich_page(message, an_enricher(b"<p>Too short.</p>"), now=NOON)

    assert isinstance(answer, JobFinished)
    assert answer.rework == "write"
