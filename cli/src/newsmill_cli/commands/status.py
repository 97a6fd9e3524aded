"""`newsmill status`: what became of a job or of a URL, or how everything stands."""

import uuid
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from newsmill_cli.api import Api, Json
from newsmill_cli.attempts import attempts_of, attempts_table
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError, ExitCode
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.pausing import pause_line, stops
from newsmill_cli.results import OUTCOME_STYLES, conservation_line, is_bad

__all__ = ["is_id", "print_job", "status"]

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
_STOPPABLE = ("waiting", "held")


def status(
    *,
    which: Annotated[
        str | None,
        typer.Argument(
            metavar="[JOB|URL]",
            help="A job's id, or a URL; left out: everything together.",
            show_default=False,
        ),
    ] = None,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Tell how far a job is, or the latest job of a URL; or count everything, and what is paused.

    Exit code 1 says that there is no such job, or that it failed.
    """
    with connect(data) as api:
        if which is None:
            _print_all(api, as_json=as_json)
            return
        job = api.job(which) if is_id(which) else api.job_of(which)
        if job is None:
            raise CommandError(
                f"no job is known for {which}", "Hand the page in with `newsmill add URL`."
            )
        pauses = api.pauses() if job.get("state") in _STOPPABLE else []
    if as_json:
        print_json(job)
    else:
        print_job(job, [pause for pause in pauses if stops(pause, job)])
    raise typer.Exit(ExitCode.NO if is_bad(job) else ExitCode.OK)


def is_id(text: str) -> bool:
    """Tell an id from a URL."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _print_all(api: Api, *, as_json: bool) -> None:
    counts, pauses = api.conservation(), api.pauses()
    if as_json:
        print_json({**counts, "pauses": pauses})
        return
    printer = console()
    printer.print(conservation_line(counts))
    for pause in pauses:
        printer.print(Text(pause_line(pause), style="yellow"))


def print_job(job: Json, pauses: Sequence[Json] = ()) -> None:
    """Print how a job is, what stops it, and what its attempts did."""
    printer = console()
    printer.print(_job_table(job, pauses))
    attempts = attempts_of(job)
    if attempts:
        printer.print()
        printer.print(attempts_table(attempts))


def _job_table(job: Json, pauses: Sequence[Json]) -> Table:
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
    for pause in pauses:
        table.add_row("stopped", Text(pause_line(pause), style="yellow"))
    return table
