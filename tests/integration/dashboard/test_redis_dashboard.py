"""What the dashboard reads of Redis."""

from collections.abc import Iterator

import pytest
from redis import Redis

from newsmill_gateway.adapters.redis_dashboard import RedisDashboard
from newsmill_shared.errors import TransientError
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of the emptied broker."""
    with make_redis(redis_url) as client:
        yield client


def services(dashboard: RedisDashboard) -> list[str]:
    return sorted(beat.service for beat in dashboard.queues().beats)


def test_lengths_and_memory_are_told(redis: Redis) -> None:
    redis.rpush("enrich", "a", "b")

    queues = RedisDashboard(redis).queues()

    assert queues.depths == {"ingest": 0, "enrich": 2, "store": 0}
    assert queues.used_bytes > 0


def test_processes_that_live_are_told(redis: Redis) -> None:
    Heartbeat(redis, "ingest:here:1:00").beat()
    Heartbeat(redis, "store:here:2:00").beat()

    assert services(RedisDashboard(redis)) == ["ingest", "store"]


def test_a_process_that_went_is_not_told_any_more(redis: Redis) -> None:
    for name in ("ingest:here:1:00", "store:here:2:00"):
        Heartbeat(redis, name).beat()
    dashboard = RedisDashboard(redis)
    dashboard.queues()

    redis.delete("newsmill:worker:ingest:here:1:00")

    assert services(dashboard) == ["store"]


def test_a_process_that_comes_is_told_at_once(redis: Redis) -> None:
    dashboard = RedisDashboard(redis)
    Heartbeat(redis, "ingest:here:1:00").beat()
    dashboard.queues()

    Heartbeat(redis, "store:here:2:00").beat()

    assert services(dashboard) == ["ingest", "store"]


def test_nothing_walks_over_the_keys_of_redis(redis: Redis) -> None:
    Heartbeat(redis, "store:here:2:00").beat()
    redis.config_resetstat()

    RedisDashboard(redis).queues()

    assert "cmdstat_scan" not in redis.info("commandstats")
    assert "cmdstat_keys" not in redis.info("commandstats")


def test_an_unreachable_redis_is_an_outage_not_a_defect() -> None:
    with make_redis("redis://127.0.0.1:1/0") as nobody, pytest.raises(TransientError):
        RedisDashboard(nobody).queues()
