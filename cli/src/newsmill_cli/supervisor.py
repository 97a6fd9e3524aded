"""Keeps processes running: starts them, restarts what died, stops them in order.

It waits on the kernel (one ``pidfd`` a process) and takes no time while nothing happens. The
thread that starts processes must live as long as they do: they are tied to it.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from newsmill_cli.engines.launch import Child, launch, log_tail, rotate_log
from newsmill_cli.errors import EngineError

__all__ = [
    "SERVICES",
    "Engine",
    "Event",
    "Service",
    "Supervisor",
    "restart_delay",
]

_STEADY_SECONDS = 30.0
"""A process that lived this long is restarted as if it had never died before."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process of the system: ``python -m module``."""

    name: str
    module: str
    stop_seconds: float = 10.0
    """How long it may take to finish what it has begun when it is asked to stop."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Settings of this process alone."""


SERVICES: tuple[Service, ...] = (
    Service("gateway", "newsmill_gateway.worker"),
    Service("bridge", "newsmill_gateway.bridge"),
    Service("dispatcher", "newsmill_store.dispatcher"),
    Service("ingest", "newsmill_ingest.worker", stop_seconds=20.0),
    Service("enrich", "newsmill_enrich.worker", stop_seconds=15.0),
    Service("store", "newsmill_store.worker"),
)
"""All services, in the order in which they stop: the doors first, the recorder last."""


class Engine(Protocol):
    """A server that is ours to restart."""

    name: str
    log: Path
    child: Child | None

    def start(self) -> None:
        """Start it and wait until it answers."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a process, or to what it needs."""

    kind: Literal["starting", "migrated", "started", "died", "stopped", "killed"]
    name: str
    pid: int | None = None
    detail: str = ""
    """More about it; for a death: how it ended, and when it is started again."""
    log: Path | None = None
    said: str = ""
    """For a death: the last lines of its log."""


@dataclass(slots=True)
class _Watched:
    """What is known of one process."""

    name: str
    log: Path
    launch: Callable[[], Child]
    stop_seconds: float = 0.0
    child: Child | None = None
    pidfd: int = -1
    started_at: float = 0.0
    log_start: int = 0
    deaths: int = 0
    restart_at: float | None = None


class Supervisor:
    """Runs services, and watches over engines that were started before.

    Args:
        services: What to run; they stop in this order.
        environment: The environment that all of them get.
        logs: The folder of their log files, one a service, begun anew when large.
        engines: Servers to restart when they die; starting and stopping them stays the caller's.
        report: Called with everything that happens.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        environment: Mapping[str, str],
        logs: Path,
        engines: Sequence[Engine] = (),
        report: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._environment = environment
        self._report = report
        self._services = [self._watched(service, logs) for service in services]
        self._servers = tuple(engines)
        self._engines = [
            _Watched(engine.name, engine.log, partial(_restart_engine, engine))
            for engine in engines
        ]
        self._poll = select.poll()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._poll.register(self._wake_read, select.POLLIN)
        self._stop_requests = 0

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now, by name."""
        return {item.name: item.child.pid for item in self._all() if item.child is not None}

    def start_ahead(self, names: Collection[str]) -> None:
        """Start these services now; `start` starts the others."""
        for item in self._services:
            if item.name in names:
                rotate_log(item.log)
                self._start(item)

    def start(self) -> None:
        """Start all services that do not run yet, and begin to watch the engines."""
        for item, engine in zip(self._engines, self._servers, strict=True):
            if engine.child is not None:
                self._watch(item, engine.child)
        self.start_ahead([item.name for item in self._services if item.child is None])

    def watch(self, seconds: float | None = None) -> bool:
        """Restart what dies, for so many seconds (None: until asked to stop).

        Returns:
            True to go on, False once `request_stop` was called.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while not self._stop_requests:
            now = time.monotonic()
            for item in self._all():
                if item.restart_at is not None and item.restart_at <= now:
                    self._start(item)
            if end is not None and now >= end:
                return True
            moments = [item.restart_at for item in self._all() if item.restart_at is not None]
            self._sleep(min([*moments, *([] if end is None else [end])], default=None))
            for item in self._all():
                if item.child is not None and item.child.poll() is not None:
                    self._bury(item, item.child)
        return False

    def request_stop(self) -> None:
        """Have `watch` return; called twice, `stop` waits no longer. Safe in a signal handler."""
        self._stop_requests += 1
        # A full pipe wakes just as well.
        with suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    def stop(self) -> None:
        """Stop all services, each when the one before has ended; late ones by force."""
        for item in self._engines:
            self._forget(item)
        for item in self._services:
            item.restart_at = None
            if item.child is not None:
                self._stop(item, item.child)

    def _watched(self, service: Service, logs: Path) -> _Watched:
        log = logs / f"{service.name}.log"
        start = partial(
            launch,
            [sys.executable, "-m", service.module],
            log=log,
            environment={**self._environment, **service.environment},
        )
        return _Watched(service.name, log, start, service.stop_seconds)

    def _all(self) -> list[_Watched]:
        return [*self._engines, *self._services]

    def _start(self, item: _Watched) -> None:
        item.restart_at = None
        item.log_start = item.log.stat().st_size if item.log.exists() else 0
        try:
            child = item.launch()
        except EngineError as error:
            self._plan_restart(item, error.problem)
        else:
            self._watch(item, child)
            self._report(Event("started", item.name, child.pid))

    def _watch(self, item: _Watched, child: Child) -> None:
        item.child = child
        item.started_at = time.monotonic()
        item.pidfd = os.pidfd_open(child.pid)
        self._poll.register(item.pidfd, select.POLLIN)

    def _forget(self, item: _Watched) -> None:
        if item.pidfd >= 0:
            self._poll.unregister(item.pidfd)
            os.close(item.pidfd)
        item.child, item.pidfd = None, -1

    def _bury(self, item: _Watched, child: Child) -> None:
        self._forget(item)
        if time.monotonic() - item.started_at >= _STEADY_SECONDS:
            item.deaths = 0
        self._plan_restart(item, _how_it_ended(child.returncode), pid=child.pid)

    def _plan_restart(self, item: _Watched, ending: str, *, pid: int | None = None) -> None:
        delay = restart_delay(item.deaths)
        item.deaths += 1
        item.restart_at = time.monotonic() + delay
        detail = f"{ending}; starting it again in {delay:g} s"
        said = log_tail(item.log, since=item.log_start, lines=8)
        self._report(Event("died", item.name, pid, detail, item.log, said))

    def _stop(self, item: _Watched, child: Child) -> None:
        # A child that ends right now is what we want.
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        end = time.monotonic() + item.stop_seconds
        while child.poll() is None and self._stop_requests < 2:
            left = end - time.monotonic()
            if left <= 0:
                break
            ready, _, _ = select.select([item.pidfd, self._wake_read], [], [], left)
            self._drain(self._wake_read in ready)
        in_time = child.poll() is not None
        if not in_time:
            child.kill()
            child.wait()
        self._forget(item)
        self._report(Event("stopped" if in_time else "killed", item.name, child.pid))

    def _sleep(self, until: float | None) -> None:
        """Sleep until a process ends, somebody asks us to stop, or the clock says ``until``."""
        timeout = None if until is None else max(0.0, until - time.monotonic()) * 1000
        ready = self._poll.poll(timeout)
        self._drain(any(fd == self._wake_read for fd, _ in ready))

    def _drain(self, woken: bool) -> None:
        if woken:
            os.read(self._wake_read, 4096)


def restart_delay(deaths: int) -> float:
    """Return after how many seconds a process is started again that died so often before."""
    return min(0.5 * 2.0 ** min(deaths, 10), 30.0)


def _restart_engine(engine: Engine) -> Child:
    engine.start()
    if engine.child is None:
        raise EngineError(f"{engine.name} did not start")
    return engine.child


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"
