"""`hosts` and `audit`, over an API that is played by a fake."""

import getpass
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from newsmill_cli.api import Api
from newsmill_cli.main import app

HOST: dict[str, Any] = {
    "host": "paper.example",
    "seconds_between": 5.0,
    "delay_seconds": 2.0,
    "crawl_delay_seconds": 5.0,
    "backoff_seconds": 4.0,
    "max_in_flight": 1,
    "in_flight": 0,
    "next_at": None,
    "set": {
        "delay_seconds": 2.0,
        "max_in_flight": None,
        "timezone": "Asia/Baku",
        "ignore_robots": False,
        "headers": {"X-Key": "***"},
        "cookies": {},
    },
    "set_at": None,
}


class FakeMill:
    """Knows one host, and writes down what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.changes: list[dict[str, Any]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        self.asked.append((request.method, path))
        if request.method == "PATCH":
            self.changes.append(json.loads(request.content))
            return httpx.Response(200, json=HOST)
        if path.startswith("/v1/audit"):
            act = {"at": "2026-11-25T12:00:00Z", "by": "ana", "act": "host.set"}
            detail = {"changed": {"delay_seconds": [None, 2.0]}, "reason": "agreed"}
            return httpx.Response(
                200, json={"acts": [{**act, "id": 1, "subject": "paper.example", "detail": detail}]}
            )
        if path.startswith("/v1/hosts?"):
            more = "cursor=&" in path or path.endswith("cursor=")
            return httpx.Response(200, json={"hosts": [HOST], "next": "paper" if more else None})
        if path == "/v1/hosts/paper.example":
            return httpx.Response(200, json=HOST)
        return httpx.Response(404, json={"status": 404})


@pytest.fixture
def mill(monkeypatch: pytest.MonkeyPatch) -> FakeMill:
    fake = FakeMill()

    def connect(data: Path) -> Api:
        return Api("http://mill", transport=httpx.MockTransport(fake.answer), sleep=lambda _: None)

    for command in ("hosts", "audit"):
        monkeypatch.setattr(f"newsmill_cli.commands.{command}.connect", connect)
    return fake


def test_only_what_is_named_is_set_and_the_host_is_shown(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--delay", "2", "--ignore-robots", "--header", "X-Key: a:b", "--cookie", "p=q=r"]

    code = app(["hosts", "set", "paper.example", *words, "--reason", "agreed"])

    assert code == 0
    assert mill.changes == [
        {
            "delay_seconds": 2.0,
            "ignore_robots": True,
            "headers": {"X-Key": "a:b"},
            "cookies": {"p": "q=r"},
            "by": getpass.getuser(),
            "reason": "agreed",
        }
    ]
    pace = "one request every 5 s (delay 2 s, its robots.txt asks for 5 s, backing off to 4 s)"
    assert capsys.readouterr().out.splitlines() == [
        "paper.example",
        f"{pace}, 1 at the same time, 0 under way",
        "set: delay 2.0 s",
        "set: timezone Asia/Baku",
        "set: header X-Key: ***",
    ]


def test_secrets_come_from_a_file_or_from_standard_input(
    mill: FakeMill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "headers"
    file.write_text("X-Key: 1\n\nX-Other: 2\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("pass=3\n"))

    app(["hosts", "set", "paper.example", "--header", f"@{file}", "--cookie", "-"])

    assert mill.changes[0]["headers"] == {"X-Key": "1", "X-Other": "2"}
    assert mill.changes[0]["cookies"] == {"pass": "3"}


def test_things_are_unset_by_their_names(mill: FakeMill) -> None:
    app(["hosts", "unset", "paper.example", "delay", "robots", "header:X-Key", "cookies"])
    app(["hosts", "unset", "paper.example", "all"])

    one_by_one, all_of_it = (
        {name: value for name, value in change.items() if name not in ("by", "reason")}
        for change in mill.changes
    )
    assert one_by_one == {
        "delay_seconds": None,
        "ignore_robots": None,
        "headers": {"X-Key": None},
        "cookies": None,
    }
    assert set(all_of_it) == {
        "delay_seconds",
        "max_in_flight",
        "timezone",
        "ignore_robots",
        "headers",
        "cookies",
    }
    assert set(all_of_it.values()) == {None}


@pytest.mark.parametrize(
    "words",
    [
        ["set", "paper.example"],
        ["set", "paper.example", "--header", "secret without a colon"],
        ["unset", "paper.example", "everything"],
    ],
)
def test_a_command_line_that_makes_no_sense_asks_for_nothing_and_says_no_secret(
    mill: FakeMill, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = app(["hosts", *words])

    assert code == 2
    assert mill.asked == []
    assert "secret" not in capsys.readouterr().err


def test_lists_are_read_to_their_end(mill: FakeMill, capsys: pytest.CaptureFixture[str]) -> None:
    code = app(["hosts", "list", "--json"])

    assert code == 0
    assert [host["host"] for host in json.loads(capsys.readouterr().out)] == ["paper.example"] * 2
    assert [path for _, path in mill.asked] == [
        "/v1/hosts?set=true&cursor=",
        "/v1/hosts?set=true&cursor=paper",
    ]


def test_an_unknown_host_makes_exit_code_1(mill: FakeMill) -> None:
    assert app(["hosts", "show", "other.example"]) == 1


def test_a_host_with_a_port_is_one_part_of_the_path(mill: FakeMill) -> None:
    app(["hosts", "show", "[::1]:8080"])

    assert mill.asked == [("GET", "/v1/hosts/%5B%3A%3A1%5D%3A8080")]


def test_the_audit_says_who_changed_what_and_why(
    mill: FakeMill, capsys: pytest.CaptureFixture[str]
) -> None:
    code = app(["audit", "paper.example"])

    assert code == 0
    assert capsys.readouterr().out == (
        "2026-11-25 12:00:00  ana  host.set  paper.example  delay_seconds none -> 2.0: agreed\n"
    )
    assert mill.asked == [("GET", "/v1/audit?limit=50&subject=paper.example")]
