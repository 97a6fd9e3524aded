"""``newsmill extract`` prints the record of a page, and why each block was kept or dropped."""

import json
from pathlib import Path

import pytest

from newsmill_enrich.extraction.command import extract_command
from tests.unit.extraction.pages import ENGLISH, flattened, with_paragraphs


def test_a_file_of_text_is_read_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page.txt"
    path.write_text(flattened(ENGLISH), encoding="utf-8")

    extract_command(str(path), url=ENGLISH.url, timezone=ENGLISH.timezone)

    answer = json.loads(capsys.readouterr().out)
    assert answer["title"] == ENGLISH.title
    assert answer["text"] == ENGLISH.text
    assert answer["evidence"]["format"] == "text"


@pytest.mark.parametrize("name", ["page.html", "page.txt"])
def test_explain_accounts_for_every_block(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = flattened(ENGLISH) if name.endswith("txt") else with_paragraphs(ENGLISH)
    (tmp_path / name).write_text(page, encoding="utf-8")

    extract_command(str(tmp_path / name), url=ENGLISH.url, explain=True)

    blocks = json.loads(capsys.readouterr().out)["blocks"]
    assert [block["text"] for block in blocks if block["kept"]] == ENGLISH.paragraphs
    assert all(block["reason"] for block in blocks)


def test_a_page_that_is_no_article_says_on_what_ground(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.html").write_text("<html><body><p>Hello</p></body></html>")

    extract_command(str(tmp_path / "page.html"))

    answer = json.loads(capsys.readouterr().out)
    assert answer["ended"] == "not_an_article"
    assert answer["outcome"] == "skipped"
    assert "too short" in answer["detail"]
