"""`newsmill restore`: brings a backup back into an empty system."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from newsmill_cli.backup.copies import bring_back
from newsmill_cli.backup.progress import say_pages
from newsmill_cli.backup.target import embedded_or_given
from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.errors import CommandError
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json

__all__ = ["restore"]


def restore(
    folder: Annotated[
        Path, typer.Argument(help="What `newsmill backup` has filled.", show_default=False)
    ],
    *,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Bring a backup back into a system that has accepted nothing yet, and does not run.

    What waited or ran when the backup was taken goes on at the next `newsmill up`. Redis must be
    a new one, as it is in a new data folder: an old one remembers work that is to be done again.
    """
    directory = DataDirectory(data.absolute())
    holder = directory.holder()
    if holder is not None:
        raise CommandError(f"{directory.path} is in use ({holder})", "Stop it first.")
    with embedded_or_given(directory) as target:
        restored = bring_back(target, folder.absolute(), say_pages)
    if as_json:
        print_json(asdict(restored))
    else:
        console().print(
            f"The ledger as of {restored.taken_at} is back: {restored.accepted} accepted,"
            f" {restored.ended} ended, {restored.open} go on,"
            f" {restored.unaccounted} unaccounted; {restored.pages} pages."
        )
