"""Deleting a page through the API and on the command line."""

import json
from uuid import UUID

import pytest

from newsmill_cli.main import app
from tests.support.gateway import STORY, Mill


@pytest.fixture(autouse=True)
def the_gateway(mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands find the gateway, in the name of ana."""
    monkeypatch.setenv("NEWSMILL_API_URL", str(mill.api.base_url))
    monkeypatch.setenv("LOGNAME", "ana")


def stored(mill: Mill) -> UUID:
    mill.store()
    return UUID(str(mill.get("/v1/articles", url=STORY)["article_id"]))


def test_a_deleted_article_is_gone_by_its_id_and_its_url(mill: Mill) -> None:
    article = stored(mill)

    answer = mill.api.delete(f"/v1/articles/{article}", params={"by": "ana", "why": "asked to"})

    assert answer.status_code == 200
    assert (answer.json()["url"], answer.json()["versions"]) == (STORY, 1)
    by_id = mill.api.get(f"/v1/articles/{article}")
    by_url = mill.api.get("/v1/articles", params={"url": STORY})
    assert (by_id.status_code, by_id.json()["code"]) == (410, "deleted")
    assert (by_url.status_code, by_url.json()["code"]) == (410, "deleted")
    assert mill.get("/v1/articles")["articles"] == []
    assert mill.get("/v1/conservation")["unaccounted"] == 0


def test_a_second_deletion_says_when_it_was(mill: Mill) -> None:
    article = stored(mill)
    first = mill.api.delete(f"/v1/articles/{article}").json()

    again = mill.api.delete(f"/v1/articles/{article}")

    assert again.status_code == 200
    assert (again.json()["url"], again.json()["deleted_at"]) == (None, first["deleted_at"])


def test_what_never_was_cannot_be_deleted(mill: Mill) -> None:
    unknown = mill.api.delete(f"/v1/articles/{UUID(int=7)}")
    no_id = mill.api.delete("/v1/articles/7")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert (no_id.status_code, no_id.json()["code"]) == (422, "invalid_id")


def test_readers_of_changes_and_the_audit_are_told(mill: Mill) -> None:
    article = stored(mill)
    mill.api.delete(f"/v1/articles/{article}", params={"by": "ana", "why": "asked to"})

    mill.store("https://paper.example/another")

    changes = mill.get("/v1/changes")["changes"]
    acts = mill.get("/v1/audit")["acts"]
    assert isinstance(changes, list)
    assert isinstance(acts, list)
    assert [(one["kind"], one["job_id"]) for one in changes if one["kind"] == "deleted"] == [
        ("deleted", None)
    ]
    told = [(act["by"], act["act"], act["subject"]) for act in acts]
    assert ("ana", "article.delete", f"article {article}") in told


def test_a_cursor_from_before_what_is_kept_is_told_where_to_begin(mill: Mill) -> None:
    for number in range(3):
        mill.store(f"https://paper.example/{number}")
    mill.sql("delete from event where position < 3")

    old = mill.api.get("/v1/changes", params={"after": 1})
    new = mill.get("/v1/changes", after="2")

    assert (old.status_code, old.json()["code"], old.json()["first"]) == (410, "position_gone", 3)
    assert new["next"] == 3
    assert mill.get("/v1/changes")["next"] == 3


def test_the_command_says_what_would_go_before_it_deletes(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(mill)

    dry = app(["delete", STORY, "--dry-run"])
    would = capsys.readouterr().out
    unasked = app(["delete", STORY])
    refused = capsys.readouterr().err
    done = app(["delete", STORY, "--yes", "--reason", "asked to"])
    said = capsys.readouterr().out
    again = app(["delete", STORY, "--yes"])

    assert (dry, unasked, done, again) == (0, 2, 0, 1)
    assert "would go: versions 1, raw pages 1" in would
    assert "--yes" in refused
    assert "deleted: versions 1" in said


def test_the_command_knows_that_an_id_was_deleted_before(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    article = str(stored(mill))
    app(["delete", article, "--yes"])
    capsys.readouterr()

    assert app(["delete", article, "--yes", "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["url"] is None


def test_tail_names_the_article_that_was_deleted(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    article = str(stored(mill))
    app(["delete", article, "--yes"])
    mill.store("https://paper.example/another")
    capsys.readouterr()

    assert app(["tail", "--after", "1", "--no-follow"]) == 0

    told = capsys.readouterr().out.splitlines()
    assert [article in line and "deleted" in line for line in told] == [True, False]
