"""`newsmill show`: an article, as it was made of its page, and how it came."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from newsmill_cli.api import Api, Json
from newsmill_cli.attempts import attempts_of, attempts_table
from newsmill_cli.commands.status import is_id, print_job
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError, ExitCode
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
    which: Annotated[str, typer.Argument(metavar="ARTICLE|JOB|URL", help="An id, or a URL.")],
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Show an article, by its id, its job or the URL of its page; --json with all evidence.

    The attempts of the job come with it, unless --json is given. Exit code 1 says that there is no
    article; the job, if there is one, is shown instead.
    """
    with connect(data) as api:
        article, job = _look_up(api, which)
    if article is not None and as_json:
        print_json(article)
    elif article is not None:
        _print_article(console(), article, attempts_of(job or {}))
    elif job is None:
        raise CommandError(
            f"nothing is known of {which}", "Hand the page in with `newsmill add URL`."
        )
    else:
        if as_json:
            print_json(job)
        else:
            print_job(job)
        raise typer.Exit(ExitCode.NO)


def _look_up(api: Api, which: str) -> tuple[Json | None, Json | None]:
    """Return an article and the job that it came with, or that was to bring one."""
    if not is_id(which):
        article = api.article_of(which)
        return article, api.job_of(which)
    article = api.article(which)
    if article is not None:
        return article, api.job_of(str(article.get("url")))
    job = api.job(which)
    if job is None or not job.get("article_id"):
        return None, job
    return api.article(str(job["article_id"])), job


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
