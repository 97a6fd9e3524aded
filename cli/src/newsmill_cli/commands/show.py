"""`newsmill show`: an article, as it was made of its page, and how it came."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from newsmill_cli.api import Json
from newsmill_cli.attempts import attempts_of, attempts_table
from newsmill_cli.commands.status import is_id
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json

__all__ = ["show"]

_ROWS = (
    ("published_at", "published"),
    ("modified_at", "modified"),
    ("authors", "by"),
    ("section_raw", "section"),
    ("language", "language"),
    ("categories", "categories"),
    ("outcome", "outcome"),
    ("version", "version"),
    ("duplicate_of", "duplicate of"),
    ("cluster_id", "cluster"),
)


def show(
    *,
    which: Annotated[str, typer.Argument(metavar="ARTICLE|URL", help="An article's id, or a URL.")],
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Show an article, by its id or by the URL of its page; --json with all evidence.

    The attempts of its page's last job come with it, unless --json is given.

    Exit code 1 says that there is none.
    """
    with connect(data) as api:
        article = api.article(which) if is_id(which) else api.article_of(which)
        job = None if as_json or article is None else api.job_of(str(article.get("url")))
    if article is None:
        raise CommandError(
            f"there is no article for {which}", f"`newsmill status {which}` says what became of it."
        )
    if as_json:
        print_json(article)
    else:
        _print_article(console(), article, attempts_of(job or {}))


def _print_article(printer: Console, article: Json, attempts: Sequence[Json]) -> None:
    printer.print(Text(str(article.get("title") or ""), style="bold"))
    printer.print(Text(str(article.get("url") or ""), style="dim"))
    for name, title in _ROWS:
        words = _words(article.get(name))
        if words:
            printer.print(Text.assemble((f"{title}: ", "dim"), words))
    printer.print()
    if attempts:
        printer.print(attempts_table(attempts))
        printer.print()
    for paragraph in str(article.get("text") or "").split("\n"):
        printer.print(Text(paragraph))
        printer.print()


def _words(value: object) -> str:
    """Say a JSON value in words: names of what has a name, separated by commas."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_words(item) for item in value)
    if isinstance(value, dict):
        name = value.get("name") or value.get("tag") or value.get("url") or value.get("article_id")
        return str(name or "")
    return str(value)
