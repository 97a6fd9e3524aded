"""`newsmill migrate`: brings the database to the newest schema."""

import os

from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.engines import Engines, Given, engine_choice
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_shared.database import migrate as migration

__all__ = ["migrate"]


def migrate(*, data: DataOption, as_json: JSONOption = False) -> None:
    """Bring the database to the newest schema (`up` does so by itself when it starts).

    That is the database of NEWSMILL_DATABASE_URL, else the embedded one, which is started for
    the purpose when no `up` runs.
    """
    given = os.environ.get("NEWSMILL_DATABASE_URL")
    directory = DataDirectory(data.absolute())
    revision = migration.migrate(given) if given else _migrate_embedded(directory)
    if as_json:
        print_json({"revision": revision})
    else:
        console().print(f"The database is at revision {revision}.")


def _migrate_embedded(directory: DataDirectory) -> str:
    running = directory.running() if directory.holder() else None
    if running is not None:
        return migration.migrate(running.settings["NEWSMILL_DATABASE_URL"])
    # Only the database is needed: an engine that is given is not started.
    given = Given(redis_url="unused", index_url="unused")
    choice = engine_choice(os.environ)
    with directory.hold(), Engines(directory.path, given=given, choice=choice) as engines:
        return migration.migrate(engines.database_url)
