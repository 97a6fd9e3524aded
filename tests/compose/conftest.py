"""Deployments are tried by `make compose-test` alone: they need Docker, and minutes."""

import os
from collections.abc import Iterator

import pytest

from tests.compose.deployment import Deployment, deployed

collect_ignore_glob = [] if os.environ.get("NEWSMILL_COMPOSE_TEST") else ["test_*.py"]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """A deployment of its own for a module's tests; they tell one story, in order."""
    with deployed() as running:
        yield running
