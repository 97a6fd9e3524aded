"""A deployment from the first start to the last: it works, it is closed, it survives.

The tests tell one story on one deployment, in the order in which they stand.
"""

import os
import re
import subprocess
from pathlib import Path

import httpx
import psutil
import pytest

from tests.compose.deployment import (
    ONE_SHOTS,
    PRESS_HOSTS,
    ROOT,
    SERVICES,
    TAG,
    Deployment,
    docker,
)

DOCUMENT = {
    "url": "https://paper.example/lamps",
    "content": "<html lang='en'><body><article><h1>New lamps for the old bridge</h1>"
    "<p>The council has decided to replace all forty lamps on the old bridge.</p>"
    "<p>Work begins in May and will take six weeks, the engineer said on Monday.</p>"
    "<p>Ferries will run every ten minutes while the bridge is closed at night.</p>"
    "</article></body></html>",
    "media_type": "text/html",
}
ENGINE = Path(os.environ.get("NEWSMILL_DOCKER_ENGINE", ROOT.parent / "shared/tools/docker-engine"))
ENGINE_PID = Path("/var/run/docker.pid")


def press_urls(count: int, folder: str) -> list[str]:
    """Return URLs of pages, spread over all hosts."""
    return [
        f"http://{PRESS_HOSTS[number % len(PRESS_HOSTS)]}:8080/{folder}/{number}"
        for number in range(count)
    ]


def test_everything_is_healthy_after_one_command(deployment: Deployment) -> None:
    conditions = {one.service: one.condition for one in deployment.containers()}

    assert {service: conditions.pop(service) for service in ONE_SHOTS} == dict.fromkeys(
        ONE_SHOTS, "exited"
    )
    assert set(conditions) >= {*SERVICES, "bridge", "dispatcher", "postgres", "redis", "index"}
    assert set(conditions.values()) == {"healthy"}


def test_the_api_asks_for_the_key_that_init_shows(deployment: Deployment) -> None:
    url = f"http://127.0.0.1:{deployment.port}/v1/conservation"
    key = deployment.key()

    without = httpx.get(url)
    with_it = httpx.get(url, headers={"Authorization": f"Bearer {key}"})

    assert len(key) >= 40
    assert (without.status_code, with_it.status_code) == (401, 200)


def test_a_document_becomes_an_article(deployment: Deployment) -> None:
    job = deployment.submit_document(DOCUMENT)

    assert deployment.wait_until_done([job]) == {"stored": 1}
    with deployment.api() as api:
        article = api.article_of(str(DOCUMENT["url"]))
    assert article is not None
    assert article["title"] == "New lamps for the old bridge"
    assert article["language"] == "en"


def test_a_url_becomes_an_article(deployment: Deployment) -> None:
    [url] = press_urls(1, "first")

    [job] = deployment.submit([url])

    assert deployment.wait_until_done([job]) == {"stored": 1}
    with deployment.api() as api:
        article = api.article_of(url)
    assert article is not None
    assert article["published_at"] == "2025-03-04T05:06:07Z"


def test_other_systems_hand_in_through_redis_and_may_do_nothing_else_there(
    deployment: Deployment,
) -> None:
    address = deployment.compose("run", "--rm", "init", "inbox").strip()
    stream, listed, celery = press_urls(3, "inbox")
    client = f"from redis import Redis; redis = Redis.from_url('{address}'); "

    said = deployment.python(
        "ingest",
        f"{client} redis.xadd('newsmill:inbox', {{'url': '{stream}'}});"
        f"redis.rpush('newsmill:inbox:list', '{listed}');"
        "from celery import Celery;"
        f"Celery(broker='{address}').send_task('newsmill.url.submit', kwargs={{'url': '{celery}'}},"
        " queue='submit'); print('sent')",
    )

    assert said.strip() == "sent"
    with deployment.api() as api:
        for url in (stream, listed, celery):
            deployment.wait_for(
                lambda url=url: (api.job_of(url) or {}).get("outcome") == "stored",  # type: ignore[misc]
                f"{url} is stored",
            )
    assert deployment.redis_refusals() == 0
    for call in ("lpush('ingest', 'x')", "get('newsmill:epoch')", "keys('*')", "flushall()"):
        assert "NoPermissionError" in deployment.python("ingest", f"{client} redis.{call}")


def test_nothing_is_published_but_the_gateway_on_loopback(deployment: Deployment) -> None:
    published = {
        (one.service, port, binding["HostIp"])
        for one in deployment.containers()
        for port, bindings in one.facts["NetworkSettings"]["Ports"].items()
        for binding in bindings or ()
    }

    assert published == {("gateway", "8765/tcp", "127.0.0.1")}


def test_no_container_can_do_more_than_it_must(deployment: Deployment) -> None:
    for one in deployment.containers():
        host = one.facts["HostConfig"]

        assert host["ReadonlyRootfs"], one.service
        assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None), one.service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], one.service
        assert one.facts["Config"]["User"] not in ("", "0", "root"), one.service
        if one.service not in ONE_SHOTS:
            uid = deployment.compose("exec", "-T", one.service, "id", "-u")
            assert int(uid) > 0, one.service


def test_each_service_sees_its_own_secrets_alone(deployment: Deployment) -> None:
    database, redis, index = "newsmill_database_url", "newsmill_redis_url", "newsmill_index_url"

    seen = {
        service: set(deployment.compose("exec", "-T", service, "ls", "/run/newsmill").split())
        for service in (*SERVICES, "bridge", "dispatcher", "postgres", "redis")
    }

    assert seen == {
        "gateway": {database, redis, "newsmill_api_key"},
        "bridge": {database, redis},
        "dispatcher": {database, redis},
        "ingest": {redis},
        "enrich": {redis, index},
        "store": {database, redis, index},
        "postgres": {"password"},
        "redis": {"redis.conf", "users.acl", "health"},
    }


def test_no_secret_is_in_the_environment_of_a_container(deployment: Deployment) -> None:
    secrets = {
        deployment.key(),
        deployment.compose("exec", "-T", "postgres", "cat", "/run/newsmill/password"),
        deployment.compose("exec", "-T", "redis", "cat", "/run/newsmill/health"),
    }

    told = str([one.facts for one in deployment.containers()])

    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret in told]


def test_a_service_may_do_its_own_work_in_redis_and_no_more(deployment: Deployment) -> None:
    client = (
        "from redis import Redis; from newsmill_ingest.settings import IngestSettings; "
        "redis = Redis.from_url(IngestSettings().redis_url); "
    )

    assert "True" in deployment.python("ingest", f"{client} print(redis.ping())")
    for call in (
        "flushall()",
        "config_get('*')",
        "get('newsmill:worker:store:x')",
        "lpop('store')",
    ):
        assert "NoPermissionError" in deployment.python("ingest", f"{client} redis.{call}")
    stranger = "from redis import Redis; Redis('redis').ping()"
    assert "AuthenticationError" in deployment.python("ingest", stranger)


def test_only_ingest_has_a_way_out(deployment: Deployment) -> None:
    reach = "import socket; socket.create_connection(('10.213.77.10', 8080), 2); print('reached')"

    reached = {
        service for service in SERVICES if deployment.python(service, reach).strip() == "reached"
    }

    assert reached == {"ingest"}


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_the_dependencies_of_its_service_alone(
    deployment: Deployment, service: str
) -> None:
    code = (
        "from importlib.metadata import distributions\n"
        "for one in distributions(path=['/opt/newsmill/lib/python3.13/site-packages']):\n"
        "    print(f'{one.name.lower().replace(chr(95), chr(45))}=={one.version}')"
    )
    pins = (ROOT / f"requirements/{service}.txt").read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+==[^ ;\\]+)", pins, re.MULTILINE))

    image = f"newsmill-{service}:{TAG}"
    installed = set(docker("run", "--rm", "--network=none", image, "python", "-c", code).split())

    ours = {one for one in installed if one.startswith("newsmill-")}
    assert {one.partition("==")[0] for one in ours} == {"newsmill-shared", f"newsmill-{service}"}
    assert {one.replace(".", "-") for one in installed - ours} <= {
        one.replace(".", "-") for one in pinned
    }


def test_services_are_scaled_by_number(deployment: Deployment) -> None:
    deployment.up("--scale=ingest=2", "--scale=enrich=3", "--scale=store=2")

    jobs = deployment.submit(press_urls(24, "scaled"))

    counts = {
        service: len(deployment.running(service)) for service in ("ingest", "enrich", "store")
    }
    assert counts == {"ingest": 2, "enrich": 3, "store": 2}
    assert deployment.wait_until_done(jobs) == {"stored": 24}


def test_what_killed_workers_had_begun_is_done_by_others(deployment: Deployment) -> None:
    refused_before = deployment.redis_refusals()
    slow = press_urls(32, "slow")
    jobs = deployment.submit([*slow, *press_urls(48, "killed")])
    deployment.wait_for(lambda: deployment.outcomes(jobs)["stored"] >= 5, "work is under way")

    for service in ("ingest", "enrich", "store"):
        docker("kill", deployment.running(service)[0].id)

    assert deployment.wait_until_done(jobs) == {"stored": 80}
    with deployment.api() as api:
        assert api.conservation()["unaccounted"] == 0
    assert deployment.redis_refusals() == refused_before


def test_a_worker_that_ends_is_started_again(deployment: Deployment) -> None:
    deployment.up("--scale=ingest=1", "--scale=enrich=1", "--scale=store=1")
    [before] = deployment.running("ingest")

    deployment.python("ingest", "import os, signal; os.kill(1, signal.SIGTERM)")

    deployment.wait_for(
        lambda: (
            [one.facts["RestartCount"] for one in deployment.running("ingest")]
            == [before.facts["RestartCount"] + 1]
        ),
        "the worker runs again",
    )
    deployment.wait_until_healthy()


def test_redis_may_stop_with_everything_that_it_carries(deployment: Deployment) -> None:
    jobs = deployment.submit(press_urls(40, "restarted"))
    deployment.wait_for(lambda: deployment.outcomes(jobs)["stored"] >= 5, "work is under way")

    deployment.compose("restart", "redis", "index")

    assert deployment.wait_until_done(jobs) == {"stored": 40}
    with deployment.api() as api:
        assert api.conservation()["unaccounted"] == 0
    assert deployment.redis_refusals() == 0


def test_the_duplicate_index_remembers_after_a_restart(deployment: Deployment) -> None:
    again = DOCUMENT | {"url": "https://other.example/same-lamps"}

    job = deployment.submit_document(again)

    assert deployment.wait_until_done([job]) == {"duplicate": 1}


@pytest.mark.skipif(
    os.geteuid() != 0 or not ENGINE.exists(),
    reason="restarting Docker needs root and NEWSMILL_DOCKER_ENGINE=program (stop | no argument)",
)
def test_everything_comes_back_with_the_engine(deployment: Deployment) -> None:
    jobs = deployment.submit(press_urls(80, "rebooted"))
    deployment.wait_for(lambda: deployment.outcomes(jobs)["stored"] >= 5, "work is under way")

    engine = int(ENGINE_PID.read_text())
    subprocess.run([ENGINE, "stop"], check=True)
    # It answers no more long before it has stopped all containers.
    deployment.wait_for(lambda: not psutil.pid_exists(engine), "the engine has stopped")
    subprocess.run([ENGINE], check=True)

    deployment.wait_until_healthy()
    assert deployment.wait_until_done(jobs) == {"stored": 80}
    with deployment.api() as api:
        assert api.conservation()["unaccounted"] == 0


def test_data_and_key_outlive_the_containers(deployment: Deployment) -> None:
    key = deployment.key()
    with deployment.api() as api:
        before = api.conservation()

    deployment.compose("down")
    assert deployment.containers() == []
    deployment.up()

    with deployment.api() as api:
        assert api.conservation() == before
        assert api.article_of(str(DOCUMENT["url"])) is not None
    assert deployment.key() == key
