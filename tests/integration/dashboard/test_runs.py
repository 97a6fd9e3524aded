"""Whoever looks sees which stored pages are enriched again, and what that changes."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from newsmill_shared.identity import new_id
from tests.integration.dashboard.test_operating import acts, confirmed, fields_of, links
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


def runs(site: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.get("/v1/reprocess").json()["runs"]
    return found


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


def test_a_sample_is_compared_and_then_all_are_enriched(site: httpx.Client, mill: Mill) -> None:
    mill.store("https://paper.example/story")
    before = mill.get("/v1/conservation")

    path = "/acts/reprocess?host=paper.example&label=&language=&since=&part=&older_than="
    preview = site.get(path)
    looked = site.get("/runs")
    answers = [site.post(path, data=fields_of(preview)) for _ in range(2)]
    (sample,) = runs(site)
    mill.sql("update rework_run set state = 'ended', planned = 1")
    (offered,) = links(site, f"/runs?of={sample['id']}")
    begun = confirmed(site, offered, why="new lists")
    written, _ = runs(site)

    assert "Compare 20 stored pages?" in preview.text
    assert "There was none" in looked.text
    assert ["Begun to compare" in answer.text for answer in answers] == [True, True]
    assert (sample["mode"], sample["sample"]) == ("preview", 20)
    assert "Begun to enrich them again" in begun.text
    assert (written["mode"], written["filters"]) == ("write", {"host": "paper.example"})
    assert acts(mill) == [("dashboard", "reprocess.begin", f"run {written['id']}")]
    assert mill.get("/v1/conservation") == before


def test_a_run_is_stopped_and_goes_on_from_its_page(site: httpx.Client, mill: Mill) -> None:
    run = begin(mill)
    page = f"/runs?of={run}"

    stopped = confirmed(site, *links(site, page), why="the disk")
    state = mill.get(f"/v1/reprocess/{run}")["state"]
    went_on = confirmed(site, *links(site, page))

    assert "Stopped the run" in stopped.text
    assert state == "stopped"
    assert "The run goes on" in went_on.text
    assert mill.get(f"/v1/reprocess/{run}")["state"] == "running"
    assert [act for _, act, _ in acts(mill)] == [
        "reprocess.continue",
        "reprocess.stop",
        "reprocess.begin",
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/acts/stop", 422),
        (f"/acts/stop?run={UUID(int=7)}", 404),
        ("/acts/reprocess?compared=x", 422),
        ("/acts/reprocess?part=language", 422),
    ],
)
def test_what_cannot_be_done_with_runs_is_said_in_words(
    site: httpx.Client, path: str, status: int
) -> None:
    answer = site.get(path)

    assert answer.status_code == status
    assert "<h1" in answer.text
