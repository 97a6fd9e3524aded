"""`newsmill export` and `newsmill tail` on a gateway, as processes in pipes."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.builders import a_relation, an_article
from tests.support.gateway import Mill


def started(mill: Mill, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "newsmill_cli", *words],
        env={**os.environ, "NEWSMILL_API_URL": str(mill.api.base_url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def newsmill(mill: Mill, *words: str) -> tuple[int, str, str]:
    """Run a command; return its exit code and what it said."""
    with started(mill, *words) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_an_export_and_the_next_one_hold_every_article_once(mill: Mill, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    mill.store("https://paper.example/1")
    mill.store("https://paper.example/2")

    first = newsmill(mill, "export", "--state", state)
    mill.store("https://paper.example/3")
    second = newsmill(mill, "export", "--state", state)

    assert (first[0], second[0]) == (0, 0)
    lines = [json.loads(line) for line in (first[1] + second[1]).splitlines()]
    assert lines == [mill.get(f"/v1/articles/{line['article_id']}") for line in lines]
    assert [line["url"][-1] for line in lines] == ["1", "2", "3"]
    assert first[2] == "exported 2 articles; to go on: --cursor 2\n"


def test_tail_gives_every_event(mill: Mill) -> None:
    jobs = [mill.store(f"https://paper.example/{number}") for number in range(3)]

    code, out, _ = newsmill(mill, "tail", "--after", "0", "--no-follow", "--json")

    assert code == 0
    assert [json.loads(line)["job_id"] for line in out.splitlines()] == list(map(str, jobs))


def test_who_has_read_enough_hears_no_complaint(mill: Mill) -> None:
    mill.store()

    with started(mill, "tail", "--after", "0", "--no-follow") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        code = process.wait(60)

    assert (code, said) == (1, "")


def test_a_filter_that_makes_no_sense_is_told(mill: Mill) -> None:
    code, _, err = newsmill(mill, "export", "--since", "yesterday")

    assert code == 1
    assert "since" in err
    assert "Traceback" not in err


def test_a_cluster_is_found_by_the_url_of_any_page_of_it(mill: Mill) -> None:
    first, copy = "https://first.example/story", "https://second.example/story"
    mill.store(first)
    mill.store(copy, article=an_article(text="A copy.", duplicate_of=a_relation(first)))

    code, out, _ = newsmill(mill, "cluster", copy, "--json")
    shown = newsmill(mill, "cluster", copy)[1]

    found = json.loads(out)
    assert code == 0
    assert [member["url"] for member in found["members"]] == [first, copy]
    assert shown.startswith(f"2 pages tell story {found['cluster_id']}")
    assert "original" in shown
    assert "0.90 by containment" in shown


def test_a_story_that_nobody_tells_is_told_so(mill: Mill) -> None:
    code, _, err = newsmill(mill, "cluster", "https://paper.example/unknown")

    assert code == 1
    assert "there is no story" in err


def test_a_key_is_made_listed_rotated_and_revoked(mill: Mill) -> None:
    made = newsmill(mill, "keys", "create", "desk", "--scope", "read", "--days", "90", "--json")
    again = newsmill(mill, "keys", "create", "desk", "--scope", "read")
    rotated = newsmill(mill, "keys", "rotate", "desk", "--keep-hours", "1")
    listed = newsmill(mill, "keys", "list")
    revoked = newsmill(mill, "keys", "revoke", "desk")
    left = newsmill(mill, "keys", "list", "--json")

    secret = json.loads(made[1])["secret"]
    assert (made[0], again[0]) == (0, 1)
    assert "desk has a key" in again[2]
    assert "nm_" in rotated[1]
    assert listed[1].count("desk") == 2
    assert secret not in listed[1]
    assert revoked[1].count("revoked desk") == 2
    assert json.loads(left[1]) == []
    newest = newsmill(mill, "audit", "desk")[1].splitlines()[0]
    assert "key.revoke  desk" in newest
    assert "count 2" in newest
