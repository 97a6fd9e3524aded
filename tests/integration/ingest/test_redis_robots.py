"""robots.txt copies in a real Redis."""

from datetime import UTC, datetime

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from newsmill_ingest.adapters.redis_robots import RedisRobotsCache
from newsmill_ingest.robots_gate import RobotsCopy
from newsmill_shared.errors import TransientError

ORIGIN = "https://news.example"


def test_a_copy_comes_back_as_it_was_put(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        cache = RedisRobotsCache(redis)
        copy = RobotsCopy(
            b"User-agent: *\nDisallow: /\x00\xff" * 1000, datetime(2026, 3, 4, tzinfo=UTC)
        )

        cache.put(ORIGIN, copy)

        assert cache.get(ORIGIN) == copy
        assert cache.get("https://other.example") is None
        assert 0 < redis.ttl(f"newsmill:robots:{ORIGIN}") <= 30 * 24 * 3600


def test_a_redis_that_is_away_is_a_passing_trouble() -> None:
    with Redis(port=1, retry=Retry(NoBackoff(), 0)) as redis:
        cache = RedisRobotsCache(redis)

        with pytest.raises(TransientError):
            cache.get(ORIGIN)
        with pytest.raises(TransientError):
            cache.put(ORIGIN, RobotsCopy(b"", datetime(2026, 3, 4, tzinfo=UTC)))
