"""`newsmill migrate`: brings the database to the newest schema."""

import os

from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.engines import Engines, Given
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_shared.database import migrate as migration

__all__ = ["migrate"]


def migrate(*, data: DataOption, as_json: JSONOption = False) -> None:
    """Bring the database to the newest schema (`up` does so by itself when it starts).

    That is the database of NEWSMILL_DATABASE_URL, else the embedded one, which is started for
    the purpose when no `up` runs.
    """
    revision = migration.migrate(os.environ["NEWSMILL_DATABASE_URL"]) if _is_given() else ""
    if not revision:
        revision = _migrate_embedded(DataDirectory(data.absolute()))
    if as_json:
        print_json({"revision": revision})
    else:
        console().print(f"The database is at revision {revision}.")


def _is_given() -> bool:
    return bool(os.environ.get("NEWSMILL_DATABASE_URL"))


def _migrate_embedded(directory: DataDirectory) -> str:
    running = directory.running() if directory.holder() else None
    if running is not None:
        return migration.migrate(running.settings["NEWSMILL_DATABASE_URL"])
    unused = Given(redis_url="unused", index_url="unused")
    with directory.hold(), Engines(directory.path, given=unused) as engines:
        return migration.migrate(engines.database_url)
