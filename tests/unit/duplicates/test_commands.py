"""``newsmill duplicates explain``."""

import json
from pathlib import Path

from typer.testing import CliRunner

from newsmill_enrich.duplicates.commands import UnreadableDocumentError, app
from tests.unit.duplicates.builders import a_headline, a_story


def a_file(path: Path, title: str, text: str) -> str:
    path.write_text(f"{title}\n{text}\n", "utf-8")
    return str(path)


def test_two_versions_of_a_story_are_explained_by_rule_and_passages(tmp_path: Path) -> None:
    a = a_file(tmp_path / "a.txt", a_headline(1), a_story(1))
    b = a_file(tmp_path / "b.txt", a_headline(1), f"{a_story(1)}\n{a_story(2, paragraphs=1)}")

    result = CliRunner().invoke(app, ["explain", a, b, "--json"])

    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["rule"] == "containment"
    assert answer["similarity"] > 0.9
    assert answer["passages"][0]["start_a"] == 0


def test_two_stories_are_told_apart_with_exit_code_1(tmp_path: Path) -> None:
    a = a_file(tmp_path / "a.txt", a_headline(1), a_story(1))
    (tmp_path / "b.json").write_text(json.dumps({"title": "Other", "text": a_story(2)}))

    result = CliRunner().invoke(app, ["explain", a, str(tmp_path / "b.json")])

    assert result.exit_code == 1
    assert "two stories" in result.stdout


def test_people_see_the_shared_passages_as_they_stand(tmp_path: Path) -> None:
    text = f"[bold] is no markup here. {a_story(1)}"
    a = a_file(tmp_path / "a.txt", a_headline(1), text)

    result = CliRunner().invoke(app, ["explain", a, a])

    assert result.exit_code == 0
    assert "the same words" in result.stdout
    assert "[bold]" in result.stdout or "bold]" in result.stdout


def test_a_file_that_is_no_document_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    b = a_file(tmp_path / "b.txt", "Title", "Text")

    result = CliRunner().invoke(app, ["explain", str(tmp_path / "a.json"), b])

    assert isinstance(result.exception, UnreadableDocumentError)
    assert "JSON object" in str(result.exception)
