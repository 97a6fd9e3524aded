"""The data directory: what one `newsmill up` keeps, and who holds it."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_data_path

from newsmill_cli.errors import CommandError

__all__ = ["DataDirectory", "Holder", "RunningUp", "default_data"]

_LOCK_SECONDS = 0.5


def default_data() -> Path:
    """Return the platform's folder for newsmill's data."""
    return user_data_path("newsmill", appauthor=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that works on a data directory."""

    pid: int
    since: str
    """When it began, ISO 8601 in UTC."""
    api_url: str = ""
    """Where its API answers, once known."""

    def __str__(self) -> str:
        """Say who it is in a few words."""
        api = f", API {self.api_url}" if self.api_url else ""
        return f"process {self.pid}, since {self.since}{api}"


@dataclass(frozen=True, slots=True)
class RunningUp:
    """What a running `up` tells other commands."""

    api_url: str
    api_key: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """The NEWSMILL_ settings that its services were given, passwords included."""
    own_engines: tuple[str, ...] = ()
    """Names of the engines that it started itself."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Paths inside one data directory, and the files that `up` leaves for other commands."""

    path: Path

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.path / "logs"

    @property
    def pages(self) -> Path:
        """The page store, unless a setting says otherwise."""
        return self.path / "pages"

    @property
    def api_file(self) -> Path:
        """Address and key of the API of the running `up`; only its owner may read it."""
        return self.path / "api.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the running `up`, for as long as it lives."""
        return self.path / "lock"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the directory for this process alone; the kernel lets go when it ends.

        Raises:
            CommandError: Another process holds it; the message says which.
        """
        # Root's engines run as another user, who must get through to their folder.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        self.path.mkdir(mode=mode, parents=True, exist_ok=True)
        with self.lock_file.open("a+") as lock:
            if not _lock(lock.fileno()):
                holder = self._read_holder()
                raise CommandError(
                    f"{self.path} is in use by another newsmill ({holder or 'not yet named'})",
                    "Stop that one, or give this one a folder of its own with --data.",
                )
            self._write_holder(Holder(os.getpid(), _now()))
            try:
                yield
            finally:
                self.api_file.unlink(missing_ok=True)
                self.lock_file.write_text("")

    def holder(self) -> Holder | None:
        """Return who holds the directory now, None if nobody does."""
        try:
            with self.lock_file.open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return self._read_holder()
        return None

    def announce(self, running: RunningUp) -> None:
        """Tell other commands where the API is; needs the directory to be held by us."""
        making = self.api_file.with_suffix(".new")
        making.unlink(missing_ok=True)
        making.touch(mode=0o600)
        making.write_text(json.dumps(asdict(running), indent=1))
        making.replace(self.api_file)
        holder = self._read_holder()
        if holder is not None:
            self._write_holder(Holder(holder.pid, holder.since, running.api_url))

    def running(self) -> RunningUp | None:
        """Return what the last `up` announced, None if it ended in order or never was."""
        try:
            told = json.loads(self.api_file.read_text())
            return RunningUp(**{**told, "own_engines": tuple(told["own_engines"])})
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            # None, or one of another version: not one that we can talk to.
            return None

    def _read_holder(self) -> Holder | None:
        try:
            return Holder(**json.loads(self.lock_file.read_text()))
        except (ValueError, TypeError, FileNotFoundError):
            # Written by its holder right now.
            return None

    def _write_holder(self, holder: Holder) -> None:
        self.lock_file.write_text(json.dumps(asdict(holder)))


def _lock(fd: int) -> bool:
    """Take the lock; commands that only look hold it for a moment."""
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        else:
            return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
