"""The pages, from what is in the ledger."""

from datetime import UTC, datetime
from html import unescape
from uuid import UUID

import httpx
import pytest

from newsmill_shared.database.attempts import AttemptEnd, EndedAttempt
from newsmill_shared.database.finish import Ending
from newsmill_shared.messages import Category, Evidence, Span
from newsmill_shared.reasons import Reason
from tests.support.builders import a_page, a_relation, an_article, an_article_enriched
from tests.support.gateway import Mill

pytestmark = pytest.mark.usefixtures("everybody_alive")

PAGES = ["/", "/failures", "/hosts", "/articles"]


def an_ending(job_id: UUID, reason: Reason, detail: str = "") -> Ending:
    return Ending(job_id=job_id, attempt=None, reason=reason, detail=detail)


def shown(site: httpx.Client, path: str) -> str:
    page = site.get(path, follow_redirects=True)
    assert page.status_code == 200, page.text
    return unescape(page.text)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown_before_anything_was_handed_in(site: httpx.Client, path: str) -> None:
    page = site.get(path)

    assert page.status_code == 200, page.text


def test_an_empty_system_says_what_to_do_next(site: httpx.Client) -> None:
    page = shown(site, "/")

    assert "Ready: every part runs" in page
    assert "Hand in one URL" in page


def test_a_url_is_handed_in_on_the_page_and_explained(site: httpx.Client) -> None:
    page = site.get("/").text
    token = page.partition('name="token" value="')[2].partition('"')[0]

    answer = site.post(
        "/hand-in", data={"token": token, "url": "https://paper.example/a"}, follow_redirects=True
    )

    assert answer.status_code == 200
    assert "Waiting" in answer.text
    assert "https://paper.example/a" in answer.text


def test_a_url_that_cannot_be_taken_is_refused_with_its_reason(site: httpx.Client) -> None:
    page = site.get("/").text
    token = page.partition('name="token" value="')[2].partition('"')[0]

    answer = site.post("/hand-in", data={"token": token, "url": "ftp://paper.example/a"})

    assert answer.status_code == 422
    assert "This URL cannot be taken" in answer.text


def test_a_form_of_another_site_hands_nothing_in(site: httpx.Client, mill: Mill) -> None:
    answer = site.post("/hand-in", data={"token": "x", "url": "https://paper.example/a"})

    assert answer.status_code == 403
    assert mill.get("/v1/conservation")["accepted"] == 0


def test_the_sum_is_printed_with_links_to_its_terms(site: httpx.Client, mill: Mill) -> None:
    mill.store("https://paper.example/one")
    mill.add("https://paper.example/two")

    page = shown(site, "/")

    assert '<a id="sum-stored" href="/articles">1</a>' in page
    assert '<a id="sum-waiting" href="/hosts">1</a>' in page
    assert "unaccounted" in page


@pytest.mark.parametrize("part", ["verdict", "ledger", "flow", "waiting", "outcomes", "workers"])
def test_every_live_part_is_answered_without_its_page(site: httpx.Client, part: str) -> None:
    answer = site.get(f"/live/{part}")

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "<h" in answer.text


def test_an_unknown_live_part_is_not_found(site: httpx.Client) -> None:
    assert site.get("/live/everything").status_code == 404


def test_failures_are_grouped_by_reason_and_host(site: httpx.Client, mill: Mill) -> None:
    for name in ("a", "b"):
        job = mill.add(f"https://gone.example/{name}")
        mill.finish(an_ending(job, Reason.HTTP_404, "status 404"))
    dead = mill.add("https://killer.example/page")
    mill.finish(an_ending(dead, Reason.WORKER_LOST, "lost three times"))

    page = shown(site, "/failures")

    assert "2 failed and 1 dead, of the last 3 outcomes" in page
    assert "/failures?reason=http_404&host=gone.example" in page
    assert "lost three times" in page


@pytest.mark.parametrize(
    ("query", "found", "left_out"),
    [
        ("reason=http_404", "gone.example/a", "killer.example/page"),
        ("host=killer.example", "killer.example/page", "gone.example/a"),
        ("kind=dead", "killer.example/page", "gone.example/a"),
    ],
)
def test_failures_are_narrowed_down(
    site: httpx.Client, mill: Mill, query: str, found: str, left_out: str
) -> None:
    gone = mill.add("https://gone.example/a")
    mill.finish(an_ending(gone, Reason.HTTP_404, ""))
    dead = mill.add("https://killer.example/page")
    mill.finish(an_ending(dead, Reason.WORKER_LOST, ""))

    page = shown(site, f"/failures?{query}")

    assert found in page
    assert left_out not in page


def test_hosts_are_listed_by_backlog_and_shown_closely(site: httpx.Client, mill: Mill) -> None:
    mill.add("https://small.example/1")
    for number in range(3):
        mill.add(f"https://large.example/{number}")

    page = shown(site, "/hosts?of=large.example")

    assert page.index("/hosts?of=large.example") < page.index("/hosts?of=small.example")
    assert "Next in line" in page
    assert "https://large.example/0" in page


def test_what_is_set_for_a_host_is_shown_without_secrets(site: httpx.Client, mill: Mill) -> None:
    mill.add("https://large.example/1")
    site.patch(
        "/v1/hosts/large.example",
        json={"delay_seconds": 7, "headers": {"X-Key": "a-secret"}},
    )

    page = shown(site, "/hosts?of=large.example")

    assert "Why one request every 7 s" in page
    assert "header X-Key" in page
    assert "newsmill hosts set large.example" in page
    assert "a-secret" not in page


def test_articles_are_listed_newest_first(site: httpx.Client, mill: Mill) -> None:
    mill.store("https://paper.example/1", article=an_article("The first story"))
    mill.store("https://paper.example/2", article=an_article("The second story"))

    page = shown(site, "/articles")

    assert page.index("The second story") < page.index("The first story")


@pytest.mark.parametrize(
    "query",
    [
        "lang=en&flag=no_date",
        "cat=medtop:1",
        "host=paper.example&words=WANTED",
        "story=first&words=wanted",
    ],
)
def test_articles_are_found_by_facets(site: httpx.Client, mill: Mill, query: str) -> None:
    category = Category(id="medtop:1", name="politics", score=0.9)
    mill.store(
        "https://paper.example/1", article=an_article("The wanted story", categories=(category,))
    )

    assert "The wanted story" in shown(site, f"/articles?{query}")


@pytest.mark.parametrize(
    "query",
    [
        "lang=fr",
        "flag=no_language",
        "cat=medtop:2",
        "host=a.example",
        "story=copy",
        "words=nowhere",
        "flag=no_category",
    ],
)
def test_articles_of_another_kind_are_left_out(site: httpx.Client, mill: Mill, query: str) -> None:
    category = Category(id="medtop:1", name="politics", score=0.9)
    mill.store(
        "https://paper.example/1", article=an_article("The only story", categories=(category,))
    )

    assert "The only story" not in shown(site, f"/articles?{query}")


def test_older_articles_follow_on_further_pages(site: httpx.Client, mill: Mill) -> None:
    for number in range(21):
        mill.store(f"https://paper.example/{number}", article=an_article(f"Story {number:03}"))
    first = shown(site, "/articles?lang=en")
    older = first.partition('class="button" href="/articles?lang=en&before=')[2].partition('"')[0]

    second = shown(site, f"/articles?lang=en&before={older}")

    assert "Story 020" in first
    assert "Story 000" not in first
    assert "Story 000" in second
    assert "Story 001" not in second


def test_a_job_shows_what_became_of_it_and_why(site: httpx.Client, mill: Mill) -> None:
    evidence = Evidence(
        extraction={
            "published_at": {"local": "2026-01-02", "found_in": "meta date", "confidence": 0.9},
            "date_candidates": [
                {"local": "2026-01-02", "found_in": "meta date", "confidence": 0.9},
                {"local": "1999-01-01", "found_in": "footer", "confidence": 0.1},
            ],
        },
        language={"shares": {"en": 1.0}, "rule": "passages weighed by letters"},
        categories={"unclassified": "ambiguous"},
    )
    job = mill.store(article=an_article("A story explained", evidence=evidence))

    page = shown(site, f"/jobs/{job}")

    assert "Stored as a new article" in page
    assert "meta date" in page
    assert "footer" in page
    assert "passages weighed by letters" in page
    assert "its words speak for several topics, or weakly" in page
    assert "First of its story" in page


def test_a_duplicate_links_to_what_it_repeats(site: httpx.Client, mill: Mill) -> None:
    mill.store("https://first.example/1", article=an_article("The original"))
    relation = a_relation("https://first.example/1")
    compared = [{"article_id": str(relation.article_id), "similarity": 0.94, "rule": "containment"}]
    copy = an_article(
        "The copy", duplicate_of=relation, evidence=Evidence(duplicates={"compared": compared})
    )
    job = mill.store("https://second.example/1", article=copy)

    page = shown(site, f"/jobs/{job}")

    assert "Why a duplicate" in page
    assert "The original" in page
    assert f"/explain?q={relation.article_id}" in page


def test_a_duplicate_shows_what_it_shares_side_by_side_as_text(
    site: httpx.Client, mill: Mill
) -> None:
    first, wire = "https://paper.example/first", "https://wire.example/copy"
    shared = "the council voted <script>alert(1)</script> to repair the old bridge before winter"
    mill.store(first, article=an_article("The first", f"Before. {shared}. After."))
    copy = an_article("The copy", f"{shared.upper()}!", duplicate_of=a_relation(first))
    job_id = mill.store(wire, article=copy)

    page = site.get(f"/jobs/{job_id}").text

    assert "Passages that both have" in page
    assert f"{len(shared)} of {len(shared) + 1} characters stand in the earlier one" in page
    assert "THE COUNCIL VOTED &lt;SCRIPT&gt;ALERT(1)" in page
    assert "the council voted &lt;script&gt;alert(1)" in page


def test_a_job_tells_its_attempts_and_where_its_time_went(site: httpx.Client, mill: Mill) -> None:
    job = mill.add()
    mill.sql(
        "update job set attempt = 2, state = 'running', accepted_at = now() - interval '1 minute'"
    )
    mill.record(
        EndedAttempt(
            job_id=job,
            attempt=1,
            stage="ingest",
            ended=AttemptEnd.ENDED,
            reason=Reason.HTTP_5XX,
            detail="503 <b>Unavailable</b>",
            span=Span(worker="ingest:host-1:4711:9f3c", began_at=datetime.now(UTC), seconds=0.8),
            held_seconds=30,
        )
    )
    mill.finish(an_article_enriched(job, 2))

    page = shown(site, f"/jobs/{job}")

    assert "Attempt 1: 503 &lt;b&gt;" in site.get(f"/jobs/{job}").text
    assert "ingest host-1:4711 · reason http_5xx · tried again after 30 s" in page
    assert "Attempt 2: enriched" in page
    assert "Where 1 min" in page


def test_the_overview_shows_what_each_stage_did_by_the_minute(
    site: httpx.Client, mill: Mill
) -> None:
    mill.store()
    mill.sql("update stage_minute set minute = minute - interval '1 minute'")

    page = shown(site, "/")

    assert "Attempts at enrich a minute, last hour: 0 to 1" in page
    assert "Results recorded a minute, last hour: 0 to 1" in page
    assert "Outcomes a minute, last hour: 0 to 1" in page
    assert "1 in the last full minute · 0.0 % failed" in page


@pytest.mark.parametrize("state", ["waiting", "failed"])
def test_a_job_without_an_article_says_where_it_stands(
    site: httpx.Client, mill: Mill, state: str
) -> None:
    job = mill.add("https://paper.example/x")
    if state == "failed":
        mill.finish(an_ending(job, Reason.DNS, "no such name"))

    page = shown(site, f"/jobs/{job}")

    expected = "the name does not resolve" if state == "failed" else "Waits for its host's turn"
    assert expected in page


def test_a_url_a_job_and_an_article_lead_to_the_same_page(site: httpx.Client, mill: Mill) -> None:
    job = mill.store("https://paper.example/story?utm_source=x")
    article = mill.get(f"/v1/jobs/{job}")["article_id"]

    ends = {
        site.get("/explain", params={"q": asked}).headers["location"]
        for asked in (
            str(job),
            str(article),
            " https://paper.example/story ",
            "paper.example/story",
        )
    }

    assert ends == {f"/jobs/{job}"}


@pytest.mark.parametrize(
    ("asked", "status"),
    [("https://never.example/", 404), (str(UUID(int=1)), 404), ("not a url", 422), ("", 200)],
)
def test_what_is_not_known_is_said_on_a_page(site: httpx.Client, asked: str, status: int) -> None:
    answer = site.get("/explain", params={"q": asked}, follow_redirects=True)

    assert answer.status_code == status
    assert "<h1" in answer.text


def test_the_version_that_a_job_brought_is_explained_not_a_later_one(
    site: httpx.Client, mill: Mill
) -> None:
    first = mill.store(page=a_page(body=b"1"), article=an_article("As it was"))
    mill.store(page=a_page(body=b"2"), article=an_article("As it is"))

    page = shown(site, f"/jobs/{first}")

    assert "As it was" in page
