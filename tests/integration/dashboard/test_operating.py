"""Operators act on pages: previewed, confirmed by a form of ours, written down, no JavaScript."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest

from newsmill_gateway.dashboard.operating import ACTS
from newsmill_gateway.dashboard.shell import HEADERS
from newsmill_shared.database.finish import Ending
from newsmill_shared.reasons import Reason
from tests.integration.dashboard.test_sessions import sign_in
from tests.support.gateway import Mill

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
HREF = re.compile(r'href="(/acts/[^"]+)"')


def fields_of(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of a page's form, the last of it."""
    form = (
        page.text.rpartition("<form")[0].rpartition("<form")[2]
        if "Sign out" in page.text
        else (page.text.rpartition("<form")[2])
    )
    return {name: unescape(value) for name, value in HIDDEN.findall(form)}


def confirmed(site: httpx.Client, path: str, **more: str) -> httpx.Response:
    """Look at a preview and send its form."""
    page = site.get(path)
    assert page.status_code == 200, page.text
    return site.post(path, data={**fields_of(page), **more})


def died(mill: Mill, url: str, reason: Reason = Reason.MEMORY) -> UUID:
    job_id = mill.add(url)
    mill.finish(Ending(job_id=job_id, attempt=None, reason=reason, detail="so"))
    return job_id


def links(site: httpx.Client, path: str) -> list[str]:
    return [unescape(href) for href in HREF.findall(site.get(path).text)]


def acts(mill: Mill) -> list[tuple[str, str, str]]:
    found: Any = mill.get("/v1/audit")["acts"]
    return [(act["by"], act["act"], act["subject"]) for act in found]


def test_a_group_of_failures_is_retried_from_its_page(site: httpx.Client, mill: Mill) -> None:
    died(mill, "https://gone.example/1", Reason.TIMEOUT)
    died(mill, "https://gone.example/2", Reason.TIMEOUT)
    died(mill, "https://other.example/1", Reason.TIMEOUT)
    path = "/acts/retry?outcome=failed&reason=timeout&host=gone.example"
    assert path in links(site, "/failures")

    preview = site.get(path)
    done = confirmed(site, path, why="it is back")

    assert "Retry 2 jobs?" in preview.text
    assert "https://gone.example/1" in preview.text
    assert "Retried 2 jobs" in done.text
    assert "gone.example" not in site.get("/failures?reason=timeout").text
    assert acts(mill) == [("dashboard", "dead.retry", "gone.example")]
    assert mill.get("/v1/conservation")["unaccounted"] == 0


def test_a_confirmation_that_is_sent_twice_retries_once(site: httpx.Client, mill: Mill) -> None:
    job = died(mill, "https://paper.example/1")
    path = f"/acts/retry?job={job}"
    assert path in links(site, f"/jobs/{job}")
    form = fields_of(site.get(path))

    answers = [site.post(path, data=form) for _ in range(2)]

    assert ["Retried 1 job" in answer.text for answer in answers] == [True, True]
    assert mill.get("/v1/conservation")["open"] == {"waiting": 1}
    assert "Nothing to retry" in site.get(path).text


def test_what_died_is_discarded_and_still_counted(site: httpx.Client, mill: Mill) -> None:
    died(mill, "https://paper.example/1")
    before = mill.get("/v1/conservation")
    (path,) = [href for href in links(site, "/failures?kind=dead") if "/discard?" in href]

    done = confirmed(site, path, why="known")

    assert "Discarded 1 job" in done.text
    assert mill.get("/v1/conservation") == before
    assert mill.get("/v1/dead")["jobs"] == []


def test_a_job_that_waits_is_cancelled_from_its_page(site: httpx.Client, mill: Mill) -> None:
    job = mill.add("https://paper.example/1")
    (path,) = links(site, f"/jobs/{job}")

    done = confirmed(site, path, why="twice")

    assert "Cancelled 1 job" in done.text
    assert mill.get(f"/v1/jobs/{job}")["detail"] == "by dashboard: twice"


def test_a_host_is_cancelled_paused_and_resumed(site: httpx.Client, mill: Mill) -> None:
    mill.add("https://paper.example/1")
    mill.add("https://other.example/1")
    cancel = "/acts/cancel?host=paper.example"
    pause = "/acts/pause?scope=host&value=paper.example"
    assert {cancel, pause} <= set(links(site, "/hosts?of=paper.example"))

    cancelled = confirmed(site, cancel)
    paused = confirmed(site, pause, reason="they wrote", seconds="1800")
    shown = site.get("/acts/resume").text
    resumed = confirmed(site, "/acts/resume")

    assert "Cancelled 1 job" in cancelled.text
    assert "Paused host paper.example, until" in paused.text
    assert "they wrote" in shown
    assert "Host paper.example goes on" in resumed.text
    assert mill.get("/v1/pauses")["pauses"] == []
    assert [act for _, act, _ in acts(mill)] == ["pause.lift", "pause.set", "job.cancel"]


def test_an_article_is_deleted_from_the_page_of_its_job(site: httpx.Client, mill: Mill) -> None:
    job = mill.store("https://paper.example/story")
    article = str(mill.get(f"/v1/jobs/{job}")["article_id"])
    before = mill.get("/v1/conservation")
    (path,) = links(site, f"/jobs/{job}")

    preview = site.get(path)
    looked = site.get(f"/v1/articles/{article}")
    form = {**fields_of(preview), "why": "they asked"}
    done, again = (site.post(path, data=form) for _ in range(2))

    assert "Delete this article?" in preview.text
    assert "https://paper.example/story" in preview.text
    assert "open jobs that end with it" in preview.text
    assert looked.status_code == 200
    assert "Deleted the article" in done.text
    assert "It was deleted before" in again.text
    assert "It was deleted before" in site.get(path).text
    assert site.get(f"/v1/articles/{article}").status_code == 410
    assert links(site, f"/jobs/{job}") == []
    assert acts(mill) == [("dashboard", "article.delete", f"article {article}")]
    assert mill.get("/v1/conservation") == before


def test_everything_is_paused_from_the_overview(site: httpx.Client, mill: Mill) -> None:
    assert links(site, "/") == ["/acts/pause?scope=all", "/acts/resume"]

    confirmed(site, "/acts/pause?scope=all")

    (pause,) = site.get("/v1/pauses").json()["pauses"]
    assert (pause["scope"], pause["by"]) == ("all", "dashboard")


@pytest.mark.parametrize("act", ACTS)
def test_a_form_of_another_site_does_nothing(site: httpx.Client, mill: Mill, act: str) -> None:
    died(mill, "https://paper.example/1")
    mill.add("https://paper.example/2")
    before = mill.get("/v1/conservation")

    fields = {"host": "paper.example", "scope": "all", "token": "x"}
    answer = site.post(f"/acts/{act}", data=fields)

    assert answer.status_code == 403
    assert mill.get("/v1/conservation") == before
    assert acts(mill) == []


def test_a_preview_changes_nothing(site: httpx.Client, mill: Mill) -> None:
    died(mill, "https://paper.example/1")
    mill.add("https://paper.example/2")
    before = mill.get("/v1/conservation")

    for path in (
        "retry",
        "discard",
        "cancel?host=paper.example",
        "pause?scope=all",
        "resume",
        "reprocess",
    ):
        assert site.get(f"/acts/{path}").status_code == 200

    assert mill.get("/v1/conservation") == before
    assert acts(mill) == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/acts/burn", 404),
        ("/acts/cancel", 422),
        ("/acts/delete", 422),
        (f"/acts/delete?article={UUID(int=7)}", 404),
        ("/acts/retry?reason=boredom", 422),
        ("/acts/retry?whatever=1", 422),
        ("/acts/pause?scope=stage&value=gateway", 422),
    ],
)
def test_what_cannot_be_done_is_said_in_words(site: httpx.Client, path: str, status: int) -> None:
    answer = site.get(path)

    assert answer.status_code == status
    assert "<h1" in answer.text


def test_acts_need_somebody_who_has_signed_in(locked_site: httpx.Client) -> None:
    path = "/acts/pause?scope=all"
    looked, sent = locked_site.get(path), locked_site.post(path, data={"scope": "all"})
    sign_in(locked_site)

    page = locked_site.get(path)

    assert (looked.status_code, sent.status_code) == (303, 401)
    assert page.status_code == 200
    assert page.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
