"""PostgreSQL or Redis goes away and comes back: what was handed in is accepted, once."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from newsmill_cli.engines import Engines
from newsmill_gateway.bridge.keys import TAKEN_KEY
from newsmill_shared.database.engine import make_engine, transaction
from tests.integration.bridge.conftest import Inbox, open_inbox, running_bridge, wait_for
from tests.support.engines import fresh_database, running_engines

STORY = "https://paper.example/story"


@pytest.fixture(scope="module")
def own_engines() -> Iterator[Engines]:
    """Engines that the tests of this module stop and start."""
    with running_engines() as running:
        yield running


@pytest.fixture
def fragile(own_engines: Engines) -> Iterator[Inbox]:
    """An inbox whose engines may be stopped."""
    with (
        fresh_database(own_engines) as database_url,
        open_inbox(database_url, own_engines.redis_url) as opened,
    ):
        opened.redis.flushall()
        yield opened


def test_without_a_database_what_was_taken_is_kept(fragile: Inbox, own_engines: Engines) -> None:
    assert own_engines.postgres is not None
    with running_bridge(fragile.settings()):
        fragile.push(f"{STORY}/1")
        fragile.add(url=f"{STORY}/2")
        wait_for(fragile.is_settled, "the bridge works")

        own_engines.postgres.stop()
        fragile.push(*(f"{STORY}/list/{number}" for number in range(1500)), "junk")
        fragile.add(url=f"{STORY}/3")
        wait_for(lambda: fragile.redis.hlen(TAKEN_KEY) == 1, "a batch was taken")
        meanwhile = fragile.left()
        own_engines.postgres.start()
        wait_for(fragile.is_settled, "all is settled")

    assert meanwhile > 1
    assert len(fragile.urls()) == 1503
    assert len(set(fragile.urls())) == 1503
    assert [entry["item"] for entry in fragile.rejected()] == ["junk"]
    fragile.assert_conserved()


def test_a_restart_of_redis_loses_nothing(fragile: Inbox, own_engines: Engines) -> None:
    assert own_engines.broker is not None
    with running_bridge(fragile.settings()):
        fragile.push(f"{STORY}/1")
        wait_for(fragile.is_settled, "the bridge works")

        own_engines.broker.kill()
        own_engines.broker.start()
        fragile.push(f"{STORY}/2", "junk")
        fragile.add(url=f"{STORY}/3")
        wait_for(fragile.is_settled, "all is settled")

    assert fragile.urls() == [f"{STORY}/1", f"{STORY}/2", f"{STORY}/3"]
    assert len(fragile.rejected()) == 1


def test_a_wiped_redis_is_an_empty_inbox(inbox: Inbox) -> None:
    with running_bridge(inbox.settings()):
        inbox.add(url=f"{STORY}/1")
        wait_for(lambda: inbox.urls() == [f"{STORY}/1"], "the bridge works")

        inbox.redis.flushall()
        inbox.add(url=f"{STORY}/2")
        inbox.push(f"{STORY}/3")
        wait_for(inbox.is_settled, "all is settled")

    assert inbox.urls() == [f"{STORY}/{number}" for number in (1, 2, 3)]


def test_a_schema_that_is_not_there_yet_is_waited_for(inbox: Inbox) -> None:
    engine = make_engine(inbox.database_url, name="test", pool_size=0)
    with transaction(engine) as connection:
        connection.execute(text("alter table receipt rename to receipt_to_come"))
    inbox.push(STORY, "junk")

    with running_bridge(inbox.settings()):
        wait_for(lambda: inbox.redis.hlen(TAKEN_KEY) == 1, "it was taken")
        before = inbox.rejected()
        with transaction(engine) as connection:
            connection.execute(text("alter table receipt_to_come rename to receipt"))
        wait_for(inbox.is_settled, "all is settled")

    assert before == []
    assert inbox.urls() == [STORY]
    assert len(inbox.rejected()) == 1
