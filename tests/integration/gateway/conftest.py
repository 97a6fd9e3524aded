"""A gateway on loopback, over a real PostgreSQL, Valkey and page store."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from newsmill_cli.engines import Engines
from newsmill_gateway.settings import GatewaySettings
from newsmill_gateway.worker import build, make_server


@contextmanager
def serving(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """Run the gateway in a thread of its own, and give a client of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = make_server(build(settings), settings)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            with httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def settings_of(database_url: str, redis_url: str, pages: Path) -> GatewaySettings:
    """Return the settings of a gateway over these."""
    return GatewaySettings.model_validate(
        {"database_url": database_url, "redis_url": redis_url, "page_store_url": pages.as_uri()}
    )


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> GatewaySettings:
    """Settings of a gateway over empty engines."""
    return settings_of(database_url, redis_url, tmp_path / "pages")


@pytest.fixture
def api(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A client of a gateway over empty engines."""
    with serving(settings) as client:
        yield client


@pytest.fixture(scope="module")
def module_api(
    module_database_url: str, engines: Engines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A client of a gateway that the tests of one module share."""
    pages = tmp_path_factory.mktemp("pages")
    with serving(settings_of(module_database_url, engines.redis_url, pages)) as client:
        yield client
