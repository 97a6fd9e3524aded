"""Reads lists to their end, and events as they come."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from newsmill_cli.api import Json
from newsmill_cli.errors import UnreachableError

__all__ = ["ArticlePage", "ArticleReader", "ChangeReader", "article_pages", "changes_as_they_come"]

_LOOK_SECONDS = 1.0
_AWAY_SECONDS = 2.0
_CHANGES = 1000


class ArticleReader(Protocol):
    """Where the list of articles is read."""

    def articles(self, query: Mapping[str, str]) -> Json:
        """Return a page of it."""


class ChangeReader(Protocol):
    """Where events are read."""

    def changes(self, after: int, *, limit: int) -> Json:
        """Return those behind a position."""


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Some articles, and the cursor of what follows them."""

    articles: tuple[Json, ...]
    next: int


def article_pages(
    api: ArticleReader, filters: Mapping[str, str], *, cursor: int | None
) -> Iterator[ArticlePage]:
    """Give the pages of whole articles behind a cursor, to the end of the list.

    What is stored or changes meanwhile comes at the end.
    """
    more = True
    while more:
        begin = {} if cursor is None else {"cursor": str(cursor)}
        page = api.articles({"full": "true", **filters, **begin})
        cursor, more = int(page["next"]), bool(page["more"])
        yield ArticlePage(tuple(page["articles"]), cursor)


def changes_as_they_come(
    api: ChangeReader,
    after: int,
    *,
    report: Callable[[str], None],
    follow: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Json]:
    """Give the events behind a position, in order and each once, then new ones as they come.

    Args:
        api: Where to read. If it cannot be reached any more after the first answer, it is asked
            again until it is back.
        after: The position.
        report: Told once, in words, that it is away, and that it is back.
        follow: Whether to go on at the end.
        sleep: How to wait.
    """
    away = False
    page = api.changes(after, limit=_CHANGES)
    while True:
        yield from page["changes"]
        after = page["next"]
        if after >= page["last"]:
            if not follow:
                return
            sleep(_LOOK_SECONDS)
        while True:
            try:
                page = api.changes(after, limit=_CHANGES)
            except UnreachableError as error:
                if not away:
                    report(f"{error.problem}; trying again")
                away = True
                sleep(_AWAY_SECONDS)
            else:
                break
        if away:
            report("it is back")
            away = False
