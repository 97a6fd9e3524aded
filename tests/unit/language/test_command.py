"""The offline command."""

import io
import json
from pathlib import Path

import pytest

from newsmill_enrich.language.command import detect_command


def test_a_file_is_answered_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "article.txt"
    file.write_text("Der Rat hat am Montag den neuen Haushalt beschlossen.", "utf-8")

    detect_command(str(file))

    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed)["language"] == "de"


def test_standard_input_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = io.BytesIO("Le conseil a adopté le budget.".encode() + b"\xff")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(body))

    detect_command("-", title="Une nouvelle loi", declared="fr", host="example.fr", explain=True)

    answer = json.loads(capsys.readouterr().out)
    assert answer["language"] == "fr"
    assert {"shares", "paragraphs", "title", "detectors", "hints"} <= answer.keys()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        detect_command(str(tmp_path / "none.txt"))
