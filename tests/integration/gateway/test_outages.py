"""Who may call, and what is said when something is away."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from newsmill_cli.engines import Engines
from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.engine import make_engine, transaction
from tests.support.gateway import serving

NOWHERE = "postgresql://newsmill@127.0.0.1:1/newsmill"
URLS = ["https://a.example/1"]


@contextmanager
def a_server_that_never_answers() -> Iterator[str]:
    """Listen as a stopped PostgreSQL does: the kernel takes the connection, nobody reads it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgresql://newsmill@127.0.0.1:{listener.getsockname()[1]}/newsmill"


def changed(settings: GatewaySettings, **changes: object) -> GatewaySettings:
    return GatewaySettings.model_validate(settings.model_dump() | changes)


def test_it_is_ready_when_work_can_be_accepted(api: httpx.Client) -> None:
    ready = api.get("/readyz")

    assert (ready.status_code, ready.json()["status"]) == (200, "ready")


def test_without_its_tables_it_is_not_ready_and_says_what_to_run(
    settings: GatewaySettings, engines: Engines
) -> None:
    assert engines.postgres is not None
    empty = changed(settings, database_url=engines.postgres.url("postgres"))

    with serving(empty) as api:
        ready = api.get("/readyz")
        refused = api.post("/v1/urls", json=URLS)

    assert (ready.status_code, ready.json()["code"]) == (503, "database_schema")
    assert int(ready.headers["Retry-After"]) > 0
    assert (refused.status_code, refused.json()["code"]) == (503, "database_away")
    assert "newsmill migrate" in refused.json()["detail"]
    assert "newsmill migrate" in ready.json()["detail"]


def test_without_a_database_it_says_so_and_when_to_come_back(settings: GatewaySettings) -> None:
    with serving(changed(settings, database_url=NOWHERE)) as api:
        answers = [
            api.get("/readyz"),
            api.post("/v1/urls", json=URLS),
            api.get("/v1/conservation"),
            api.get("/v1/jobs?url=https://a.example/1"),
        ]
        alive = api.get("/healthz")

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
        assert int(answer.headers["Retry-After"]) > 0
    assert alive.status_code == 200


def test_a_database_that_hangs_is_given_up(settings: GatewaySettings) -> None:
    with (
        a_server_that_never_answers() as url,
        serving(
            changed(settings, database_url=url, database_seconds=0.2, accept_seconds=0.2)
        ) as api,
    ):
        answers = [
            api.get("/readyz"),
            api.post("/v1/urls", json=URLS),
            api.get("/v1/conservation"),
        ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
        assert answer.elapsed.total_seconds() < 2


def test_what_was_perhaps_accepted_can_be_sent_again(settings: GatewaySettings) -> None:
    with serving(changed(settings, database_url=NOWHERE)) as api:
        problem = api.post("/v1/urls", json=URLS).json()
    with serving(settings) as api:
        answers = [
            api.post("/v1/urls", json=URLS, headers={"Idempotency-Key": problem["receipt"]}).json()
            for _ in range(2)
        ]

    assert problem["receipt"] in problem["detail"]
    assert answers[0] == answers[1]
    assert answers[0]["receipt"] == problem["receipt"]


def test_a_defect_is_a_500_without_a_traceback(
    api: httpx.Client, settings: GatewaySettings
) -> None:
    with transaction(make_engine(settings.database_url, name="test", pool_size=0)) as connection:
        connection.execute(text("alter table receipt rename accepted to taken"))

    answer = api.get("/v1/conservation")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "receipt" not in answer.text


def test_without_redis_work_is_accepted_and_readiness_says_so(settings: GatewaySettings) -> None:
    with serving(changed(settings, redis_url="redis://127.0.0.1:1/0")) as api:
        accepted = api.post("/v1/urls", json=URLS)
        ready = api.get("/readyz")

    assert accepted.status_code == 202
    assert ready.status_code == 200
    assert ready.json()["diagnosis"][0]["code"] == "redis_unreachable"


def test_a_web_page_of_another_site_gets_nothing(api: httpx.Client) -> None:
    answers = [
        api.get("/v1/conservation", headers={"Host": "evil.example"}),
        api.get("/v1/conservation", headers={"Origin": "https://evil.example"}),
        api.post("/v1/urls", json=URLS, headers={"Origin": "null"}),
    ]

    assert [answer.json()["code"] for answer in answers] == [
        "host_refused",
        "origin_refused",
        "origin_refused",
    ]
    assert {answer.status_code for answer in answers} == {403}


def test_with_a_key_only_those_who_know_it_get_in(settings: GatewaySettings) -> None:
    with serving(changed(settings, api_key="correct horse")) as api:
        without = api.post("/v1/urls", json=URLS)
        document = api.get("/openapi.json")
        health = api.get("/healthz")
        with_key = api.post(
            "/v1/urls", json=URLS, headers={"Authorization": "Bearer correct horse"}
        )

    assert (without.status_code, without.json()["code"]) == (401, "key_refused")
    assert without.headers["WWW-Authenticate"] == "Bearer"
    assert document.status_code == 401
    assert health.status_code == 200
    assert with_key.status_code == 202


def test_many_at_once_are_each_accepted_once(api: httpx.Client) -> None:
    accepted: list[int] = []

    def send(number: int) -> None:
        for _ in range(5):
            answer = api.post(
                "/v1/urls",
                json=[f"https://h{host}.example/{number}" for host in range(10)],
                headers={"Idempotency-Key": f"order-{number % 4}-{number}"},
            )
            accepted.append(answer.status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert accepted == [202] * 60
    assert api.get("/v1/conservation").json()["accepted"] == 120


def test_it_refuses_to_start_in_the_open_without_a_key(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "NEWSMILL_GATEWAY_HOST": "0.0.0.0",
        "NEWSMILL_PAGE_STORE_URL": tmp_path.as_uri(),
    }
    environment.pop("NEWSMILL_API_KEY", None)

    ended = subprocess.run(
        [sys.executable, "-m", "newsmill_gateway.worker"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert "NEWSMILL_API_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("setting", ["NEWSMILL_GATEWAY_PORT", "NEWSMILL_FETCH_ALLOW"])
def test_it_refuses_a_setting_that_makes_no_sense(setting: str, tmp_path: Path) -> None:
    environment = {**os.environ, setting: "nonsense", "NEWSMILL_PAGE_STORE_URL": tmp_path.as_uri()}

    ended = subprocess.run(
        [sys.executable, "-m", "newsmill_gateway.worker"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
