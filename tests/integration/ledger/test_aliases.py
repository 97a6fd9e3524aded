"""Pages that say that they are one share an article, whichever is handed in and in what order."""

from datetime import datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.finish import Finished, finish
from newsmill_shared.identity import article_id
from newsmill_shared.messages import Alias, AliasKind, Article, ArticleEnriched, Relation
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import (
    NOON,
    a_page,
    a_relation,
    a_submission,
    an_article,
    an_article_enriched,
)

HOME = "https://www.paper.example/2026/council-votes-on-bridge"
AMP = "https://amp.paper.example/2026/council-votes-on-bridge"
MOBILE = "https://m.paper.example/2026/council-votes-on-bridge"
STORY = "The council voted on Tuesday to close the old bridge for a year of repairs."
OTHER = "Two goals in the last minutes gave the home side an unexpected win on Sunday."


def an_alias(url: str, kind: AliasKind = "variant") -> Alias:
    """Another address of a page."""
    return Alias(url=url, key=canonicalize(url).key, kind=kind)


def article_at(url: str) -> UUID:
    """The id of the article that a page of its own would have."""
    return article_id(canonicalize(url).key)


def a_result(
    ledger: LedgerUnderTest,
    url: str,
    *,
    text: str = STORY,
    home: str | None = None,
    aliases: tuple[Alias, ...] = (),
    at: datetime = NOON,
    duplicate_of: Relation | None = None,
) -> ArticleEnriched:
    """A page that was handed in, fetched and read."""
    (job,) = ledger.running(a_submission(url))
    article: Article = an_article(
        text=text,
        home=an_alias(home, "amp") if home else None,
        aliases=aliases,
        duplicate_of=duplicate_of,
    )
    return an_article_enriched(job, page=a_page(url, fetched_at=at), article=article)


def aliases(ledger: LedgerUnderTest) -> dict[str, UUID]:
    """Every alias and where it leads."""
    return {str(url): UUID(str(at)) for url, at in ledger.sql("select url, article_id from alias")}


def test_a_variant_and_its_home_are_one_article_in_either_order(ledger: LedgerUnderTest) -> None:
    (first,) = ledger.finish(a_result(ledger, AMP, home=HOME))
    (second,) = ledger.finish(a_result(ledger, HOME))
    (third,) = ledger.finish(a_result(ledger, MOBILE, home=HOME))

    assert [first.reason, second.reason, third.reason] == [
        Reason.NEW,
        Reason.SAME_CONTENT,
        Reason.SAME_CONTENT,
    ]
    assert {first.article_id, second.article_id, third.article_id} == {article_at(HOME)}
    assert ledger.sql("select url from article") == [(HOME,)]
    assert aliases(ledger) == {AMP: article_at(HOME), MOBILE: article_at(HOME)}


def test_a_variant_that_only_its_home_names_belongs_to_it(ledger: LedgerUnderTest) -> None:
    ledger.finish(a_result(ledger, HOME, aliases=(an_alias(AMP, "amp"),)))

    (done,) = ledger.finish(a_result(ledger, AMP))

    assert done.article_id == article_at(HOME)
    assert ledger.sql("select url, kind from alias") == [(AMP, "amp")]


def test_a_variant_does_not_revise_what_the_page_itself_says(ledger: LedgerUnderTest) -> None:
    ledger.finish(a_result(ledger, HOME, text=f"{STORY}\nIt was built in 1931."))
    shorter = a_result(ledger, AMP, home=HOME, text=STORY, at=NOON + timedelta(hours=1))
    newer = a_result(
        ledger,
        MOBILE,
        home=HOME,
        text=f"{STORY}\nThe mayor has resigned over it since.",
        at=NOON + timedelta(hours=2),
    )

    done = ledger.finish(shorter, newer)

    assert [one.reason for one in done] == [Reason.SAME_CONTENT, Reason.REVISION]


def test_a_variant_that_says_something_else_is_an_article_of_its_own(
    ledger: LedgerUnderTest,
) -> None:
    ledger.finish(a_result(ledger, HOME, aliases=(an_alias(MOBILE),)))

    done = ledger.finish(
        a_result(ledger, AMP, home=HOME, text=OTHER), a_result(ledger, MOBILE, text=OTHER)
    )

    assert [one.article_id for one in done] == [article_at(AMP), article_at(MOBILE)]
    assert aliases(ledger) == {}
    assert ledger.sql("select version from article where id = :id", id=article_at(HOME)) == [(1,)]


def test_the_page_itself_drops_a_variant_that_was_none(ledger: LedgerUnderTest) -> None:
    ledger.finish(a_result(ledger, AMP, home=HOME, text=OTHER))

    (done,) = ledger.finish(a_result(ledger, HOME, at=NOON + timedelta(hours=1)))

    assert (done.article_id, done.reason) == (article_at(HOME), Reason.REVISION)
    assert aliases(ledger) == {}


def test_chains_of_homes_end_at_the_last(ledger: LedgerUnderTest) -> None:
    ledger.finish(a_result(ledger, AMP, home=MOBILE))
    ledger.finish(a_result(ledger, MOBILE, home=HOME))

    (done,) = ledger.finish(a_result(ledger, AMP, home=MOBILE))

    assert done.article_id == article_at(HOME)
    assert aliases(ledger) == {AMP: article_at(HOME), MOBILE: article_at(HOME)}


def test_pages_that_name_each_other_have_one_home(ledger: LedgerUnderTest) -> None:
    together = ledger.finish(a_result(ledger, AMP, home=HOME), a_result(ledger, HOME, home=AMP))
    (later,) = ledger.finish(a_result(ledger, HOME, home=AMP))

    assert {done.article_id for done in (*together, later)} == {article_at(HOME)}
    assert aliases(ledger) == {AMP: article_at(HOME)}


def test_an_address_with_an_article_of_its_own_is_not_taken_from_it(
    ledger: LedgerUnderTest,
) -> None:
    ledger.finish(a_result(ledger, AMP, text=OTHER))

    ledger.finish(a_result(ledger, HOME, aliases=(an_alias(AMP, "amp"),)))

    assert aliases(ledger) == {}


def test_a_copy_of_a_variant_is_a_copy_of_the_article(ledger: LedgerUnderTest) -> None:
    ledger.finish(a_result(ledger, HOME, aliases=(an_alias(AMP, "amp"),)))
    copy = a_result(ledger, "https://agency.example/1", text=OTHER, duplicate_of=a_relation(AMP))

    (done,) = ledger.finish(copy)

    assert done.reason is Reason.NEAR_DUPLICATE
    assert ledger.sql(
        "select duplicate_of, cluster_id from article where id = :id", id=done.article_id
    ) == [(article_at(HOME), article_at(HOME))]


def test_a_variant_is_no_copy_of_its_own_home(ledger: LedgerUnderTest) -> None:
    ledger.finish(a_result(ledger, HOME, aliases=(an_alias(AMP, "amp"),)))

    (done,) = ledger.finish(
        a_result(ledger, AMP, duplicate_of=a_relation(HOME), text=f"{STORY} More follows soon.")
    )

    assert (done.article_id, done.reason) == (article_at(HOME), Reason.REVISION)
    assert ledger.sql("select duplicate_of from article") == [(None,)]


def test_pages_that_name_each_other_at_the_same_moment_have_one_home(
    ledger: LedgerUnderTest,
) -> None:
    results = [a_result(ledger, AMP, home=HOME), a_result(ledger, HOME, home=AMP)]
    barrier = Barrier(2)
    done: list[Finished] = []

    def run(result: ArticleEnriched) -> None:
        with transaction(ledger.engine) as connection:
            barrier.wait()
            done.extend(finish(connection, [result]))

    threads = [Thread(target=run, args=(result,)) for result in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one.article_id for one in done}) == 1
    assert len(aliases(ledger)) == 1
