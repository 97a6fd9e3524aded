"""The command line: exit codes, and errors in words."""

import json
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer

from newsmill_cli.main import COMMANDS_GROUP, app


def test_a_command_without_a_running_newsmill_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3: the system cannot be reached."""
    monkeypatch.delenv("NEWSMILL_API_URL", raising=False)

    code = app(["status", "http://a.example/1", "--data", str(tmp_path)])

    said = capsys.readouterr()
    assert code == 3
    assert f"error: no newsmill runs over {tmp_path}" in said.err
    assert "newsmill up" in said.err
    assert said.out == ""


def test_errors_are_json_for_those_who_ask_for_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, so that standard output holds answers alone."""
    monkeypatch.delenv("NEWSMILL_API_URL", raising=False)

    app(["show", "http://a.example/1", "--json", "--data", str(tmp_path)])

    said = json.loads(capsys.readouterr().err)
    assert said["error"]["problem"].startswith("no newsmill runs")
    assert "newsmill up" in said["error"]["remedy"]


@pytest.mark.parametrize(
    "words",
    [
        ["up", "--bogus"],
        ["up", "--workers", "gateway=2"],
        ["add"],
        ["add", "--url", "http://a.example/1", "http://a.example/2"],
        ["add", "--file", "page.html"],
        ["add", "--file", "page.pdf", "--url", "http://a.example/1"],
        ["show"],
    ],
)
def test_a_command_line_that_makes_no_sense_is_exit_code_2(
    words: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And never a traceback."""
    monkeypatch.setenv("NEWSMILL_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NEWSMILL_DATA", str(tmp_path))

    code = app(words)

    assert code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_commands_of_services_are_found_and_mounted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command imports no service: entry points name what each brings along."""
    found = [EntryPoint(name, f"{__name__}:{name}", COMMANDS_GROUP) for name in ("greet", "tools")]
    monkeypatch.setattr("newsmill_cli.main.entry_points", lambda group: found)

    codes = app(["greet", "you"]), app(["tools", "add", "1", "2"])

    assert codes == (0, 0)
    assert capsys.readouterr().out == "hello you\n3\n"


def greet(name: str) -> None:
    """Greet."""
    print_line(f"hello {name}")


tools = typer.Typer()


@tools.callback()
def about() -> None:
    """Tools."""


@tools.command("add")
def add_numbers(one: int, two: int) -> None:
    """Add."""
    print_line(str(one + two))


def print_line(words: str) -> None:
    """Print."""
    sys.stdout.write(f"{words}\n")


def test_a_folder_of_another_user_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as a traceback."""
    monkeypatch.delenv("NEWSMILL_API_URL", raising=False)

    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "api.json"))

    monkeypatch.setattr("newsmill_cli.data_directory.DataDirectory.running", refuse)

    code = app(["status", "http://a.example/1", "--data", str(tmp_path)])

    assert code == 1
    assert f"error: {tmp_path}/api.json: Permission denied" in capsys.readouterr().err
