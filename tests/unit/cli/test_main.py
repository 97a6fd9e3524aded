"""The command line: exit codes, and errors in words."""

import json
from pathlib import Path

import pytest

from newsmill_cli.main import app


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
        ["status"],
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
