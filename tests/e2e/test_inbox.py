"""URLs left in Redis become articles, whatever becomes of the bridge."""

from celery import Celery
from redis import Redis

from newsmill_shared.queue.app import celery_url
from tests.e2e.conftest import running_system


def test_urls_from_every_door_in_redis_become_articles() -> None:
    with running_system(hosts=6) as system, Redis.from_url(system.mill.engines.redis_url) as redis:
        urls = system.press.urls(18, name="inbox")
        system.process("bridge").kill()
        redis.rpush("newsmill:inbox:list", *urls[:6])
        for url in urls[6:12]:
            redis.xadd("newsmill:inbox", {"url": url})
        with Celery(broker=celery_url(system.mill.engines.redis_url)) as client:
            for number, url in enumerate(urls[12:]):
                client.send_task("newsmill.url.submit", args=[url], queue="submit", priority=number)

        system.wait_for(
            lambda: system.sql("select count(*) from outcome") == [(len(urls),)],
            "every URL has an outcome",
        )

        assert system.sql("select outcome, count(distinct url) from outcome group by 1") == [
            ("stored", len(urls))
        ]
        assert redis.llen("newsmill:inbox:rejected") == 0
        system.assert_conserved()
