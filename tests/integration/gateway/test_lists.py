"""Lists are walked page by page while others write, and nothing is skipped or repeated."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from newsmill_gateway.adapters import sql_lists
from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.messages import Category, Language
from newsmill_shared.reasons import Reason
from tests.support.builders import NOON, a_page, an_article, an_article_enriched
from tests.support.gateway import Mill

PAPER = "https://paper.example"
OTHER = "https://other.example"
CRIME = Category(id="medtop:02000000", name="crime", score=0.9)
SPORT = Category(id="medtop:15000000", name="sport", score=0.8)


def walk(mill: Mill, path: str, name: str, **query: str) -> Iterator[dict[str, Any]]:
    """Give the entries of a list, page by page; what is written meanwhile may come, too."""
    cursor: dict[str, str] = {}
    while True:
        page: dict[str, Any] = mill.get(path, **query, **cursor)
        yield from page[name]
        if page["next"] is None or page.get("more") is False:
            return
        cursor = {"cursor": str(page["next"])}


def articles(mill: Mill, **query: str) -> list[str]:
    return [entry["url"] for entry in walk(mill, "/v1/articles", "articles", **query)]


def jobs(mill: Mill, **query: str) -> list[str]:
    return [entry["url"] for entry in walk(mill, "/v1/jobs", "jobs", **query)]


def tagged(mill: Mill, url: str, label: str) -> UUID:
    answer = mill.api.post("/v1/urls", json={"url": url, "label": label}).json()
    return UUID(answer["items"][0]["job_id"])


def end(mill: Mill, job_id: UUID, reason: Reason) -> None:
    mill.finish(Ending(job_id=job_id, attempt=None, reason=reason))


def test_articles_come_in_the_order_of_their_storing(mill: Mill) -> None:
    urls = [f"{PAPER}/{number}" for number in range(5)]
    for url in urls:
        mill.store(url)

    forth, back = articles(mill, limit="2"), articles(mill, limit="2", order="newest")

    assert forth == urls
    assert back == urls[::-1]


def test_an_article_of_a_list_is_a_summary_unless_it_is_wanted_in_full(mill: Mill) -> None:
    mill.store(f"{PAPER}/1")

    (summary,) = walk(mill, "/v1/articles", "articles")
    (whole,) = walk(mill, "/v1/articles", "articles", full="true")

    assert whole == mill.get(f"/v1/articles/{whole['article_id']}")
    only_whole = {name: whole[name] for name in ("text", "aliases", "evidence")}
    assert {**summary, **only_whole} == whole
    assert "text" not in summary


def test_articles_are_chosen_by_what_they_are(mill: Mill) -> None:
    job_id = tagged(mill, f"{PAPER}/1", "front page")
    article = an_article(categories=(CRIME, SPORT), language=Language(tag="az", confidence=1))
    mill.finish(an_article_enriched(job_id, page=a_page(f"{PAPER}/1"), article=article))
    mill.store(f"{PAPER}/2", article=an_article(categories=(SPORT,)))
    mill.store(f"{OTHER}/3")

    chosen = {
        "language": articles(mill, language="az"),
        "category": articles(mill, category=SPORT.id),
        "host": articles(mill, host="PAPER.example"),
        "label": articles(mill, label="front page"),
        "both": articles(mill, host="paper.example", category=CRIME.id, language="az"),
        "neither": articles(mill, host="other.example", category=CRIME.id),
        "unknown": articles(mill, label="back page"),
    }

    assert chosen == {
        "language": [f"{PAPER}/1"],
        "category": [f"{PAPER}/1", f"{PAPER}/2"],
        "host": [f"{PAPER}/1", f"{PAPER}/2"],
        "label": [f"{PAPER}/1"],
        "both": [f"{PAPER}/1"],
        "neither": [],
        "unknown": [],
    }


def test_an_article_that_changes_moves_on_and_leaves_no_trace(mill: Mill) -> None:
    mill.store(f"{PAPER}/1", article=an_article(categories=(CRIME,)))
    mill.store(f"{PAPER}/2", article=an_article(categories=(CRIME,)))

    changed = an_article("Other words", categories=(SPORT,))
    later = a_page(f"{PAPER}/1", fetched_at=NOON + timedelta(hours=1))
    mill.store(f"{PAPER}/1", page=later, article=changed)

    assert articles(mill) == [f"{PAPER}/2", f"{PAPER}/1"]
    assert articles(mill, category=CRIME.id) == [f"{PAPER}/2"]
    assert articles(mill, category=SPORT.id) == [f"{PAPER}/1"]


def test_the_end_of_the_list_is_where_what_comes_later_begins(mill: Mill) -> None:
    mill.store(f"{PAPER}/1")
    end_of_list: dict[str, Any] = mill.get("/v1/articles")

    nothing: dict[str, Any] = mill.get("/v1/articles", cursor=str(end_of_list["next"]))
    mill.store(f"{PAPER}/2")
    after: dict[str, Any] = mill.get("/v1/articles", cursor=str(nothing["next"]))

    assert (nothing["articles"], nothing["more"]) == ([], False)
    assert [entry["url"] for entry in after["articles"]] == [f"{PAPER}/2"]


def test_since_leaves_out_what_was_there_before(mill: Mill) -> None:
    mill.store(f"{PAPER}/1")
    mill.store(f"{PAPER}/2")
    later: dict[str, Any] = mill.get("/v1/changes", after="1")

    since = later["changes"][0]["at"]
    found = articles(mill, since=since), articles(mill, since=since, order="newest")
    none = articles(mill, since="2099-01-01T00:00:00Z")

    assert found == ([f"{PAPER}/2"], [f"{PAPER}/2"])
    assert none == []


def test_a_walk_meets_each_version_once_however_much_is_written(mill: Mill) -> None:
    for number in range(9):
        mill.store(f"{PAPER}/{number}")
    walker = walk(mill, "/v1/articles", "articles", limit="2")

    met = [(entry["url"], entry["version"]) for entry in (next(walker), next(walker))]
    later = a_page(f"{PAPER}/1", fetched_at=NOON + timedelta(hours=1))
    mill.store(f"{PAPER}/1", page=later, article=an_article("Other words"))
    later = a_page(f"{PAPER}/7", fetched_at=NOON + timedelta(hours=1))
    mill.store(f"{PAPER}/7", page=later, article=an_article("Other words"))
    mill.store(f"{PAPER}/9")
    met += [(entry["url"], entry["version"]) for entry in walker]

    paths = [(url.rpartition("/")[2], version) for url, version in met]
    assert paths == [
        *[(str(number), 1) for number in range(7)],
        ("8", 1),
        ("1", 2),
        ("7", 2),
        ("9", 1),
    ]


def test_what_commits_late_is_behind_no_cursor(mill: Mill, settings: GatewaySettings) -> None:
    """Its event was made first; a list in the order of making would lose it."""
    slow, quick = mill.add(f"{PAPER}/slow"), mill.add(f"{PAPER}/quick")
    engine = make_engine(settings.database_url, name="test", pool_size=0)
    with transaction(engine) as late:
        finish(late, [an_article_enriched(slow, page=a_page(f"{PAPER}/slow"))])
        mill.finish(an_article_enriched(quick, page=a_page(f"{PAPER}/quick")))
        before: dict[str, Any] = mill.get("/v1/articles")
        events: dict[str, Any] = mill.get("/v1/changes")
    mill.store(f"{PAPER}/last")

    after = mill.get("/v1/articles", cursor=str(before["next"]))
    events_after = mill.get("/v1/changes", after=str(events["next"]))

    assert [entry["url"] for entry in before["articles"]] == [f"{PAPER}/quick"]
    assert [entry["url"] for entry in cast("Any", after["articles"])] == [
        f"{PAPER}/slow",
        f"{PAPER}/last",
    ]
    assert [change["position"] for change in cast("Any", events_after["changes"])] == [2, 3]


def test_jobs_come_newest_first_open_and_finished_alike(mill: Mill) -> None:
    ids = {number: mill.add(f"{PAPER}/{number}") for number in range(6)}
    end(mill, ids[1], Reason.HTTP_404)
    end(mill, ids[4], Reason.EXPIRED)

    found = jobs(mill, limit="2")

    assert found == [f"{PAPER}/{number}" for number in range(5, -1, -1)]


def test_an_entry_of_a_list_is_the_job_without_its_attempts(mill: Mill) -> None:
    open_one, ended = mill.add(f"{PAPER}/1"), mill.store(f"{PAPER}/2")

    found = list(walk(mill, "/v1/jobs", "jobs"))

    alone = [mill.get(f"/v1/jobs/{job}") for job in (ended, open_one)]
    assert [
        {**entry, "attempts": job["attempts"]} for entry, job in zip(found, alone, strict=True)
    ] == alone
    assert not any("attempts" in entry for entry in found)


def test_jobs_are_chosen_by_what_became_of_them(mill: Mill) -> None:
    gone = tagged(mill, f"{PAPER}/gone", "crawl")
    end(mill, gone, Reason.HTTP_404)
    late = tagged(mill, f"{OTHER}/late", "crawl")
    end(mill, late, Reason.EXPIRED)
    tagged(mill, f"{OTHER}/open", "crawl")
    mill.store(f"{PAPER}/stored")

    chosen = {
        "label": jobs(mill, label="crawl"),
        "host": jobs(mill, host="other.example"),
        "state": jobs(mill, state="waiting"),
        "finished": jobs(mill, state="finished"),
        "outcome": jobs(mill, outcome="failed"),
        "reason": jobs(mill, reason="expired"),
        "agree": jobs(mill, reason="expired", outcome="skipped", host="other.example"),
        "disagree": jobs(mill, reason="expired", outcome="failed"),
        "open that ended": jobs(mill, state="waiting", outcome="failed"),
        "unknown host": jobs(mill, host="nowhere.example"),
        "running": jobs(mill, state="running"),
        "since": jobs(mill, since="2099-01-01T00:00:00Z"),
    }

    assert chosen == {
        "label": [f"{OTHER}/open", f"{OTHER}/late", f"{PAPER}/gone"],
        "host": [f"{OTHER}/open", f"{OTHER}/late"],
        "state": [f"{OTHER}/open"],
        "finished": [f"{PAPER}/stored", f"{OTHER}/late", f"{PAPER}/gone"],
        "outcome": [f"{PAPER}/gone"],
        "reason": [f"{OTHER}/late"],
        "agree": [f"{OTHER}/late"],
        "disagree": [],
        "open that ended": [],
        "unknown host": [],
        "running": [],
        "since": [],
    }


def test_jobs_that_end_or_come_during_a_walk_are_met_once(mill: Mill) -> None:
    ids = {number: mill.add(f"{PAPER}/{number}") for number in range(6)}
    walker = walk(mill, "/v1/jobs", "jobs", limit="2")

    met = [next(walker)["url"], next(walker)["url"]]
    for number in (1, 3, 5):
        end(mill, ids[number], Reason.EXPIRED)
    mill.add(f"{PAPER}/new")
    met += [entry["url"] for entry in walker]

    assert met == [f"{PAPER}/{number}" for number in range(5, -1, -1)]


@pytest.mark.parametrize("limit", ["1", "2", "100"])
def test_a_page_gives_up_looking_and_the_next_one_goes_on(
    mill: Mill, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(sql_lists, "LOOKED_AT", 3)
    urls = [f"{OTHER if number % 4 == 0 else PAPER}/{number}" for number in range(12)]
    ids = [mill.add(url) for url in urls]
    for number in (1, 2, 3, 4, 8, 9):
        mill.finish(an_article_enriched(ids[number], page=a_page(urls[number])))
    query = {"host": "other.example", "limit": limit}

    found = {
        "all": jobs(mill, limit=limit),
        "host": jobs(mill, **query),
        "open": jobs(mill, state="waiting", **query),
        "stored": jobs(mill, outcome="stored", **query),
        "articles": articles(mill, language="en", **query),
        "newest": articles(mill, language="en", order="newest", **query),
    }

    assert found == {
        "all": urls[::-1],
        "host": [f"{OTHER}/8", f"{OTHER}/4", f"{OTHER}/0"],
        "open": [f"{OTHER}/0"],
        "stored": [f"{OTHER}/8", f"{OTHER}/4"],
        "articles": [f"{OTHER}/4", f"{OTHER}/8"],
        "newest": [f"{OTHER}/8", f"{OTHER}/4"],
    }


def test_changes_come_in_pages_and_tell_how_many_there_are(mill: Mill) -> None:
    for number in range(3):
        mill.store(f"{PAPER}/{number}")

    first: dict[str, Any] = mill.get("/v1/changes", limit="2")
    rest: dict[str, Any] = mill.get("/v1/changes", after=str(first["next"]))

    assert [entry["position"] for entry in first["changes"]] == [1, 2]
    assert (first["next"], first["last"]) == (2, 3)
    assert [entry["position"] for entry in rest["changes"]] == [3]
    assert (rest["next"], rest["last"]) == (3, 3)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/jobs?state=asleep", "invalid_parameter"),
        ("/v1/jobs?outcome=lost", "invalid_parameter"),
        ("/v1/jobs?reason=none", "invalid_parameter"),
        ("/v1/jobs?since=yesterday", "invalid_parameter"),
        ("/v1/jobs?since=2025-06-17T18:17:00", "invalid_parameter"),
        ("/v1/jobs?cursor=7", "invalid_parameter"),
        ("/v1/jobs?limit=0", "invalid_parameter"),
        ("/v1/jobs?limit=501", "invalid_parameter"),
        ("/v1/jobs?label=", "invalid_parameter"),
        ("/v1/jobs?label=%00", "invalid_parameter"),
        ("/v1/jobs?host=a.example/path", "invalid_parameter"),
        ("/v1/jobs?host=%00", "invalid_parameter"),
        ("/v1/jobs?colour=red", "unknown_parameter"),
        ("/v1/jobs?url=https://a.example/&host=a.example", "invalid_parameter"),
        ("/v1/articles?langauge=az", "unknown_parameter"),
        ("/v1/articles?language=%00", "invalid_parameter"),
        ("/v1/articles?category=%C3%BC", "invalid_parameter"),
        ("/v1/articles?order=random", "invalid_parameter"),
        ("/v1/articles?cursor=-1", "invalid_parameter"),
        ("/v1/articles?cursor=9223372036854775808", "invalid_parameter"),
        ("/v1/articles?cursor=x", "invalid_parameter"),
        ("/v1/articles?full=maybe", "invalid_parameter"),
        ("/v1/changes?after=-1", "invalid_parameter"),
        ("/v1/changes?limit=10001", "invalid_parameter"),
        ("/v1/changes?before=3", "unknown_parameter"),
    ],
)
def test_what_makes_no_sense_is_refused(module_api: httpx.Client, path: str, code: str) -> None:
    answer = module_api.get(path)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
