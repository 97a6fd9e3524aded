"""What a backup is taken of or brought back to: the database and the page store of a system."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.engines import Engines, Given, engine_choice

__all__ = ["Target", "embedded_or_given"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where the ledger and the pages are."""

    database_url: str
    page_store_url: str


@contextmanager
def embedded_or_given(directory: DataDirectory) -> Iterator[Target]:
    """Yield what the settings name, else what lies in a data directory.

    The embedded database is started for the purpose when no `up` runs.

    Raises:
        CommandError: The directory is in use by a command that is not `up`.
        EngineError: PostgreSQL is not found, or does not start.
    """
    running = directory.running() if directory.holder() else None
    told = {**(running.settings if running else {}), **os.environ}
    pages = told.get("NEWSMILL_PAGE_STORE_URL") or directory.pages.as_uri()
    database = told.get("NEWSMILL_DATABASE_URL")
    if database:
        yield Target(database, pages)
        return
    # Only the database is needed: an engine that is given is not started.
    given = Given(redis_url="unused", index_url="unused")
    with (
        directory.hold(),
        Engines(directory.path, given=given, choice=engine_choice(os.environ)) as engines,
    ):
        yield Target(engines.database_url, pages)
