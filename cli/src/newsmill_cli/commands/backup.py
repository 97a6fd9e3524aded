"""`newsmill backup`: copies the ledger and the pages into a folder."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from newsmill_cli.backup.copies import take
from newsmill_cli.backup.progress import say_pages
from newsmill_cli.backup.target import embedded_or_given
from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json

__all__ = ["backup"]


def backup(
    folder: Annotated[Path, typer.Argument(help="Where to; made if absent.", show_default=False)],
    *,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Copy the ledger and all pages into a folder, while the system runs or not.

    Into the folder of an earlier backup only new pages are copied. `newsmill restore` brings it
    back. The folder holds passwords of no kind, but all that was stored.
    """
    with embedded_or_given(DataDirectory(data.absolute())) as target:
        summary = take(target, folder.absolute(), say_pages)
    if as_json:
        print_json(asdict(summary))
    else:
        console().print(
            f"The ledger as of {summary.taken_at} and {summary.pages} pages"
            f" ({summary.copied} new) are in {folder}."
        )
