"""`newsmill status`: what became of a job or of a URL."""

import uuid
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from newsmill_cli.api import Json
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError, ExitCode
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.results import OUTCOME_STYLES, is_bad

__all__ = ["is_id", "status"]

_ROWS = (
    ("outcome", "outcome"),
    ("reason", "reason"),
    ("detail", "detail"),
    ("stage", "stage"),
    ("attempt", "attempt"),
    ("tries", "tries"),
    ("losses", "losses"),
    ("article_id", "article"),
    ("label", "label"),
    ("accepted_at", "accepted"),
    ("finished_at", "finished"),
)


def status(
    *,
    which: Annotated[str, typer.Argument(metavar="JOB|URL", help="A job's id, or a URL.")],
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Tell how far a job is, or the latest job of a URL.

    Exit code 1 says that there is no such job, or that it failed.
    """
    with connect(data) as api:
        job = api.job(which) if is_id(which) else api.job_of(which)
    if job is None:
        raise CommandError(
            f"no job is known for {which}", "Hand the page in with `newsmill add URL`."
        )
    if as_json:
        print_json(job)
    else:
        console().print(_job_table(job))
    raise typer.Exit(ExitCode.NO if is_bad(job) else ExitCode.OK)


def is_id(text: str) -> bool:
    """Tell an id from a URL."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _job_table(job: Json) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("url", Text(str(job.get("url", ""))))
    table.add_row("job", str(job.get("job_id", "")))
    table.add_row("state", str(job.get("state", "")))
    for name, title in _ROWS:
        value = job.get(name)
        if value not in {None, "", 0}:
            style = OUTCOME_STYLES.get(str(value), "") if name == "outcome" else ""
            table.add_row(title, Text(str(value), style=style))
    return table
