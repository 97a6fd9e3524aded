"""`pause`, `resume` and what `status` says of them, over an API that is played by a fake."""

import json
from pathlib import Path

import httpx
import pytest

from newsmill_cli.api import Api, Json
from newsmill_cli.main import app
from newsmill_cli.pausing import pause_line, stops

SINCE = "2026-11-25T03:12:07.5Z"
INGEST: Json = {
    "scope": "stage",
    "value": "ingest",
    "by": "ana",
    "reason": "maintenance",
    "since": SINCE,
    "until": None,
}


class FakeMill:
    """Keeps pauses; its one job waits."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Json]] = []
        self.pauses: list[Json] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the gateway would."""
        if request.url.path == "/v1/conservation":
            counts = {"accepted": 3, "outcomes": {}, "open": {"waiting": 3}, "unaccounted": 0}
            return httpx.Response(200, json=counts)
        if request.url.path == "/v1/jobs":
            url = request.url.params["url"]
            return httpx.Response(200, json={"job_id": "1", "url": url, "state": "waiting"})
        match request.method:
            case "POST":
                asked = json.loads(request.content)
                self.asked.append(("POST", asked))
                self.pauses.append({**INGEST, "value": "", **asked})
                return httpx.Response(201, json=self.pauses[-1])
            case "DELETE":
                target = dict(request.url.params)
                self.asked.append(("DELETE", target))
                kept = [pause for pause in self.pauses if pause["scope"] != target["scope"]]
                lifted, self.pauses = len(self.pauses) - len(kept), kept
                return httpx.Response(200, json={"lifted": lifted})
            case _:
                return httpx.Response(200, json={"pauses": self.pauses})


@pytest.fixture
def mill(monkeypatch: pytest.MonkeyPatch) -> FakeMill:
    """A newsmill that is found by every command."""
    fake = FakeMill()

    def connect(data: Path) -> Api:
        transport = httpx.MockTransport(fake.answer)
        return Api("http://mill", transport=transport, sleep=lambda _: None)

    for command in ("pause", "resume", "status"):
        monkeypatch.setattr(f"newsmill_cli.commands.{command}.connect", connect)
    monkeypatch.setattr("getpass.getuser", lambda: "ana")
    return fake


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["all"], {"scope": "all"}),
        (["enrich"], {"scope": "stage", "value": "enrich"}),
        (["--host", "a.example"], {"scope": "host", "value": "a.example"}),
        (["--label", "all"], {"scope": "label", "value": "all"}),
    ],
)
def test_one_thing_is_paused_in_the_name_of_who_is_logged_in(
    words: list[str], named: Json, mill: FakeMill
) -> None:
    code = app(["pause", *words, "--reason", "maintenance"])

    assert code == 0
    assert mill.asked == [("POST", {**named, "by": "ana", "reason": "maintenance"})]


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("90s", 90), ("1.5 h", 5400), ("30m", 1800), ("30min", 1800), ("1d", 86_400)],
)
def test_a_pause_can_end_by_itself(given: str, seconds: float, mill: FakeMill) -> None:
    code = app(["pause", "all", "--for", given])

    assert code == 0
    assert mill.asked[0][1]["seconds"] == seconds


@pytest.mark.parametrize(
    "words",
    [
        ["pause"],
        ["pause", "gateway"],
        ["pause", "all", "--host", "a.example"],
        ["pause", "all", "--for", "soon"],
        ["pause", "all", "--for", "0s"],
        ["resume"],
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_asked(
    words: list[str], mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    code = app(words)

    assert code == 2
    assert mill.asked == []
    assert "error" in capsys.readouterr().err


def test_resuming_says_that_it_goes_on_and_what_is_still_paused(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    mill.pauses = [INGEST, {**INGEST, "scope": "host", "value": "a.example"}]

    code = app(["resume", "ingest"])

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "ingest goes on",
        "still paused host a.example since 2026-11-25 03:12:07, by ana: maintenance",
    ]


def test_resuming_what_was_not_paused_makes_exit_code_1(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    code = app(["resume", "--label", "backfill"])

    assert code == 1
    assert capsys.readouterr().out == "label backfill was not paused\n"


def test_status_alone_counts_everything_and_names_what_is_paused(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    mill.pauses = [INGEST]

    code = app(["status"])

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "accepted 3 = waiting 3; unaccounted 0",
        "paused ingest since 2026-11-25 03:12:07, by ana: maintenance",
    ]


def test_status_of_a_job_that_waits_names_the_pauses_that_stop_it(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    mill.pauses = [
        {**INGEST, "scope": "host", "value": name} for name in ("a.example", "b.example")
    ]

    code = app(["status", "http://a.example/1"])

    said = capsys.readouterr().out
    assert code == 0
    assert "paused host a.example" in said
    assert "b.example" not in said


@pytest.mark.parametrize(
    ("pause", "stopped"),
    [
        ({"scope": "all", "value": ""}, True),
        ({"scope": "stage", "value": "store"}, True),
        ({"scope": "host", "value": "a.example"}, True),
        ({"scope": "host", "value": "example"}, False),
        ({"scope": "label", "value": "x"}, True),
        ({"scope": "label", "value": "y"}, False),
    ],
)
def test_a_job_is_stopped_by_pauses_of_its_own_kind_only(pause: Json, stopped: bool) -> None:
    job = {"url": "https://a.example/1", "label": "x"}

    assert stops(pause, job) is stopped


def test_a_pause_with_an_end_and_without_a_reason_reads_so() -> None:
    pause = {**INGEST, "scope": "all", "value": "", "reason": "", "until": "2026-11-25T05:00:00Z"}

    line = pause_line(pause)

    assert line == ("paused everything since 2026-11-25 03:12:07 until 2026-11-25 05:00:00, by ana")
