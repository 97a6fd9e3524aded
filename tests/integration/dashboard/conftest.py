"""The dashboard on loopback, over a real PostgreSQL, Valkey and page store."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from newsmill_cli.engines import Engines
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


@pytest.fixture(scope="module")
def shared_site(
    module_database_url: str, engines: Engines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A browser on loopback that the tests of one module share; nothing is ever handed in."""
    pages = tmp_path_factory.mktemp("pages")
    with serving(settings_of(module_database_url, engines.redis_url, pages)) as client:
        yield client


@pytest.fixture(scope="module")
def shared_locked_site(
    module_database_url: str, engines: Engines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """The same at a gateway that asks for a key."""
    pages = tmp_path_factory.mktemp("pages")
    settings = settings_of(module_database_url, engines.redis_url, pages)
    with serving(settings.model_copy(update={"api_key": SecretStr(KEY)})) as client:
        yield client


@pytest.fixture
def locked_site(shared_locked_site: httpx.Client) -> httpx.Client:
    """A browser that has not signed in, at a gateway that asks for a key."""
    shared_locked_site.cookies.clear()
    return shared_locked_site


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
