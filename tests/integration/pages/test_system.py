"""The whole system with its pages in a bucket."""

import pytest

from newsmill_cli.api import Api
from newsmill_shared.identity import new_id
from newsmill_shared.pages import PageStore
from tests.e2e.conftest import running_system

DOCUMENT = {
    "url": "https://harbour.example/lamps",
    "content": "<html lang='en'><body><article><h1>New lamps for the old bridge</h1>"
    "<p>The council has decided to replace all forty lamps on the old bridge.</p>"
    "<p>Work begins in May and will take six weeks, the engineer said on Monday.</p>"
    "<p>Ferries will run every ten minutes while the bridge is closed at night.</p>"
    "</article></body></html>",
    "media_type": "text/html",
}


def test_pages_that_are_fetched_or_handed_in_go_through_the_bucket(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSMILL_PAGE_STORE_URL", f"{bucket}/system")

    with running_system(hosts=4) as system:
        jobs = system.add(system.press.urls(8, name="bucket"))
        with Api(system.mill.api_url, system.mill.api_key) as api:
            api.submit_document(DOCUMENT, key=str(new_id()))
            system.wait_until_done(jobs)
            system.wait_for(
                lambda: api.article_of(str(DOCUMENT["url"])) is not None, "the document is stored"
            )

        assert system.outcomes(jobs) == {"stored:new": 8}
        system.assert_conserved()
        objects = [str(key) for (key,) in system.sql("select page ->> 'object' from page_fetch")]
    store = PageStore.open(f"{bucket}/system")
    assert len(objects) == 9
    assert all(store.get(key) for key in objects)
