"""Settings of a gateway over the engines of tests, for the tests of the API and the dashboard."""

from pathlib import Path

import pytest

from newsmill_cli.engines import Engines
from newsmill_gateway.settings import GatewaySettings
from tests.support.gateway import settings_of


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> GatewaySettings:
    """Settings of a gateway over empty engines."""
    return settings_of(database_url, redis_url, tmp_path / "pages")


@pytest.fixture(scope="module")
def module_settings(
    module_database_url: str, engines: Engines, tmp_path_factory: pytest.TempPathFactory
) -> GatewaySettings:
    """Settings of a gateway that the tests of one module share."""
    return settings_of(module_database_url, engines.redis_url, tmp_path_factory.mktemp("pages"))
