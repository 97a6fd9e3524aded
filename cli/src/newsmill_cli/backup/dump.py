"""The ledger as one file: PostgreSQL's own pg_dump and pg_restore, found for the server at hand."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from newsmill_cli.engines.locate import parse_version, postgres_folders
from newsmill_cli.errors import CommandError, EngineError
from newsmill_shared.database.copying import libpq_variables

__all__ = ["dump", "restore"]


def dump(url: str, file: Path, *, major: int) -> None:
    """Write the database to a file, as it was at one moment, whatever is written meanwhile.

    Raises:
        EngineError: No pg_dump that can read this server is found.
        CommandError: It failed; the message is its own.
    """
    _run([_program("pg_dump", major), "--format=custom", "--no-owner", f"--file={file}"], url)


def restore(url: str, file: Path, *, major: int) -> None:
    """Read a file of ``dump`` into a database that has no tables of ours: all of it, or nothing.

    Raises:
        EngineError: No pg_restore is found.
        CommandError: It failed; the message is its own.
    """
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    program = _program("pg_restore", major)
    _run([program, *options, f"--dbname={libpq_variables(url)['PGDATABASE']}", str(file)], url)


def _program(name: str, major: int) -> str:
    """The program of the server's own version, else of the next newer one.

    An older one refuses the server; a newer one writes what an older server may not read.
    """
    found = dict(_versions(folder / name for folder in postgres_folders()))
    good = [version for version in found if version >= major]
    if not good:
        there = ", ".join(map(str, sorted(found))) or "none"
        raise EngineError(
            f"no {name} for PostgreSQL {major} (found: {there})",
            f"Install the client programs of PostgreSQL {major}, or put them on PATH.",
        )
    return str(found[min(good)])


def _versions(programs: Iterable[Path]) -> Iterable[tuple[int, Path]]:
    for program in programs:
        if not program.is_file():
            continue
        said = subprocess.run(  # noqa: S603 - a program by its full path
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
        version = parse_version(said.stdout)
        if version is not None:
            yield int(version[1].split(".")[0]), program


def _run(command: list[str], url: str) -> None:
    # The password goes by the environment: command lines can be read by everybody.
    done = subprocess.run(  # noqa: S603 - a program by its full path
        command,
        env={**os.environ, **libpq_variables(url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        name = Path(command[0]).name
        raise CommandError(f"{name} failed: {done.stderr.strip() or f'code {done.returncode}'}")
