"""A deployment under test: `docker compose` under a name of its own, with hosts to read."""

import json
import os
import secrets
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from newsmill_cli.api import Api, Json
from newsmill_cli.errors import CommandError
from newsmill_shared.identity import new_id

__all__ = ["ONE_SHOTS", "PRESS_HOSTS", "SERVICES", "Container", "Deployment", "deployed", "docker"]

ROOT = Path(__file__).parents[2]
TAG = "test"
SERVICES = ("gateway", "ingest", "enrich", "store")
"""Each has an image of its own."""
ONE_SHOTS = ("init", "migrate")
PRESS_HOSTS = tuple(f"{name}.press.test" for name in "abcdefgh")
_PATIENCE_SECONDS = 120.0
_COMMAND_SECONDS = 840.0


@dataclass(frozen=True, slots=True)
class Container:
    """What Docker says of a container."""

    service: str
    id: str
    facts: Json

    @property
    def condition(self) -> str:
        """``healthy``, or what keeps it from being so."""
        state = self.facts["State"]
        return str(state["Health"]["Status"] if state["Running"] else state["Status"])


class Deployment:
    """One deployment, whose compose project nobody else uses."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.project = f"newsmill-test-{secrets.token_hex(3)}"
        self.port = _free_port()
        self._environment = {
            **os.environ,
            **environment,
            "NEWSMILL_GATEWAY_PORT": str(self.port),
            "NEWSMILL_TAG": TAG,
        }

    def compose(self, *arguments: str) -> str:
        """Run a command of docker compose and return what it wrote."""
        files = ["docker-compose.yml", "tests/compose/press.yml"]
        command = ["docker", "compose", "--progress=quiet", "--env-file=/dev/null"]
        command += [f"--project-name={self.project}", f"--project-directory={ROOT}"]
        command += [f"--file={ROOT / file}" for file in files]
        return _run([*command, *arguments], self._environment)

    def up(self, *options: str) -> None:
        """Do what an operator does."""
        try:
            self.compose("up", "--detach", "--wait", *options)
        except subprocess.CalledProcessError as error:
            pytest.fail(f"{error}\n{self.logs()}")

    def python(self, service: str, code: str) -> str:
        """Run Python in a service's container and return what it printed, its error included."""
        return self.compose("exec", "-T", service, "sh", "-c", 'python -c "$0" 2>&1 || true', code)

    def redis_refusals(self) -> int:
        """Count what Redis has refused to its users, be it a command, a key or a channel."""
        told = self.python(
            "gateway",
            "from newsmill_gateway.settings import GatewaySettings; from redis import Redis; "
            "said = Redis.from_url(GatewaySettings().redis_url).info('stats'); "
            "print(sum(said[f'acl_access_denied_{what}'] for what in ('cmd', 'key', 'channel')))",
        )
        return int(told)

    def key(self) -> str:
        """Return the API key as an operator learns it."""
        return self.compose("run", "--rm", "init", "key").strip()

    def api(self) -> Api:
        """Return a client with the key."""
        return Api(f"http://127.0.0.1:{self.port}", self.key())

    def containers(self) -> list[Container]:
        """Return all containers of the deployment, the press left out."""
        ids = docker(
            "ps", "--all", "--quiet", f"--filter=label=com.docker.compose.project={self.project}"
        ).split()
        found = json.loads(docker("inspect", *ids)) if ids else []
        named = (
            Container(facts["Config"]["Labels"]["com.docker.compose.service"], facts["Id"], facts)
            for facts in cast("list[Json]", found)
        )
        return [container for container in named if container.service != "press"]

    def running(self, service: str) -> list[Container]:
        """Return the running containers of a service."""
        return [
            container
            for container in self.containers()
            if container.service == service and container.facts["State"]["Running"]
        ]

    def submit(self, urls: Iterable[str]) -> list[str]:
        """Hand in URLs and return their jobs."""
        with self.api() as api:
            said = api.submit_urls([{"url": url} for url in urls], key=str(new_id()))
        return [item["job_id"] for item in said["items"]]

    def submit_document(self, document: Json) -> str:
        """Hand in a page with its content and return its job."""
        with self.api() as api:
            said = api.submit_document(document, key=str(new_id()))
        return str(said["items"][0]["job_id"])

    def outcomes(self, jobs: Iterable[str]) -> Counter[str]:
        """Count what became of jobs."""
        with self.api() as api:
            found = [api.job(job) or {} for job in jobs]
        return Counter(str(job.get("outcome") or job.get("state")) for job in found)

    def wait_until_done(self, jobs: list[str]) -> Counter[str]:
        """Wait until each of these jobs has an outcome and return how many have which."""
        self.wait_for(
            lambda: not {"waiting", "held", "running"} & self.outcomes(jobs).keys(),
            "every job has an outcome",
        )
        return self.outcomes(jobs)

    def wait_until_healthy(self) -> None:
        """Wait until everything runs and is healthy."""
        self.wait_for(
            lambda: all(
                container.condition == "healthy"
                for container in self.containers()
                if container.service not in ONE_SHOTS
            ),
            "everything is healthy",
        )

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition; an engine or API that is away is no answer."""
        end = time.monotonic() + _PATIENCE_SECONDS
        problem = ""
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except (CommandError, subprocess.CalledProcessError) as error:
                problem = str(error)
            time.sleep(0.5)
        pytest.fail(f"waited {_PATIENCE_SECONDS:g} s in vain: {what}; {problem}\n{self.logs()}")

    def logs(self) -> str:
        """Return the last lines of every container."""
        lines = self.compose("logs", "--tail=12").splitlines()
        return "\n".join(line[:400] for line in lines)


@contextmanager
def deployed(environment: Mapping[str, str] | None = None) -> Iterator[Deployment]:
    """Build, start, and at the end remove with everything that it has left.

    Args:
        environment: Settings, as an operator would put them into ``.env``.
    """
    deployment = Deployment(environment or {})
    try:
        deployment.compose("build")
        deployment.up()
        yield deployment
    finally:
        deployment.compose("down", "--volumes", "--remove-orphans", "--timeout=20")


def docker(*arguments: str) -> str:
    """Run a command of docker and return what it wrote."""
    return _run(["docker", *arguments], os.environ)


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        command,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
    if done.returncode:
        raise _CommandFailedError(done.returncode, command, done.stdout, done.stderr)
    return str(done.stdout)


class _CommandFailedError(subprocess.CalledProcessError):
    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.stdout[-2000:]}\n{self.stderr[-4000:]}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
