"""How runs are asked for and read on a command line."""

import httpx
import pytest

from newsmill_cli.api import Api, Json
from newsmill_cli.errors import UsageError
from newsmill_cli.reprocessing import models_of, run_lines, wait_for_run

ID = "019ec1b0-0000-7000-8000-000000000001"


def a_run(**fields: object) -> Json:
    return {
        "id": ID,
        "mode": "preview",
        "state": "ended",
        "filters": {},
        "by": "ana",
        "reason": "",
        "created_at": "2026-11-25T12:00:00Z",
        "progress": 1.0,
        "planned": 3,
        "waiting": 0,
        "running": 0,
        "results": {},
        "fields": {},
        "compared": [],
        "failed": [],
        **fields,
    }


def test_models_are_parts_and_numbers() -> None:
    assert models_of(["language=2", "categories=11"]) == {"language": 2, "categories": 11}


@pytest.mark.parametrize("wrong", ["language", "language=", "language=x", "weather=1", "title=0"])
def test_other_models_are_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        models_of([wrong])


def test_a_run_is_told_with_its_changes_field_by_field() -> None:
    page = {
        "url": "https://a.example/1",
        "changes": {
            "language": ["en", "de"],
            "authors": [["Ana", "Bo"], []],
            "text": [{"characters": 1200, "excerpt": "We use\ncookies…"}, None],
        },
    }
    run = a_run(
        filters={"host": "a.example", "models": {"language": 2}},
        results={"changed": 1, "same": 2},
        fields={"language": 1, "text": 1},
        compared=[page],
        failed=[{"url": "https://a.example/2", "reason": "page_missing", "detail": ""}],
    )

    assert list(run_lines(run)) == [
        f"run {ID}: preview, ended, 100 % looked at, by ana at 2026-11-25 12:00:00",
        "articles: host a.example, language older than 2",
        "pages: 3 match so far; changed 1, same 2",
        "fields: language 1, text 1",
        "",
        "https://a.example/1",
        "  authors",
        "    - Ana, Bo",
        "    + none",
        "  language",
        "    - en",
        "    + de",
        "  text",
        "    - 1,200 characters: We use cookies…",
        "    + none",
        "",
        "failed, and left as they are:",
        "  https://a.example/2  page_missing",
    ]


def test_whoever_waits_long_is_told_once_what_for() -> None:
    answers = [a_run(state="running"), a_run(state="running"), a_run()]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answers.pop(0)))
    said: list[str] = []
    times = iter(range(0, 1000, 4))

    with Api("http://mill.example", transport=transport) as api:
        run = wait_for_run(
            api,
            a_run(state="running"),
            report=said.append,
            clock=lambda: float(next(times)),
            sleep=lambda _: None,
        )

    assert run["state"] == "ended"
    assert len(said) == 1
