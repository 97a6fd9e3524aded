"""`newsmill logs`: what the processes of an `up` have said, of all or of one job."""

import time
from typing import Annotated
from uuid import UUID

import typer

from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.errors import CommandError
from newsmill_cli.logs import LogFile, Record, merged
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json

__all__ = ["logs"]

_POLL_SECONDS = 0.3


def logs(
    *,
    job: Annotated[
        UUID | None,
        typer.Argument(metavar="[JOB]", help="What was said about this job; left out: all."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is said from now on.")
    ] = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Show the log files of `newsmill up`, merged by time.

    In containers logs are with Docker: `docker compose logs`, a line of JSON each.
    """
    folder = DataDirectory(data).logs
    files = [LogFile(path) for path in sorted(folder.glob("*.log"))]
    if not files:
        raise CommandError(
            f"there are no log files in {folder}",
            "Name the folder of an `up` with --data; in containers ask `docker compose logs`.",
        )
    _show([record for file in files for record in file.read()], job, as_json=as_json)
    while follow:
        time.sleep(_POLL_SECONDS)
        _show([record for file in files for record in file.more()], job, as_json=as_json)


def _show(found: list[Record], job: UUID | None, *, as_json: bool) -> None:
    for record in merged(found):
        if job is not None and not record.is_about(str(job)):
            continue
        if as_json:
            said = {"at": record.at, "source": record.source, "text": record.text}
            print_json(said, indent=None)
        else:
            console().print(
                f"{record.source:<10} {record.text}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
