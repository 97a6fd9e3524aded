"""Whoever looks sees which stored pages are enriched again, and what that changes."""

from uuid import UUID

import httpx

from newsmill_shared.identity import new_id
from tests.support.gateway import Mill

COMPARED_AND_FAILED = """
insert into rework (run_id, article_id, version, fetch_id, state, reason, changes)
select r.id, a.id, 1, gen_random_uuid(),
       case when a.url like '%story' then 'compared' else 'failed' end,
       case when a.url like '%story' then '' else 'page_missing' end,
       '{"title": ["<b>was</b>", "is"], "authors": [[], ["Ana"]],
         "text": [{"characters": 1200, "excerpt": "We use"}, null]}'
from rework_run r, article a
"""


def begin(mill: Mill, **asked: object) -> UUID:
    return UUID(mill.api.post("/v1/reprocess", json=asked).json()["id"])


def test_runs_are_listed_with_what_they_are_about(site: httpx.Client, mill: Mill) -> None:
    begin(mill, label="sport", model_older_than={"language": 2}, why="new lists")

    page = site.get("/runs")

    assert page.status_code == 200
    assert "label sport, language older than 2" in page.text
    assert "new lists" in page.text


def test_a_run_is_shown_with_what_would_change_and_what_failed(
    site: httpx.Client, mill: Mill
) -> None:
    mill.store("https://paper.example/story")
    mill.store("https://paper.example/other")
    run = begin(mill, sample=5)
    mill.sql(COMPARED_AND_FAILED)

    page = site.get("/runs", params={"of": str(run)}).text

    assert "https://paper.example/story" in page
    assert "https://paper.example/other" in page
    assert "&lt;b&gt;was&lt;/b&gt;" in page
    assert "1,200 characters: We use" in page
    assert "page_missing" in page


def test_without_runs_and_with_an_unknown_one_the_page_says_so(site: httpx.Client) -> None:
    none = site.get("/runs")
    unknown = site.get("/runs", params={"of": str(new_id())})
    no_id = site.get("/runs", params={"of": "x"})

    assert "There was none" in none.text
    assert (unknown.status_code, no_id.status_code) == (404, 200)
