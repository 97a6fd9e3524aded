"""Deployments are tried by `make compose-test` alone: they need Docker, and minutes."""

import os
from collections.abc import Iterator

import pytest

from tests.compose.deployment import TAG, Deployment, deployed, docker

collect_ignore_glob = [] if os.environ.get("NEWSMILL_COMPOSE_TEST") else ["test_*.py"]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """A deployment of its own for a module's tests; they tell one story, in order."""
    with deployed() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _images_of_tests() -> Iterator[None]:
    yield
    images = docker("images", "--quiet", f"--filter=reference=newsmill-*:{TAG}").split()
    if images:
        docker("image", "rm", "--force", *images)
