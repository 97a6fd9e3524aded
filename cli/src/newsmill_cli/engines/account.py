"""Who the engines run as, and where that user can reach: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Account", "engine_account", "give", "initdb_account", "open_to_all", "reachable"]

_NAME = "newsmill"
_UNUSED_UID = 60_911
"""Lies in a range that systemd's register of user ids calls unused (60578-61183)."""


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user, which need not have an entry in the password file."""

    uid: int
    gid: int


def engine_account() -> Account | None:
    """Return whom engines run as: None = ourselves, unless we are root.

    For root it is the user ``newsmill`` if there is one, else a user id that nobody has.
    """
    if os.geteuid() != 0:
        return None
    entries = pwd.getpwall()
    for entry in entries:
        if entry.pw_name == _NAME:
            return Account(entry.pw_uid, entry.pw_gid)
    taken = {entry.pw_uid for entry in entries}
    uid = next(uid for uid in range(_UNUSED_UID, 65_000) if uid not in taken)
    return Account(uid, uid)


def initdb_account(account: Account) -> Account:
    """Return whom ``initdb`` runs as: it insists on a user with an entry in the password file."""
    try:
        pwd.getpwuid(account.uid)
    except KeyError:
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)
    return account


def reachable(path: Path) -> bool:
    """Tell whether any user can enter every folder on the way to ``path`` and read it."""
    resolved = path.resolve()
    return all(_mode(folder) & stat.S_IXOTH for folder in resolved.parents) and bool(
        _mode(resolved) & stat.S_IROTH or resolved.is_dir()
    )


def give(path: Path, account: Account | None) -> None:
    """Make everything from ``path`` down belong to ``account``, if it does not yet."""
    if account is None or path.stat().st_uid == account.uid:
        return
    for folder, _, files in os.walk(path):
        for name in files:
            os.chown(Path(folder, name), account.uid, account.gid, follow_symlinks=False)
        os.chown(folder, account.uid, account.gid)
    os.chown(path, account.uid, account.gid)


def open_to_all(root: Path, folders: Sequence[Path], target: Path) -> None:
    """Copy folders below ``root`` to where everybody may read and execute what they hold."""
    making = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    for source in folders:
        shutil.copytree(source, making / source.relative_to(root), symlinks=True)
    for folder, _, files in os.walk(making):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
    if target.exists():
        shutil.rmtree(making)
    else:
        making.rename(target)


def _mode(path: Path) -> int:
    return path.stat().st_mode
