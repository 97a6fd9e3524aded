"""`newsmill migrate`: brings the database to the newest schema."""

from typing import Annotated

import typer

from newsmill_cli.backup.target import embedded_or_given
from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.user import user_name
from newsmill_shared.database import migrate as migration

__all__ = ["migrate"]


def migrate(
    *,
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Remove what holds data, too: back it up before.")
    ] = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Bring the database to the newest schema (`up` does so by itself when it starts).

    Refused, with nothing changed, if the schema is newer than this version, or if data would be
    lost.

    That is the database of NEWSMILL_DATABASE_URL, else the embedded one, which is started for
    the purpose when no `up` runs.
    """
    with embedded_or_given(DataDirectory(data.absolute())) as target:
        revision = migration.migrate(target.database_url, by=user_name(), allow_loss=allow_loss)
    if as_json:
        print_json({"revision": revision})
    else:
        console().print(f"The database is at revision {revision}.")
