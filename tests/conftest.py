"""What every test can ask for: real engines, a fresh database, empty Redis servers."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from newsmill_cli.engines import Engines
from tests.support.engines import emptied, fresh_database, running_engines

# What the caller has set for a newsmill of his own is nothing to the tests, and to those it starts.
_OF_TESTS = {
    "NEWSMILL_BROWSER_TEST",
    "NEWSMILL_CHROMIUM",
    "NEWSMILL_COMPOSE_TEST",
    "NEWSMILL_DOCKER_ENGINE",
    "NEWSMILL_ENGINES",
    "NEWSMILL_SCREENSHOTS",
    "NEWSMILL_SHARED_DATA",
    "NEWSMILL_TEST_KILLS",
}
for _name in [name for name in os.environ if name.startswith("NEWSMILL_")]:
    if _name not in _OF_TESTS:
        del os.environ[_name]

# A machine that has much to do is slow: that fails no test.
settings.register_profile("newsmill", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("newsmill")


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """PostgreSQL, broker and index, up for the whole session."""
    with running_engines() as running:
        yield running


@pytest.fixture
def database_url(engines: Engines) -> Iterator[str]:
    """A migrated database of the test's own, for psycopg; SQLAlchemy: ``postgresql+psycopg://``."""
    with fresh_database(engines) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(engines: Engines) -> Iterator[str]:
    """A migrated database that the tests of one module share."""
    with fresh_database(engines) as url:
        yield url


@pytest.fixture
def redis_url(engines: Engines) -> str:
    """The broker, emptied: a URL for redis-py, a unix socket."""
    return emptied(engines.redis_url)


@pytest.fixture
def index_url(engines: Engines) -> str:
    """The duplicate index's server, emptied."""
    return emptied(engines.index_url)
