"""The thread of the store worker keeps what enrich asks for, and says how it is."""

import time
from collections.abc import Iterator

import pytest
from redis import Redis

from newsmill_enrich.adapters.redis_index import RedisIndex
from newsmill_shared.database.engine import make_engine
from newsmill_shared.errors import TransientError
from newsmill_shared.index.status import STATUS_KEY, IndexStatus, read_status
from newsmill_shared.queue.broker import make_redis
from newsmill_store.adapters.index_thread import IndexThread


@pytest.fixture
def broker(redis_url: str) -> Iterator["Redis"]:
    with make_redis(redis_url) as client:
        yield client


@pytest.fixture
def thread(database_url: str, server: "Redis", broker: "Redis") -> Iterator[IndexThread]:
    engine = make_engine(database_url, name="test", pool_size=1)
    yield IndexThread(server, broker, engine, weeks=1, holder="a-store")
    engine.dispose()


def said(broker: "Redis") -> IndexStatus | None:
    value = broker.get(STATUS_KEY)
    assert value is None or isinstance(value, bytes)
    return read_status(value)


def test_nothing_is_kept_that_nobody_asked_for(
    thread: IndexThread, server: "Redis", broker: "Redis"
) -> None:
    thread.tick()

    assert server.dbsize() == 0
    assert said(broker) is None


def test_what_enrich_asks_for_is_made_ready_and_said(
    thread: IndexThread, guarded: RedisIndex, broker: "Redis"
) -> None:
    with pytest.raises(TransientError):
        guarded.wait_until_ready(0)

    thread.tick()

    guarded.wait_until_ready(0)
    status = said(broker)
    assert status is not None
    assert status.state == "ready"
    assert status.used_bytes > 0


def test_an_index_that_was_lost_is_made_again_without_being_asked_for(
    thread: IndexThread, guarded: RedisIndex, server: "Redis"
) -> None:
    with pytest.raises(TransientError):
        guarded.wait_until_ready(0)
    thread.tick()
    server.flushall()

    thread.tick()

    guarded.wait_until_ready(0)


def test_a_stopped_thread_lets_another_process_keep_the_index(
    thread: IndexThread, guarded: RedisIndex, server: "Redis"
) -> None:
    with pytest.raises(TransientError):
        guarded.wait_until_ready(0)
    thread.start()
    guarded.wait_until_ready(60)

    thread.stop()

    assert not server.exists("nd1:keeper")


def test_an_index_that_is_away_is_said_to_be(database_url: str, broker: "Redis") -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1/0")
    engine = make_engine(database_url, name="test", pool_size=1)
    thread = IndexThread(nowhere, broker, engine, weeks=1, holder="a-store")

    thread.start()
    while (status := said(broker)) is None:
        time.sleep(0.01)
    thread.stop()

    assert status.state == "away"
    assert "duplicate index" in status.detail
    engine.dispose()
