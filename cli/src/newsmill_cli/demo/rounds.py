"""Hands in the demo's URLs, round after round, and looks at what becomes of them."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Protocol

from newsmill_cli.api import Json
from newsmill_cli.demo.content import Content, Submission
from newsmill_cli.demo.expectations import Observed
from newsmill_cli.errors import CommandError
from newsmill_cli.following import JobReader, follow

__all__ = ["Door", "Show", "play"]

_LABEL = "demo"

Show = Callable[[dict[str, Json]], None]
"""Called after each look with the jobs of the current round, by id."""


class Door(JobReader, Protocol):
    """The API, as far as the demo uses it."""

    def submit_urls(self, items: list[Json], *, key: str) -> Json:
        """Hand in URLs."""

    def article(self, article_id: str) -> Json | None:
        """Return an article."""


def play(
    door: Door, content: Content, port: int, *, show: Show, sleep: Callable[[float], None]
) -> Iterator[Observed]:
    """Hand in each round when the one before has ended; yield what came of it.

    Args:
        door: The API.
        content: What is handed in.
        port: Where the demo's site listens.
        show: Shows progress.
        sleep: How to wait between looks; it may raise to end the demo.

    Raises:
        CommandError: A URL was refused.
    """
    by_round = groupby(content.submissions, key=lambda submission: submission.round)
    for _, submissions in by_round:
        yield from _play_round(door, content, port, list(submissions), show, sleep)


def _play_round(
    door: Door,
    content: Content,
    port: int,
    submissions: list[Submission],
    show: Show,
    sleep: Callable[[float], None],
) -> Iterator[Observed]:
    receipt = door.submit_urls(
        [_item(submission, content.address(submission.url, port)) for submission in submissions],
        key=str(uuid.uuid4()),
    )
    job_ids = list(_job_ids(receipt["items"]))
    jobs = follow(door, job_ids, show, sleep=sleep)
    for submission, job_id in zip(submissions, job_ids, strict=True):
        job = jobs[job_id]
        article_id = job.get("article_id")
        yield Observed(submission, job, door.article(str(article_id)) if article_id else None)


def _item(submission: Submission, address: str) -> Json:
    item: Json = {"url": address, "label": _LABEL, "force": submission.round > 1}
    return item | ({"timezone": submission.timezone} if submission.timezone else {})


def _job_ids(items: Iterable[Json]) -> Iterator[str]:
    for item in items:
        if "error" in item:
            raise CommandError(f"{item['url']} was refused: {item['error']['detail']}")
        yield item["job_id"]
