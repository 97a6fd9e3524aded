"""`newsmill tail`: shows how jobs end, as it happens."""

from typing import Annotated

import typer
from rich.text import Text

from newsmill_cli.api import Api, Json
from newsmill_cli.connection import connect
from newsmill_cli.errors import GoneError
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, diagnostics, print_json
from newsmill_cli.reading import changes_as_they_come
from newsmill_cli.results import OUTCOME_STYLES

__all__ = ["tail"]

_LARGEST_POSITION = 2**63 - 1


def tail(
    *,
    after: Annotated[
        int | None,
        typer.Option(
            "--after",
            min=0,
            help="Begin behind the event of this number; 0 = at the first.",
            show_default="only new ones",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Wait for more at the end.")
    ] = True,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Follow the numbered events: each job that ends, in order, none skipped or repeated.

    An article that a run enriched again and changed is one, too.

    --json prints each event as the API gives it, one a line. After an interruption go on with
    --after and the last number seen.
    """
    with connect(data) as api:
        begin = after if after is not None else _last_position(api)
        for change in changes_as_they_come(api, begin, report=diagnostics().print, follow=follow):
            if as_json:
                print_json(change, indent=None)
            else:
                console().print(_line(change, _url(api, change)))


def _last_position(api: Api) -> int:
    return int(api.changes(_LARGEST_POSITION, limit=1)["last"])


def _url(api: Api, change: Json) -> str:
    """Return what a job was about, or the article that was changed without one."""
    if change["job_id"] is None:
        try:
            article = api.article(change["article_id"])
        except GoneError:
            article = None
        return str(article["url"] if article else change["article_id"])
    job = api.job(change["job_id"])
    return str(job["url"] if job else change["job_id"])


def _line(change: Json, url: str) -> Text:
    outcome = str(change["kind"])
    return Text.assemble(
        (f"{change['position']:>8}  {change['at'][:19].replace('T', ' ')}  ", "dim"),
        (f"{outcome:<9}", OUTCOME_STYLES.get(outcome, "")),
        (f"  {change['reason']:<18}  ", "dim"),
        url,
    )
