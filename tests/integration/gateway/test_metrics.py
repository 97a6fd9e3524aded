"""``/metrics`` says how the system is, also when a part of it is away."""

import json

from redis import Redis

from newsmill_gateway.adapters.redis_tally import RedisTally
from newsmill_gateway.bridge.keys import DOORS_KEY
from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.finish import Ending
from newsmill_shared.reasons import Reason
from tests.integration.gateway.test_outages import NOWHERE, changed
from tests.support.gateway import Mill, serving
from tests.unit.gateway.test_metrics import samples

DOCUMENT = {"url": "https://a.example/1", "content": "<p>x</p>", "media_type": "text/html"}


def test_it_shows_what_the_ledger_and_redis_hold(mill: Mill, redis_url: str) -> None:
    mill.store("https://paper.example/1")
    gone = mill.add("https://paper.example/2")
    mill.finish(Ending(job_id=gone, attempt=None, reason=Reason.MEMORY))
    mill.add("https://paper.example/3")
    mill.api.post("/v1/urls", json=["paper"])
    mill.api.post("/v1/documents", json=DOCUMENT)
    with Redis.from_url(redis_url) as redis:
        redis.rpush("enrich", "a", "b")
        redis.rpush("newsmill:inbox:list", "https://paper.example/4")
        redis.xadd("newsmill:inbox", {"url": "https://paper.example/5"})
        redis.rpush("submit", json.dumps({}))

    answer = mill.api.get("/metrics")

    shown = samples(answer.content)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert (
        shown.items()
        >= {
            "newsmill_up|database": 1,
            "newsmill_up|redis": 1,
            "newsmill_jobs_accepted_total": 4,
            "newsmill_jobs_finished_total|stored|new": 1,
            "newsmill_jobs_dead_total": 1,
            "newsmill_jobs_open|waiting": 2,
            "newsmill_stage_attempts_total|done||enrich": 1,
            "newsmill_job_seconds_count|stored": 1,
            "newsmill_jobs_unaccounted": 0,
            "newsmill_queue_messages|enrich": 2,
            "newsmill_queue_messages|inbox": 1,
            "newsmill_queue_messages|stream": 1,
            "newsmill_queue_messages|submit": 1,
            "newsmill_door_items_total|http|accepted": 3,
            "newsmill_door_items_total|http|rejected": 1,
            "newsmill_door_items_total|documents|accepted": 1,
            "newsmill_events_position": 2,
            "newsmill_events_unnumbered": 0,
        }.items()
    )
    assert shown["newsmill_oldest_age_seconds|waiting"] > 0


def test_what_is_away_is_said_and_the_rest_is_shown(settings: GatewaySettings) -> None:
    with serving(changed(settings, database_url=NOWHERE)) as api:
        without_database = samples(api.get("/metrics").content)
    with serving(changed(settings, redis_url="redis://127.0.0.1:1/0")) as api:
        without_redis = samples(api.get("/metrics").content)

    up = ("newsmill_up|database", "newsmill_up|redis")
    assert [without_database[part] for part in up] == [0, 1]
    assert [without_redis[part] for part in up] == [1, 0]
    assert "newsmill_queue_messages|store" in without_database
    assert without_redis["newsmill_jobs_unaccounted"] == 0


def test_who_has_no_key_sees_no_figures(settings: GatewaySettings) -> None:
    with serving(changed(settings, api_key="correct horse")) as api:
        without = api.get("/metrics")
        with_key = api.get("/metrics", headers={"Authorization": "Bearer correct horse"})

    assert (without.status_code, with_key.status_code) == (401, 200)


def test_what_redis_did_not_count_is_counted_later(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        tally = RedisTally(redis)
        redis.set(DOORS_KEY, "not a hash: an error")
        tally.count("http", accepted=2, rejected=1)
        redis.delete(DOORS_KEY)

        tally.count("http", accepted=3, rejected=0)

        assert redis.hgetall(DOORS_KEY) == {b"http accepted": b"5", b"http rejected": b"1"}
