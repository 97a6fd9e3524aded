"""Options that every command has."""

from pathlib import Path
from typing import Annotated

import typer

from newsmill_cli.data_directory import default_data

__all__ = ["DataOption", "JSONOption"]

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="NEWSMILL_DATA",
        default_factory=default_data,
        file_okay=False,
        show_default="the platform's data folder",
        help="Folder that holds everything one newsmill keeps.",
    ),
]

JSONOption = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output, for programs.")
]
