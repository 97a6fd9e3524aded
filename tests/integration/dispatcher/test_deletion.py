"""Deleted pages and the dispatcher: none is asked for, and none comes back by a fetch under way."""

from uuid import UUID

from newsmill_shared.database.deletion import delete_page
from newsmill_shared.database.engine import transaction
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_page, a_submission, an_article_enriched

URL = "https://paper.example/story"
SHORT = "https://short.example/1"


def stored(mill: Mill) -> UUID:
    (job,) = mill.ledger.running(a_submission(URL))
    (done,) = mill.ledger.finish(an_article_enriched(job, page=a_page(URL)))
    assert done.article_id is not None
    return done.article_id


def delete(mill: Mill, article: UUID) -> None:
    with transaction(mill.ledger.engine) as connection:
        delete_page(connection, article)


def test_a_deleted_page_is_not_asked_for(mill: Mill) -> None:
    delete(mill, stored(mill))
    (job,) = mill.ledger.accept(a_submission(URL))

    mill.tick(2)

    assert mill.fetches() == []
    assert mill.ledger.sql("select outcome, reason from outcome where job_id = :id", id=job) == [
        ("skipped", "deleted")
    ]
    assert mill.hosts_agree()


def test_a_deleted_page_is_asked_for_when_somebody_forces_it(mill: Mill) -> None:
    delete(mill, stored(mill))
    (job,) = mill.ledger.accept(a_submission(URL, force=True))

    mill.tick(2)

    assert [fetch.job_id for fetch in mill.fetches()] == [job]


def test_a_fetch_that_was_under_way_leaves_nothing_of_the_page(mill: Mill) -> None:
    article = stored(mill)
    mill.ledger.accept(a_submission(URL, force=True))
    mill.tick(2)
    (fetch,) = mill.fetches()
    delete(mill, article)

    message = mill.fetched(fetch)
    mill.tick()

    assert mill.ledger.sql("select count(*) from page_fetch") == [(0,)]
    assert (message.page.object,) in mill.ledger.sql("select object from doomed_object")
    assert mill.ledger.sql("select count(*) from job") == [(0,)]
    assert mill.hosts_agree()
    assert mill.ledger.conservation().unaccounted == 0


def test_a_chain_that_was_led_to_a_deleted_page_ends_there(mill: Mill) -> None:
    delete(mill, stored(mill))
    (job,) = mill.ledger.accept(a_submission(SHORT))
    mill.tick(2)
    (fetch,) = mill.fetches()

    mill.fetched(fetch, page=a_page(SHORT, final_url=URL))
    mill.tick()

    assert mill.ledger.sql("select outcome, reason from outcome where job_id = :id", id=job) == [
        ("skipped", "deleted")
    ]
    assert mill.ledger.sql("select count(*) from page_fetch") == [(0,)]
