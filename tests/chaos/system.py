"""The system under faults: its processes, its engines, its disks, and what may be done to them."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol

import psutil
import psycopg
from redis import Redis
from redis.exceptions import RedisError

from newsmill_cli.engines.launch import Child, launch
from newsmill_cli.engines.valkey import Valkey
from newsmill_cli.mill import Mill
from tests.chaos.pages import special

__all__ = ["DISKS", "Disk", "Hosts", "Stopped", "System", "mounted_disks"]

DISKS: Mapping[str, tuple[str, str]] = {
    "database": ("engines", "1400m"),
    "broker": ("engines/broker", "400m"),
    "index": ("engines/index", "400m"),
    "pages": ("pages", "600m"),
}
"""Memory disks of their own, by what lies on them: folder in the data directory, and size."""

_MODULES = {
    "ingest": "newsmill_ingest.worker",
    "enrich": "tests.chaos.enrich",
    "store": "newsmill_store.worker",
    "dispatcher": "newsmill_store.dispatcher",
}
_PATIENCE_SECONDS = 60.0
_BLOCK = bytes(1 << 20)


class Hosts(Protocol):
    """Where pages come from."""

    port: int

    def hang(self, host: str, seconds: float) -> None:
        """Have a host answer nothing for so many seconds."""


class Stopped(Exception):  # noqa: N818 - it is no error
    """The run ends: whoever waits gives up."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A small disk that can be filled."""

    folder: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no byte free until the block ends."""
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(_BLOCK)
        # What others freed meanwhile.
        with ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0")
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def mounted_disks(data: Path) -> Iterator[dict[str, Disk]]:
    """Mount memory disks into a data directory; none unless we may."""
    disks: dict[str, Disk] = {}
    with ExitStack() as stack:
        for name, (folder, size) in DISKS.items():
            path = data / folder
            if os.geteuid() != 0 or not _mount(path, size):
                break
            stack.callback(_unmount, path)
            disks[name] = Disk(path)
        yield disks


def _mount(path: Path, size: str) -> bool:
    """Mount a memory disk; tell whether we may, which not every root may in a container."""
    path.mkdir(mode=0o711, parents=True)
    options = f"size={size},mode=0711"
    command = ["/usr/bin/mount", "-t", "tmpfs", "-o", options, "newsmill-chaos", str(path)]
    return subprocess.run(command, check=False).returncode == 0


def _unmount(path: Path) -> None:
    subprocess.run(["/usr/bin/umount", "--lazy", path], check=True)


@dataclass(slots=True)
class System:
    """Handles for faults; used by the thread that inflicts them."""

    mill: Mill
    press: Hosts
    seed: int
    disks: Mapping[str, Disk]
    stop: threading.Event
    random: Random
    hand_in: Callable[[str], None]
    """Hands in one more URL."""
    lasting: tuple[float, float] = (6.0, 16.0)
    """Between how many seconds and how many a fault lasts that has no length of its own."""
    thaws: list[float] = field(default_factory=list)
    """When frozen fetchers went on, in monotonic seconds."""
    notes: list[str] = field(default_factory=list)
    """What was strange."""
    _replicas: int = 0

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Stopped: The run ends.
        """
        if self.stop.wait(seconds):
            raise Stopped

    def hold(self, random: Random) -> None:
        """Let a fault last as long as one without a length of its own does."""
        self.wait(random.uniform(*self.lasting))

    def wait_for(self, condition: Callable[[], bool], what: str) -> bool:
        """Wait for a condition; False, with a note, if it does not come in a minute."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < end:
            if condition():
                return True
            self.wait(0.05)
        self.notes.append(f"waited {_PATIENCE_SECONDS:g} s in vain: {what}")
        return False

    def process(self, name: str) -> psutil.Process:
        """Return the process of a service or engine, once it runs."""
        self.wait_for(lambda: name in self.mill.supervisor.pids, f"{name} runs")
        return psutil.Process(self.mill.supervisor.pids[name])

    def family(self, name: str) -> list[psutil.Process]:
        """Return a process and all below it, itself first."""
        process = self.process(name)
        return [process, *process.children(recursive=True)]

    def kill(self, name: str) -> None:
        """End a process as ``kill -9`` does; the supervisor starts it again."""
        self.process(name).kill()

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Hold a process, and all below it, still until the block ends."""
        held = self.family(name)
        for process in held:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield
        finally:
            for process in reversed(held):
                with suppress(psutil.NoSuchProcess):
                    process.resume()
            if name == "ingest":
                self.thaws.append(time.monotonic())

    def restarted(self, name: str) -> None:
        """Ask a process to end, and wait until it runs anew."""
        process = self.process(name)
        process.send_signal(signal.SIGTERM)
        self.wait_for(
            lambda: self.mill.supervisor.pids.get(name) not in (None, process.pid),
            f"{name} runs again after SIGTERM",
        )

    @contextmanager
    def replicas(self, *names: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
        """Run further processes of services, and begin the block when they work.

        When it ends so do they, as at a scale down.
        """
        logs = [self._log_of_replica(name) for name in names]
        started = [
            self._replica(name, log, environment or {})
            for name, log in zip(names, logs, strict=True)
        ]
        try:
            # A second dispatcher stands by and says nothing.
            workers = [log for name, log in zip(names, logs, strict=True) if name != "dispatcher"]
            self.wait_for(lambda: all(map(_works, workers)), "replicas are ready")
            yield
        finally:
            for child in started:
                child.send_signal(signal.SIGTERM)
            for name, child in zip(names, started, strict=True):
                try:
                    child.wait(25)
                except subprocess.TimeoutExpired:
                    self.notes.append(f"a replica of {name} did not end within 25 s of SIGTERM")
                    child.kill()
                    child.wait()

    def _log_of_replica(self, name: str) -> Path:
        self._replicas += 1
        return self.mill.directory.logs / f"{name}-replica-{self._replicas}.log"

    def _replica(self, name: str, log: Path, environment: Mapping[str, str]) -> Child:
        return launch(
            [sys.executable, "-m", _MODULES[name]],
            log=log,
            environment={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "PYTHONUNBUFFERED": "1",
                **self.mill.settings,
                **environment,
            },
        )

    def redis(self, name: str) -> "Redis":
        """Return a client of ``broker`` or ``index``."""
        engines = self.mill.engines
        url = engines.redis_url if name == "broker" else engines.index_url
        return Redis.from_url(url, socket_timeout=10)

    def valkey(self, name: str) -> Valkey:
        """Return the server ``broker`` or ``index``."""
        engines = self.mill.engines
        server = engines.broker if name == "broker" else engines.index
        assert server is not None
        return server

    def await_redis(self, name: str) -> None:
        """Wait until a server answers."""
        with self.redis(name) as client:
            self.wait_for(lambda: _says(client.ping), f"{name} answers")

    def forget_data(self, name: str) -> None:
        """Remove what a server that is down would read when it starts."""
        for item in self.valkey(name).folder.iterdir():
            if item.is_dir():
                shutil.rmtree(item)

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement of the operator's in the database."""
        with psycopg.connect(
            self.mill.engines.database_url, autocommit=True, connect_timeout=3
        ) as connection:
            done = connection.execute(statement.encode())
            return list(done.fetchall()) if done.description else []

    def await_database(self) -> None:
        """Wait until the database answers."""
        self.wait_for(lambda: _says(lambda: self.sql("select 1")), "the database answers")

    def hand_in_special(self, kind: str) -> None:
        """Hand in a page that ends in a way of its own."""
        self.hand_in(special(kind, seed=self.seed, port=self.press.port, random=self.random))


def _works(log: Path) -> bool:
    return "worker ready" in log.read_text(errors="replace")


def _says(question: Callable[[], object]) -> bool:
    try:
        question()
    except (OSError, psycopg.Error, RedisError):
        return False
    return True
