"""`add`, `status` and `show`, over an API that is played by a fake."""

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from newsmill_cli.api import Api
from newsmill_cli.main import app

JOB = "01890000-0000-7000-8000-000000000001"


@pytest.fixture
def mill(monkeypatch: pytest.MonkeyPatch) -> "FakeMill":
    """A newsmill that is found by every command."""
    fake = FakeMill()

    def connect(data: Path) -> Api:
        transport = httpx.MockTransport(fake.answer)
        return Api("http://mill", transport=transport, sleep=lambda _: None)

    for command in ("add", "status", "show"):
        monkeypatch.setattr(f"newsmill_cli.commands.{command}.connect", connect)
    return fake


def test_add_waits_and_shows_what_became_of_each(
    mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """A table, then the counts."""
    code = app(["add", "http://a.example/1", "http://a.example/2", "--wait", "--label", "x"])

    said = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [item["label"] for item in mill.submitted] == ["x", "x"]
    assert "http://a.example/1" in said[1]
    assert "stored" in said[1]
    assert said[-1] == "stored 2"


def test_add_without_waiting_gives_the_jobs(
    mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each: they can be asked for later."""
    code = app(["add", "http://a.example/1", "--no-wait"])

    said = capsys.readouterr().out.splitlines()
    assert code == 0
    assert said == ["accepted 1, refused 0", f"{JOB[:-1]}1  http://a.example/1"]


def test_refused_lines_are_told_by_their_number_and_the_others_go_in(
    mill: "FakeMill", capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether we refuse them or the API does; exit code 1."""
    lines = b'# list\n{"url": 1}\nhttp://a.example/1\nnonsense\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines)))

    code = app(["add", "-", "--json"])

    said = json.loads(capsys.readouterr().out)
    assert code == 1
    assert (said["accepted"], said["rejected"]) == (1, 2)
    assert [item["line"] for item in said["items"] if "error" in item] == [2, 4]
    assert "jobs" not in said


def test_many_urls_go_in_several_requests_with_keys_of_their_own(mill: "FakeMill") -> None:
    """A request that is too large would be refused as a whole."""
    code = app(["add", *[f"http://a.example/{number}" for number in range(1100)], "--no-wait"])

    assert code == 0
    assert len(mill.submitted) == 1100
    assert len(mill.keys) == 3
    assert len(set(mill.keys)) == 3


def test_a_failed_page_makes_exit_code_1(mill: "FakeMill") -> None:
    """A script sees it without reading."""
    mill.outcome = "failed"

    assert app(["add", "http://a.example/1", "--wait"]) == 1


def test_a_page_that_is_not_finished_in_time_makes_exit_code_1(
    mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """The table shows its state."""
    mill.outcome = ""

    code = app(["add", "http://a.example/1", "--wait", "--timeout", "0"])

    assert code == 1
    assert capsys.readouterr().out.splitlines()[-1] == "running 1"


def test_a_file_is_handed_in_with_where_it_is_from(mill: "FakeMill", tmp_path: Path) -> None:
    """And in which zone its site lives."""
    file = tmp_path / "page.txt"
    file.write_text("Headline\n")
    options = ["--url", "http://a.example/1", "--timezone", "Asia/Baku", "--priority", "9"]

    code = app(["add", "--file", str(file), *options])

    assert code == 0
    document = mill.submitted[0]
    assert document["url"] == "http://a.example/1"
    assert document["media_type"] == "text/plain"
    assert document["timezone"] == "Asia/Baku"
    assert document["priority"] == 9


def test_status_is_asked_by_job_or_by_url(
    mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the caller has."""
    assert app(["status", JOB, "--json"]) == 0
    assert app(["status", "http://a.example/1"]) == 0

    said = capsys.readouterr().out
    assert json.loads(said[: said.index("}") + 1])["job_id"] == JOB
    assert mill.asked == [f"/v1/jobs/{JOB}", "/v1/jobs?http://a.example/1"]


@pytest.mark.parametrize("command", ["status", "show"])
def test_a_job_and_an_article_come_with_their_attempts(
    command: str, mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """Why it took so long is asked of either."""
    mill.attempts = [
        {"attempt": 1, "stage": "ingest", "ended": "ended", "reason": "timeout", "held_seconds": 30}
    ]

    assert app([command, "http://a.example/1"]) == 0

    assert "timeout; tried again after 30 s" in capsys.readouterr().out


def test_show_json_prints_the_article_as_given(
    mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is added, left out or renamed."""
    code = app(["show", "http://a.example/1", "--json"])

    assert code == 0
    assert json.loads(capsys.readouterr().out) == FakeMill.ARTICLE


def test_show_prints_an_article_to_read(
    mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """Headline, what is known of it, and its paragraphs."""
    code = app(["show", "http://a.example/1"])

    said = capsys.readouterr().out
    assert code == 0
    assert said.startswith("Nehir [yükseliyor]\nhttp://a.example/1\n")
    assert "categories: weather" in said
    assert "First.\n\nSecond.\n" in said


def test_show_of_a_job_shows_the_article_that_it_brought(
    mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """A job's id is what `add` gives."""
    mill.articles = {"01890000-0000-7000-8000-0000000000aa"}

    assert app(["show", JOB]) == 0

    assert capsys.readouterr().out.startswith("Nehir")


@pytest.mark.parametrize("which", [JOB, "http://a.example/1"])
def test_show_of_a_job_without_an_article_shows_its_attempts_instead(
    which: str, mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """A dead job is looked at, too; exit code 1 says that there is no article."""
    mill.articles, mill.outcome = set(), "dead"
    mill.attempts = [{"attempt": 3, "stage": "enrich", "ended": "lost", "reason": "memory"}]

    assert app(["show", which]) == 1

    said = capsys.readouterr().out
    assert "dead" in said
    assert "memory" in said


@pytest.mark.parametrize("command", ["status", "show"])
def test_what_is_not_known_makes_exit_code_1_and_says_what_to_do(
    command: str, mill: "FakeMill", capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer is no."""
    code = app([command, "http://unknown.example/"])

    assert code == 1
    assert "http://unknown.example/" in capsys.readouterr().err


class FakeMill:
    """Accepts every URL that looks like one; each job has ``outcome`` at once."""

    ARTICLE: dict[str, Any] = {
        "article_id": "1",
        "title": "Nehir [yükseliyor]",
        "url": "http://a.example/1",
        "text": "First.\nSecond.",
        "language": "tr",
        "categories": [{"name": "weather"}],
        "duplicate_of": None,
    }

    def __init__(self) -> None:
        self.submitted: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.asked: list[str] = []
        self.outcome = "stored"
        self.attempts: list[dict[str, Any]] = []
        self.articles: set[str] | None = None
        """Ids of those that there are; every one, if not said."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the gateway would."""
        if request.method == "POST":
            self.keys.append(request.headers["Idempotency-Key"])
            body = json.loads(request.content)
            items = [self._accept(*pair) for pair in enumerate(as_list(body), start=1)]
            return httpx.Response(202, json={"receipt": self.keys[-1], "items": items})
        url = parse_qs(request.url.query.decode()).get("url", [""])[0]
        self.asked.append(request.url.path + (f"?{url}" if url else ""))
        if "unknown" in url:
            return httpx.Response(404, json={"detail": "not found"})
        if "/articles" in request.url.path:
            name = url or request.url.path.rpartition("/")[2]
            if self.articles is not None and name not in self.articles:
                return httpx.Response(404, json={"detail": "not found"})
            return httpx.Response(200, json=self.ARTICLE)
        state = {"state": "finished", "outcome": self.outcome} if self.outcome else {}
        running = {"job_id": JOB, "url": "http://a.example/1", "state": "running"}
        job: dict[str, Any] = {**running, **state}
        if self.attempts:
            job["attempts"] = self.attempts
        if self.articles:
            (job["article_id"],) = self.articles
        return httpx.Response(200, json=job)

    def _accept(self, line: int, item: dict[str, Any]) -> dict[str, Any]:
        if not item["url"].startswith("http"):
            return {"line": line, "error": {"code": "url", "detail": "not absolute"}}
        self.submitted.append(item)
        job_id = f"{JOB[:-6]}{len(self.submitted):06}"
        return {"line": line, "url": item["url"], "job_id": job_id}


def as_list(body: Any) -> list[dict[str, Any]]:
    """A body of one or of many."""
    return body if isinstance(body, list) else [body]
