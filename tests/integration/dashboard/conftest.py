"""The dashboard on loopback, over a real PostgreSQL, Valkey and page store."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat
from tests.integration.gateway.conftest import Mill, serving, settings_of

KEY = "a-key-of-the-operator"


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> GatewaySettings:
    """Settings of a gateway over empty engines."""
    return settings_of(database_url, redis_url, tmp_path / "pages")


@pytest.fixture
def site(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A browser without JavaScript, on loopback: nobody asks it for a key."""
    with serving(settings) as client:
        yield client


@pytest.fixture
def locked_site(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A browser at a gateway that asks for a key."""
    with serving(settings.model_copy(update={"api_key": SecretStr(KEY)})) as client:
        yield client


@pytest.fixture
def mill(site: httpx.Client, settings: GatewaySettings) -> Mill:
    """Plays the rest of the system."""
    return Mill(site, settings)


@pytest.fixture
def everybody_alive(redis_url: str) -> None:
    """Every service has just said that it lives."""
    with make_redis(redis_url) as redis:
        for service in ("dispatcher", "ingest", "enrich", "store"):
            Heartbeat(redis, f"{service}:here:1:00").beat()
