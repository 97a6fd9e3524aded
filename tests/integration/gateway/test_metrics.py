"""``/metrics`` says how the system is, also when a part of it is away."""

import json

from redis import Redis

from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.finish import Ending
from newsmill_shared.reasons import Reason
from tests.integration.gateway.conftest import Mill, serving
from tests.integration.gateway.test_outages import NOWHERE, changed
from tests.unit.gateway.test_metrics import samples


def test_it_shows_what_the_ledger_and_redis_hold(mill: Mill, redis_url: str) -> None:
    mill.store("https://paper.example/1")
    gone = mill.add("https://paper.example/2")
    mill.finish(Ending(job_id=gone, attempt=None, reason=Reason.MEMORY))
    mill.add("https://paper.example/3")
    with Redis.from_url(redis_url) as redis:
        redis.rpush("enrich", "a", "b")
        redis.rpush("newsmill:inbox:list", "https://paper.example/4")
        redis.rpush("submit", json.dumps({}))

    answer = mill.api.get("/metrics")

    shown = samples(answer.content)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert (
        shown.items()
        >= {
            "newsmill_up|database": 1,
            "newsmill_up|redis": 1,
            "newsmill_jobs_accepted_total": 3,
            "newsmill_jobs_finished_total|stored|new": 1,
            "newsmill_jobs_dead_total": 1,
            "newsmill_jobs_open|waiting": 1,
            "newsmill_jobs_unaccounted": 0,
            "newsmill_queue_messages|enrich": 2,
            "newsmill_queue_messages|inbox": 1,
            "newsmill_queue_messages|submit": 1,
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
