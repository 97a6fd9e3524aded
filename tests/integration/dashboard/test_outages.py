"""The dashboard while something that it reads is away."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from newsmill_cli.engines import Engines
from tests.support.gateway import serving, settings_of

_NOWHERE = "127.0.0.1:1"


@pytest.fixture(scope="module")
def without_database(
    engines: Engines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A browser at a gateway that cannot reach PostgreSQL."""
    pages = tmp_path_factory.mktemp("pages")
    settings = settings_of(f"postgresql://nobody@{_NOWHERE}/none", engines.redis_url, pages)
    with serving(settings) as client:
        yield client


def test_the_overview_names_the_database_that_is_away(without_database: httpx.Client) -> None:
    page = without_database.get("/")

    assert page.status_code == 200
    assert "Stalled: PostgreSQL does not answer" in page.text
    assert "docker compose up -d postgres" in page.text


@pytest.mark.parametrize("part", ["verdict", "ledger", "flow", "waiting", "outcomes", "workers"])
def test_live_parts_go_on_without_the_database(without_database: httpx.Client, part: str) -> None:
    assert without_database.get(f"/live/{part}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/articles", "/failures", "/hosts?of=a.example", "/explain?q=x.y"]
)
def test_other_pages_say_that_the_database_is_away(
    without_database: httpx.Client, path: str
) -> None:
    page = without_database.get(path)

    assert page.status_code in (503, 422)
    assert "<h1" in page.text


def test_the_overview_names_a_redis_that_is_away(database_url: str, tmp_path: Path) -> None:
    settings = settings_of(database_url, f"redis://{_NOWHERE}/0", tmp_path)

    with serving(settings) as client:
        page = client.get("/")

    assert page.status_code == 200
    assert "Stalled: Redis does not answer" in page.text
    assert "Unknown while Redis is away" in page.text


def test_pages_of_the_ledger_need_no_redis(database_url: str, tmp_path: Path) -> None:
    settings = settings_of(database_url, f"redis://{_NOWHERE}/0", tmp_path)

    with serving(settings) as client:
        seen = {path: client.get(path).status_code for path in ("/articles", "/failures", "/hosts")}

    assert set(seen.values()) == {200}
