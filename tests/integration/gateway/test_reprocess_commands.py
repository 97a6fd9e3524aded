"""`newsmill reprocess` on a gateway, as processes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from tests.integration.gateway.test_commands import newsmill
from tests.support.gateway import Mill


@contextmanager
def previews_ending(mill: Mill, *, changed: int) -> Iterator[None]:
    """Play the rest of the system: previews are through at once, with one result."""
    stop = Event()

    def play() -> None:
        while not stop.wait(0.05):
            mill.sql(ENDED if changed else NOTHING)

    thread = Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


ENDED = """
with ended as (
  update rework_run set state = 'ended', planned = 1, ended_at = now()
  where mode = 'preview' and state = 'running' returning id)
insert into rework_count (run_id, kind, name, count)
select id, 'result', 'changed', 1 from ended union all select id, 'field', 'language', 1 from ended
"""
NOTHING = "update rework_run set state = 'ended' where mode = 'preview' and state = 'running'"


def test_a_run_is_previewed_begun_stopped_and_continued(mill: Mill) -> None:
    mill.store("https://paper.example/story")

    with previews_ending(mill, changed=1):
        begun = newsmill(mill, "reprocess", "--host", "paper.example", "--yes", "--why", "a try")
    listed = json.loads(newsmill(mill, "reprocess", "status", "--json")[1])
    [run] = [entry["id"] for entry in listed if entry["mode"] == "write"]
    stopped = newsmill(mill, "reprocess", "stop", run)
    going_on = newsmill(mill, "reprocess", "continue", run, "--json")

    assert begun[0] == 0, begun
    assert "fields: language 1" in begun[1]
    assert f"`newsmill reprocess status {run}`" in begun[1]
    assert "write, stopped" in stopped[1]
    assert json.loads(going_on[1])["state"] == "running"


@pytest.mark.parametrize(("changed", "code"), [(1, 0), (0, 1)])
def test_a_dry_run_begins_nothing_and_says_whether_anything_matches(
    mill: Mill, changed: int, code: int
) -> None:
    with previews_ending(mill, changed=changed):
        ended = newsmill(
            mill, "reprocess", "--dry-run", "--json", "--model-older-than", "language=9"
        )

    assert ended[0] == code, ended
    run = json.loads(ended[1])
    assert (run["mode"], run["filters"]) == ("preview", {"models": {"language": 9}})
    assert len(json.loads(newsmill(mill, "reprocess", "status", "--json")[1])) == 1


def test_without_anybody_to_ask_nothing_begins(mill: Mill) -> None:
    code, _, said = newsmill(mill, "reprocess", "--sample", "0")

    assert code == 2
    assert "Enrich all that match again" in said
    assert json.loads(newsmill(mill, "reprocess", "status", "--json")[1]) == []


def test_what_makes_no_sense_is_said(mill: Mill) -> None:
    wrong = newsmill(mill, "reprocess", "--model-older-than", "weather=1", "--dry-run")
    unknown = newsmill(mill, "reprocess", "status", "00000000-0000-7000-8000-000000000000")

    assert (wrong[0], unknown[0]) == (2, 1)
    assert "there is no such run" in unknown[2]
