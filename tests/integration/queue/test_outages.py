"""What workers tell Redis arrives when Redis is away for a while, or its answer is lost."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from newsmill_shared.identity import new_id
from newsmill_shared.messages import PageFetched
from newsmill_shared.queue.app import Publisher, make_app
from newsmill_shared.queue.broker import BrokerAwayError, make_redis
from newsmill_shared.queue.claims import EPOCH_KEY, Claim, Claims, Verdict
from newsmill_shared.queue.consumer import SteadyConsumer
from newsmill_shared.queue.stage import Stage
from newsmill_shared.queue.window import read_queued
from tests.support.builders import EPOCH, a_page_fetched


@pytest.fixture
def redis(redis_url: str) -> Iterator["Redis"]:
    """A client of a broker that belongs to the builders' ledger."""
    with make_redis(redis_url) as client:
        client.set(EPOCH_KEY, EPOCH)
        yield client


@pytest.fixture
def work() -> PageFetched:
    """An attempt that enrich may claim."""
    return a_page_fetched(new_id())


def a_stage(redis: "Redis", url: str) -> Stage:
    publisher = Publisher(make_app("test", url), patience_seconds=0.2)
    return Stage("enrich", redis, publisher, incarnation="worker")


def holder(redis: "Redis", work: PageFetched) -> list[str]:
    """Return who is said to hold the attempt."""
    held = Claims(redis).holders([("enrich", work.job_id, work.attempt)])
    return [one.incarnation for one in held.values()]


def soon(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_whoever_asks_again_because_the_answer_was_lost_has_the_claim(
    redis: "Redis", work: PageFetched
) -> None:
    claims = Claims(redis, incarnation="worker")
    first = claims.claim("enrich", work, token="one")

    again = claims.claim("enrich", work, token="one")
    copy = claims.claim("enrich", work, token="two")

    assert [claim.verdict for claim in (first, again, copy)] == [
        Verdict.CLAIMED,
        Verdict.CLAIMED,
        Verdict.TAKEN,
    ]
    assert holder(redis, work) == ["worker"]


def test_a_stage_whose_claim_was_answered_into_a_broken_line_works_on_it(
    redis: "Redis", redis_url: str, work: PageFetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Claims.claim
    broken = [True]

    def claim_and_break(*arguments: object, **options: object) -> Claim:
        claim = whole(*arguments, **options)  # type: ignore[arg-type]
        if broken:
            broken.clear()
            raise RedisConnectionError("the answer is lost")
        return claim

    monkeypatch.setattr(Claims, "claim", claim_and_break)

    assert a_stage(redis, redis_url).claim(work) is not None


def test_an_attempt_is_let_go_when_redis_is_back(
    redis: "Redis", redis_url: str, work: PageFetched, tmp_path: Path
) -> None:
    socket = Path(str(redis.connection_pool.connection_kwargs["path"]))
    password = str(redis.connection_pool.connection_kwargs["password"])
    door = tmp_path / "door"
    elsewhere = make_redis(f"unix://:{quote(password, safe='')}@{door}?db=0")
    Claims(redis, incarnation="worker").claim("enrich", work)

    a_stage(elsewhere, redis_url).done(work)
    away = holder(redis, work)
    door.symlink_to(socket)

    assert away == ["worker"]
    assert soon(lambda: holder(redis, work) == [])
    elsewhere.close()


def test_a_broker_that_refuses_is_away(redis: "Redis", redis_url: str, work: PageFetched) -> None:
    publisher = Publisher(make_app("test", redis_url), patience_seconds=0.2)
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(BrokerAwayError):
            publisher.publish([work])
    finally:
        redis.config_set("maxmemory", 0)

    publisher.publish([work])

    assert redis.llen(work.QUEUE) == 1


def test_a_worker_that_waits_for_the_broker_says_so_and_goes_on_when_it_is_back(
    redis: "Redis", tmp_path: Path
) -> None:
    socket = Path(str(redis.connection_pool.connection_kwargs["path"]))
    password = str(redis.connection_pool.connection_kwargs["password"])
    door = tmp_path / "door"
    app = make_app("test", f"unix://:{quote(password, safe='')}@{door}?db=0")
    consumer = SteadyConsumer.__new__(SteadyConsumer)
    consumer._waiting = lambda: None if door.exists() else door.symlink_to(socket)

    connection = consumer.ensure_connected(app.connection_for_read())

    assert door.exists()
    assert connection.connected
    connection.close()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_worker_survives_a_connection_that_broke_with_messages_in_hand(
    redis: "Redis", redis_url: str, work: PageFetched
) -> None:
    app = make_app("test", redis_url)
    app.conf.worker_enable_prefetch_count_reduction = False
    Publisher(app).publish([work, work])
    consumer = SteadyConsumer.__new__(SteadyConsumer)
    consumer.app = app
    consumer.connection = connection = app.connection_for_read()
    queue = connection.SimpleQueue(work.QUEUE, channel=connection.default_channel)
    begun, waiting = queue.get(timeout=5), queue.get(timeout=5)

    consumer.on_connection_error_after_connected(RedisConnectionError("closed by server"))
    begun.ack()

    assert consumer.connection is None
    assert not waiting.acknowledged
    assert redis.keys("unacked*") == []


def test_messages_that_were_not_begun_go_back_when_a_worker_is_asked_to_end(
    redis: "Redis", redis_url: str, work: PageFetched
) -> None:
    app = make_app("test", redis_url)
    Publisher(app).publish([work])
    connection = app.connection_for_read()
    connection.SimpleQueue(work.QUEUE, channel=connection.default_channel).get(timeout=5)

    connection.close()

    assert read_queued(redis) == {(work.job_id, work.attempt)}
