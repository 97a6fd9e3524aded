"""Deletion: what is stored of a page goes, and stays away; what it came by is still counted."""

import base64
import hashlib
from threading import Barrier, Thread
from uuid import UUID

from newsmill_shared.database.deletion import Deleted, delete_page, what_is_held
from newsmill_shared.database.engine import transaction
from newsmill_shared.database.events import number_events, read_events
from newsmill_shared.messages import Alias, Article, DuplicateVerdict
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_page, a_relation, a_submission, an_article, an_article_enriched

URL = "https://paper.example/story"
PRINTED = "https://paper.example/print/story"


def fingerprinted(text: str = "What happened.", *, aliases: tuple[Alias, ...] = ()) -> Article:
    digest = hashlib.sha256(text.encode()).hexdigest()
    said = DuplicateVerdict(
        document=digest[:16],
        sequence=1,
        sketch=base64.b64encode(b"\x01sketch").decode(),
        keys=base64.b64encode(b"keys").decode(),
    )
    return an_article(text=text, aliases=aliases).model_copy(update={"duplicates": said})


def stored(
    ledger: LedgerUnderTest,
    url: str = URL,
    article: Article | None = None,
    *,
    final_url: str | None = None,
) -> UUID:
    """Store a page and return its article."""
    (job,) = ledger.running(a_submission(url))
    (done,) = ledger.finish(
        an_article_enriched(job, page=a_page(url, final_url=final_url), article=article)
    )
    assert done.article_id is not None
    return done.article_id


def delete(ledger: LedgerUnderTest, article: UUID) -> Deleted | None:
    with transaction(ledger.engine) as connection:
        return delete_page(connection, article)


def number(ledger: LedgerUnderTest) -> None:
    with transaction(ledger.engine) as connection:
        number_events(connection)


def left(ledger: LedgerUnderTest) -> dict[str, int]:
    """Count the rows that could hold something of a page."""
    tables = ("article", "version", "page_fetch", "fingerprint", "alias", "cluster_link", "listing")
    return {
        table: int(str(ledger.sql(f"select count(*) from {table}")[0][0]))  # noqa: S608 - named above
        for table in tables
    }


def test_nothing_is_left_of_a_deleted_page_but_its_outcomes(ledger: LedgerUnderTest) -> None:
    alias = Alias(kind="print", key=canonicalize(PRINTED).key, url=PRINTED)
    article = stored(ledger, article=fingerprinted(aliases=(alias,)))
    (again,) = ledger.running(a_submission(URL))
    ledger.finish(
        an_article_enriched(again, page=a_page(URL), article=fingerprinted("And what since."))
    )
    number(ledger)

    deleted = delete(ledger, article)
    number(ledger)

    assert deleted is not None
    assert (deleted.held.versions, deleted.held.raw_pages, deleted.held.aliases) == (2, 2, 1)
    assert not any(left(ledger).values())
    assert ledger.sql("select count(*) from outcome") == [(2,)]
    assert ledger.sql("select count(*) from doomed_object") == [(1,)]
    assert ledger.sql("select count(*) from doomed_document") == [(2,)]
    assert ledger.conservation().unaccounted == 0


def test_readers_of_changes_are_told_and_no_outcome_is_counted_for_it(
    ledger: LedgerUnderTest,
) -> None:
    article = stored(ledger)
    number(ledger)
    before = ledger.conservation()

    delete(ledger, article)
    unnumbered = ledger.conservation()
    number(ledger)

    with transaction(ledger.engine) as connection:
        told = read_events(connection, after=1, limit=10)
    assert [(event.kind, event.article_id, event.job_id) for event in told] == [
        ("deleted", article, None)
    ]
    assert ledger.conservation() == unnumbered == before


def test_what_waits_for_the_page_or_another_form_of_it_ends_with_it(
    ledger: LedgerUnderTest,
) -> None:
    alias = Alias(kind="print", key=canonicalize(PRINTED).key, url=PRINTED)
    article = stored(ledger, article=fingerprinted(aliases=(alias,)))
    ledger.accept(a_submission(URL), a_submission(PRINTED), a_submission(URL + "/2"))

    deleted = delete(ledger, article)

    assert deleted is not None
    assert deleted.held.open_jobs == 2
    assert ledger.sql("select url from job") == [(URL + "/2",)]
    assert ledger.sql("select count(*) from outcome where reason = 'deleted'") == [(2,)]
    assert ledger.conservation().unaccounted == 0


def test_a_result_of_an_attempt_that_began_before_brings_nothing_back(
    ledger: LedgerUnderTest,
) -> None:
    article = stored(ledger)
    (led_here,) = ledger.running(a_submission("https://short.example/1", force=True))
    delete(ledger, article)

    (done,) = ledger.finish(
        an_article_enriched(
            led_here,
            page=a_page("https://short.example/1", final_url=URL),
            article=an_article(text="Elsewhere", text_object="text/2026/11/25/long"),
        )
    )

    assert done.reason is Reason.DELETED
    assert not any(left(ledger).values())
    assert ("text/2026/11/25/long",) in ledger.sql("select object from doomed_object")


def test_the_late_result_of_a_job_that_the_deletion_ended_leaves_no_text(
    ledger: LedgerUnderTest,
) -> None:
    article = stored(ledger)
    (running,) = ledger.running(a_submission(URL, force=True))
    delete(ledger, article)

    late = ledger.finish(
        an_article_enriched(
            running, page=a_page(URL), article=an_article(text="New", text_object="text/1")
        )
    )

    assert late == []
    assert not any(left(ledger).values())
    assert ("text/1",) in ledger.sql("select object from doomed_object")


def test_force_after_the_deletion_brings_the_page_back(ledger: LedgerUnderTest) -> None:
    article = stored(ledger)
    delete(ledger, article)
    without, forced = ledger.running(a_submission(URL), a_submission(URL + "?a=1", force=True))

    (refused,) = ledger.finish(an_article_enriched(without, page=a_page(URL)))
    (taken,) = ledger.finish(an_article_enriched(forced, page=a_page(final_url=URL)))
    (later,) = ledger.running(a_submission(URL))
    (after,) = ledger.finish(an_article_enriched(later))

    assert refused.reason is Reason.DELETED
    assert (taken.reason, taken.article_id) == (Reason.NEW, article)
    assert after.reason is Reason.SAME_CONTENT


def test_the_other_tellers_of_a_story_keep_their_cluster(ledger: LedgerUnderTest) -> None:
    original = stored(ledger)
    copy = stored(
        ledger, "https://other.example/copy", an_article("Copy", duplicate_of=a_relation(URL))
    )

    deleted = delete(ledger, original)

    assert deleted is not None
    assert deleted.held.copies == 1
    assert ledger.sql("select id, cluster_id from article") == [(copy, original)]


def test_a_page_is_deleted_once(ledger: LedgerUnderTest) -> None:
    article = stored(ledger)
    delete(ledger, article)

    assert delete(ledger, article) is None
    assert ledger.sql("select count(*) from event where kind = 'deleted'") == [(1,)]


def test_what_would_go_is_said_without_doing_it(ledger: LedgerUnderTest) -> None:
    article = stored(ledger)

    with transaction(ledger.engine) as connection:
        held = what_is_held(connection, article)

    assert held is not None
    assert (held.url, held.versions, held.raw_pages, held.open_jobs) == (URL, 1, 1, 0)
    assert left(ledger)["article"] == 1


def test_a_long_text_that_another_page_has_too_is_kept_apart(ledger: LedgerUnderTest) -> None:
    text = an_article(text="Long").model_copy(update={"text": None, "text_object": "text/both"})
    first = stored(ledger, article=text)
    stored(ledger, "https://other.example/same", text)

    delete(ledger, first)

    assert ledger.sql("select text_object from version") == [("text/both",)]


def test_pages_that_are_stored_while_they_are_deleted_are_gone_or_whole(
    ledger: LedgerUnderTest,
) -> None:
    articles = [stored(ledger, f"{URL}/{number}") for number in range(12)]
    jobs = ledger.running(*(a_submission(f"https://s.example/{n}") for n in range(12)))
    results = [
        an_article_enriched(
            job,
            page=a_page(f"https://s.example/{n}", final_url=f"{URL}/{n}"),
            article=an_article(text=f"News {n}"),
        )
        for n, job in enumerate(jobs)
    ]
    start = Barrier(2)

    def storing() -> None:
        start.wait()
        for result in results:
            ledger.finish(result)

    thread = Thread(target=storing)
    thread.start()
    start.wait()
    for article in reversed(articles):
        delete(ledger, article)
    thread.join()

    assert not any(left(ledger).values())
    assert ledger.sql("select count(*) from job") == [(0,)]
    assert ledger.conservation().unaccounted == 0
