"""Pages are deleted while they are fetched and enriched again: none comes back."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from newsmill_cli.api import Api
from newsmill_cli.errors import GoneError
from newsmill_shared.identity import new_id
from tests.e2e.conftest import Running, running_system

PAGES = 60

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def system() -> Iterator[Running]:
    """One system over newspapers of its own."""
    with running_system(hosts=30) as running:
        yield running


def forced(api: Api, urls: list[str]) -> list[object]:
    said = api.submit_urls([{"url": url, "force": True} for url in urls], key=str(new_id()))
    assert said["accepted"] == len(urls)
    return [item["job_id"] for item in said["items"]]


def raw_pages(system: Running) -> int:
    folder = Path(unquote(urlsplit(system.mill.settings["NEWSMILL_PAGE_STORE_URL"]).path))
    return sum(path.is_file() for path in (folder / "raw").rglob("*"))


def test_what_is_deleted_under_load_stays_deleted(system: Running) -> None:
    urls = system.press.urls(PAGES, name="deleted")
    system.wait_until_done(system.add(urls))
    system.wait_for(
        lambda: system.sql("select count(*) from listing") == [(PAGES,)], "all are listed"
    )
    articles = [str(row[0]) for row in system.sql("select id from article order by id")]
    doomed = articles[::2]

    with Api(system.mill.api_url, system.mill.api_key) as api:
        again = forced(api, urls)
        system.wait_for(
            lambda: system.sql("select count(*) > 5 from job where state = 'running'") == [(True,)],
            "pages are under way",
        )
        for article in doomed:
            api.delete_article(article, {"by": "ana"})
        system.wait_for(
            lambda: system.sql("select count(*) from job") == [(0,)], "all work is done"
        )
        system.wait_for(
            lambda: not system.sql("select id from event where position is null"),
            "all events are numbered",
        )
        for article in doomed:
            with pytest.raises(GoneError):
                api.article(article)
        changes = api.changes(0, limit=10_000)["changes"]
    system.wait_for(
        lambda: (
            system.sql(
                "select (select count(*) from doomed_object)"
                " + (select count(*) from doomed_document)"
            )
            == [(0,)]
        ),
        "nothing is left in page store and index",
    )

    assert sum(change["kind"] == "deleted" for change in changes) == len(doomed)
    assert system.sql("select count(*) from article") == [(PAGES - len(doomed),)]
    assert system.sql(
        "select count(*) from version where article_id = any(cast(:d as uuid[]))", d=doomed
    ) == [(0,)]
    objects = system.sql("select count(distinct page ->> 'object') from page_fetch")
    assert [(raw_pages(system),)] == objects
    assert len(again) == PAGES
    system.assert_conserved()
