"""The demo hands in its rounds one after the other."""

from typing import Any

import pytest

from newsmill_cli.demo.content import load_content
from newsmill_cli.demo.rounds import play
from newsmill_cli.errors import CommandError

PORT = 8099


class FakeDoor:
    """Accepts everything; a job is finished when it has been looked at twice."""

    def __init__(self, *, refuse: str = "") -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.open: set[str] = set()
        self._refuse = refuse
        self._looks: dict[str, int] = {}

    def submit_urls(self, items: list[dict[str, Any]], *, key: str) -> dict[str, Any]:
        assert not self.open
        self.batches.append(items)
        return {"items": [self._item(item["url"]) for item in items]}

    def job(self, job_id: str) -> dict[str, Any]:
        self._looks[job_id] = self._looks.get(job_id, 0) + 1
        if self._looks[job_id] < 2:
            return {"state": "running"}
        self.open.discard(job_id)
        return {"state": "finished", "outcome": "stored", "article_id": job_id}

    def article(self, article_id: str) -> dict[str, Any]:
        return {"article_id": article_id}

    def _item(self, url: str) -> dict[str, Any]:
        if self._refuse and self._refuse in url:
            return {"line": 1, "url": url, "error": {"code": "address", "detail": "not public"}}
        job_id = f"{len(self.batches)} {url}"
        self.open.add(job_id)
        return {"line": 1, "url": url, "job_id": job_id}


def test_the_second_round_begins_when_the_first_has_ended() -> None:
    door, content = FakeDoor(), load_content()

    observed = list(play(door, content, PORT, show=lambda _: None, sleep=lambda _: None))

    assert [len(batch) for batch in door.batches] == [19, 3]
    assert [entry.submission for entry in observed] == list(content.submissions)
    assert all(entry.article is not None for entry in observed)


def test_pages_are_fetched_again_in_the_second_round() -> None:
    door = FakeDoor()

    list(play(door, load_content(), PORT, show=lambda _: None, sleep=lambda _: None))

    assert not any(item["force"] for item in door.batches[0])
    assert all(item["force"] for item in door.batches[1])


def test_a_paper_s_zone_goes_with_its_pages() -> None:
    door = FakeDoor()

    list(play(door, load_content(), PORT, show=lambda _: None, sleep=lambda _: None))

    zones = {item["url"]: item.get("timezone") for item in door.batches[0]}
    assert zones[f"http://127.77.0.1:{PORT}/en/great-east/4411"] == "Asia/Baku"
    assert zones[f"http://127.77.0.2:{PORT}/weather/storm-ottilie"] is None


def test_a_refused_url_ends_the_demo_with_its_reason() -> None:
    door = FakeDoor(refuse="127.77.0.2")

    rounds = play(door, load_content(), PORT, show=lambda _: None, sleep=lambda _: None)

    with pytest.raises(CommandError, match=r"127\.77\.0\.2.* was refused: not public"):
        list(rounds)
