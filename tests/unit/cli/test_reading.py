"""`export` and `tail`, and how they read, over an API that is played by a fake."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from newsmill_cli.api import Api
from newsmill_cli.errors import UnreachableError
from newsmill_cli.main import app
from newsmill_cli.reading import changes_as_they_come


class FakeMill:
    """Lists articles and events, two at a time."""

    def __init__(self) -> None:
        self.articles = [{"article_id": str(number), "title": "Neft"} for number in range(1, 6)]
        self.asked: list[dict[str, str]] = []
        self.fails_at: int | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the gateway would."""
        query = dict(request.url.params)
        self.asked.append(query)
        if request.url.path.startswith("/v1/jobs/"):
            return httpx.Response(200, json={"url": f"http://a.example{request.url.path}"})
        if request.url.path == "/v1/changes":
            return httpx.Response(200, json=self.changes(int(query["after"])))
        begin = int(query.get("cursor", 0))
        if begin == self.fails_at:
            raise httpx.ConnectError("refused", request=request)
        shown = self.articles[begin : begin + 2]
        page = {"articles": shown, "next": begin + len(shown), "more": begin + 2 < 5}
        return httpx.Response(200, json=page)

    def changes(self, after: int) -> dict[str, Any]:
        """Two events of three, however far they are."""
        events = [
            {
                "position": number,
                "at": "2026-11-25T12:00:00.5Z",
                "kind": "stored",
                "reason": "new",
                "job_id": f"job-{number}",
            }
            for number in range(after + 1, min(after + 3, 4))
        ]
        return {"changes": events, "next": after + len(events), "last": 3}


@pytest.fixture(name="mill")
def a_mill(monkeypatch: pytest.MonkeyPatch) -> FakeMill:
    """A newsmill that is found by the commands."""
    fake = FakeMill()

    def connect(data: Path) -> Api:
        transport = httpx.MockTransport(fake.answer)
        return Api("http://mill", transport=transport, sleep=lambda _: None)

    for command in ("export", "tail"):
        monkeypatch.setattr(f"newsmill_cli.commands.{command}.connect", connect)
    return fake


def test_export_writes_every_article_and_says_where_to_go_on(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    code = app(["export", "--since", "2025-06-17T18:17:00+02:00", "--language", "az"])

    said = capsys.readouterr()
    assert code == 0
    assert [json.loads(line) for line in said.out.splitlines()] == mill.articles
    assert said.err == "exported 5 articles; to go on: --cursor 5\n"
    assert mill.asked[0] == {
        "full": "true",
        "since": "2025-06-17T18:17:00+02:00",
        "language": "az",
    }


def test_export_goes_on_where_it_was_stopped(
    mill: FakeMill, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    mill.fails_at = 4

    stopped = app(["export", "--state", str(state)])
    first = capsys.readouterr()
    mill.fails_at = None
    ended = app(["export", "--state", str(state)])
    second = capsys.readouterr()

    lines = [json.loads(line) for line in (first.out + second.out).splitlines()]
    assert (stopped, ended) == (3, 0)
    assert "stopped after 4 articles; to go on: --cursor 4" in first.err
    assert lines == mill.articles
    assert state.read_text() == "5\n"


def test_export_refuses_a_state_that_is_none(
    mill: FakeMill, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = tmp_path / "notes.txt"
    state.write_text("milk, bread")

    codes = [
        app(["export", "--state", str(state)]),
        app(["export", "--state", str(state), "--cursor", "3"]),
    ]

    assert codes == [1, 2]
    assert "notes.txt does not hold" in capsys.readouterr().err
    assert mill.asked == []


def test_tail_shows_events_with_their_urls(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    code = app(["tail", "--after", "1", "--no-follow"])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.split() for line in lines] == [
        [str(n), "2026-11-25", "12:00:00", "stored", "new", f"http://a.example/v1/jobs/job-{n}"]
        for n in (2, 3)
    ]


def test_tail_begins_with_what_is_new_and_gives_programs_the_events_as_they_are(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [app(["tail", "--no-follow"]), app(["tail", "--no-follow", "--json", "--after", "0"])]

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert codes == [0, 0]
    assert [line["position"] for line in lines] == [1, 2, 3]
    assert lines[0] == mill.changes(0)["changes"][0]


class Events:
    """Gives what it is told to, one answer a question; None is away."""

    def __init__(self, *answers: tuple[int, int] | None) -> None:
        self.answers = iter(answers)
        self.asked: list[int] = []

    def changes(self, after: int, *, limit: int) -> dict[str, Any]:
        self.asked.append(after)
        answer = next(self.answers)
        if answer is None:
            raise UnreachableError("nothing answers")
        upto, last = answer
        return {
            "changes": [{"position": number} for number in range(after + 1, upto + 1)],
            "next": upto,
            "last": last,
        }


def test_following_waits_at_the_end_only() -> None:
    pauses: list[float] = []
    events = Events((2, 4), (4, 4), (4, 4), (5, 5))

    seen = positions(changes_as_they_come(events, 0, report=lambda _: None, sleep=pauses.append), 5)

    assert seen == [1, 2, 3, 4, 5]
    assert events.asked == [0, 2, 4, 4]
    assert pauses == [1.0, 1.0]


def test_following_outlives_a_restart_and_says_so_once() -> None:
    said: list[str] = []
    events = Events((1, 1), None, None, (3, 3))

    seen = positions(changes_as_they_come(events, 0, report=said.append, sleep=lambda _: None), 3)

    assert seen == [1, 2, 3]
    assert events.asked == [0, 1, 1, 1]
    assert said == ["nothing answers; trying again", "it is back"]


def test_who_cannot_be_reached_at_first_is_not_waited_for() -> None:
    with pytest.raises(UnreachableError):
        next(changes_as_they_come(Events(None), 0, report=lambda _: None))


def positions(changes: Iterator[dict[str, Any]], count: int) -> list[int]:
    return [change["position"] for change in islice(changes, count)]
