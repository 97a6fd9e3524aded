"""A gateway on loopback, over a real PostgreSQL, Valkey and page store."""

from collections.abc import Iterator

import httpx
import pytest

from newsmill_gateway.settings import GatewaySettings
from tests.support.gateway import Mill, serving


@pytest.fixture
def api(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A client of a gateway over empty engines."""
    with serving(settings) as client:
        yield client


@pytest.fixture(scope="module")
def module_api(module_settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A client of a gateway that the tests of one module share."""
    with serving(module_settings) as client:
        yield client


@pytest.fixture
def mill(api: httpx.Client, settings: GatewaySettings) -> Mill:
    """The gateway, and whoever plays the rest of the system."""
    return Mill(api, settings)
