"""The dashboard on loopback, over a real PostgreSQL, Valkey and page store."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.locks import DISPATCHER
from newsmill_shared.diagnosis import SERVICES
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat
from tests.support.gateway import Mill, serving

KEY = "a-key-of-the-operator"


@pytest.fixture
def site(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A browser without JavaScript, on loopback: nobody asks it for a key."""
    with serving(settings) as client:
        yield client


@pytest.fixture(scope="module")
def shared_site(module_settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A browser on loopback that the tests of one module share; nothing is ever handed in."""
    with serving(module_settings) as client:
        yield client


@pytest.fixture(scope="module")
def shared_locked_site(module_settings: GatewaySettings) -> Iterator[httpx.Client]:
    """The same at a gateway that asks for a key."""
    with serving(module_settings.model_copy(update={"api_key": SecretStr(KEY)})) as client:
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
def everybody_alive(database_url: str, redis_url: str) -> Iterator[None]:
    """Every service has just said that it lives, and a dispatcher is active."""
    with (
        make_redis(redis_url) as redis,
        psycopg.connect(database_url, autocommit=True) as connection,
    ):
        for service in (*SERVICES, "bridge"):
            Heartbeat(redis, f"{service}:here:1:00").beat()
        connection.execute("select pg_advisory_lock(%s)", [DISPATCHER])
        yield
