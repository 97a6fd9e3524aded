"""Real PostgreSQL and Valkey for tests: started once, a fresh database and empty servers a test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from redis import Redis

from newsmill_cli.engines import Choice, Engines, engine_choice

__all__ = ["chosen", "emptied", "fresh_database", "open_folder", "running_engines"]

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp
_ROOM_BYTES = 4 * 1024**3
_TEMPLATE = "newsmill_template"
_numbers = count(1)


@contextmanager
def running_engines() -> Iterator[Engines]:
    """Run engines over a folder of their own, with durability off, until the block ends."""
    with open_folder() as folder, Engines(folder, choice=chosen(), safe=False) as engines:
        yield engines


def chosen() -> Choice:
    """Where tests take engines from: from the wheels, unless ``NEWSMILL_ENGINES`` says else."""
    return engine_choice({"NEWSMILL_ENGINES": "wheels", **os.environ})


@contextmanager
def fresh_database(engines: Engines) -> Iterator[str]:
    """Give the URL of a migrated, empty database that is gone after the block."""
    assert engines.postgres is not None
    with psycopg.connect(engines.postgres.url("postgres"), autocommit=True) as connection:
        _make_template(connection, engines.postgres.url(_TEMPLATE))
        name = f"test_{next(_numbers)}"
        connection.execute(f'create database "{name}" template "{_TEMPLATE}"'.encode())
    yield engines.postgres.url(name)
    # Connected anew: the test may have restarted the server.
    with psycopg.connect(engines.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f'drop database if exists "{name}" with (force)'.encode())


def emptied(url: str) -> str:
    """Empty the server at ``url`` and return the URL."""
    with Redis.from_url(url) as client:
        client.flushall()
    return url


def _make_template(connection: psycopg.Connection, url: str) -> None:
    # Late, so that tests of other parts run while the schema is broken.
    from newsmill_shared.database.migrate import migrate

    known = connection.execute("select 1 from pg_database where datname = %s", [_TEMPLATE])
    if known.fetchone() is None:
        connection.execute(f'create database "{_TEMPLATE}"'.encode())
        try:
            migrate(url)
        except BaseException:
            connection.execute(f'drop database "{_TEMPLATE}" with (force)'.encode())
            raise


@contextmanager
def open_folder(*, in_memory: bool = True) -> Iterator[Path]:
    """A temporary folder with a short path that the engines' user may enter.

    Args:
        in_memory: Where there is room for it: engines write much that no test reads again. No
            program may be started from there.
    """
    place = _MEMORY if in_memory and _has_room(_MEMORY) else None
    folder = Path(tempfile.mkdtemp(prefix="newsmill-", dir=place))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM_BYTES
