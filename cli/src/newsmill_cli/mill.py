"""The whole system over one data directory: engines, schema, services, and an API that answers."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

import psutil

from newsmill_cli.api import Api
from newsmill_cli.data_directory import DataDirectory, RunningUp
from newsmill_cli.engines import Choice, Engines, Given
from newsmill_cli.engines.launch import log_tail
from newsmill_cli.errors import CommandError, UsageError
from newsmill_cli.supervisor import SERVICES, Event, Service, Supervisor
from newsmill_shared.database.migrate import migrate

__all__ = [
    "DEFAULT_PORT",
    "Mill",
    "MillOptions",
    "given_engines",
    "reserved_port",
    "running_mill",
    "service_settings",
]

DEFAULT_PORT = 8765
_READY_SECONDS = 60.0
_WITHOUT_DATABASE = ("enrich", "ingest")
"""Services that never ask PostgreSQL, and load the longest: they begin while it is made."""
_PORT_TRIES = 20


@dataclass(frozen=True, slots=True)
class MillOptions:
    """What to run, and how.

    Args:
        data: The data directory.
        port: Of the API; None = NEWSMILL_GATEWAY_PORT, else the usual one, else any free one.
        concurrency: Work at the same time, by service: ``{"enrich": 2}``.
        services: What to run; a program with a root of its own names its modules here.
        settings: Further ``NEWSMILL_`` settings for all services, by full name.
        choice: Where engines may come from.
    """

    data: Path
    port: int | None = None
    concurrency: Mapping[str, int] = field(default_factory=dict)
    services: tuple[Service, ...] = SERVICES
    settings: Mapping[str, str] = field(default_factory=dict)
    choice: Choice = "auto"


@dataclass(frozen=True, slots=True)
class Mill:
    """A system that runs."""

    directory: DataDirectory
    engines: Engines
    supervisor: Supervisor
    api_url: str
    api_key: str | None
    settings: Mapping[str, str]
    """The settings that the services were given, by full name."""

    def watch(self, seconds: float | None = None) -> bool:
        """Restart what dies, for so many seconds; False once Ctrl-C or SIGTERM came."""
        return self.supervisor.watch(seconds)

    def wait_until_ready(self, *, seconds: float = _READY_SECONDS) -> bool:
        """Wait until the API accepts work; False if Ctrl-C or SIGTERM came first.

        Raises:
            CommandError: It does not within ``seconds``, or another program has taken its port;
                the message ends with its log.
        """
        end = time.monotonic() + seconds
        log = self.directory.logs / "gateway.log"
        with Api(self.api_url, self.api_key) as api:
            while self.watch(0.1):
                said = api.ready()
                if said is not None and not self._is_ours():
                    raise CommandError(
                        f"another program answers at {self.api_url}: it took the port meanwhile",
                        "Start again, or choose another with --port.",
                    )
                if said is not None and said["ready"]:
                    return True
                if time.monotonic() > end:
                    raise CommandError(
                        f"the API did not become ready within {seconds:g} s",
                        f"Its log {log} ends with:\n{log_tail(log)}",
                    )
        return False

    def _is_ours(self) -> bool:
        """Tell whether our own gateway listens at the API's port."""
        pid = self.supervisor.pids.get("gateway")
        port = int(self.settings["NEWSMILL_GATEWAY_PORT"])
        try:
            sockets = psutil.Process(pid).net_connections("tcp") if pid else []
        except psutil.NoSuchProcess:
            return False
        return any(item.status == psutil.CONN_LISTEN and item.laddr[1] == port for item in sockets)


@contextmanager
def running_mill(
    options: MillOptions, report: Callable[[Event], None] = lambda _: None
) -> Iterator[Mill]:
    """Start everything; stop everything in order when the block ends.

    Call it in the main thread: it takes Ctrl-C, SIGTERM and SIGHUP, after which `Mill.watch`
    returns False; twice means at once. While it starts they raise KeyboardInterrupt.

    Raises:
        CommandError: The data directory is in use, the port taken, an engine does not start.
        TransientError: An engine that is not ours cannot be reached.
    """
    directory = DataDirectory(options.data.absolute())
    supervisors: list[Supervisor] = []
    with ExitStack() as stack:
        stack.enter_context(_stop_signals(supervisors))
        _check_installed(options.services)
        stack.enter_context(directory.hold())
        host = os.environ.get("NEWSMILL_GATEWAY_HOST") or "127.0.0.1"
        wanted = options.port or _named_port(os.environ)
        port = stack.enter_context(reserved_port(host, wanted))
        engines = Engines(directory.path, given=given_engines(os.environ), choice=options.choice)
        for engine in engines.embedded:
            found = engine.located
            detail = f"{found.product} {found.version} from {found.binary}"
            report(Event("starting", engine.name, detail=detail))
        stack.callback(engines.stop)
        settings = service_settings(options, directory, engines, port)
        supervisor = Supervisor(
            options.services,
            environment={**_quiet_libraries(), **os.environ, **settings},
            logs=directory.logs,
            engines=engines.embedded,
            report=report,
        )
        api_url = f"http://{_reachable_host(host)}:{port}"
        api_key = settings.get("NEWSMILL_API_KEY") or os.environ.get("NEWSMILL_API_KEY")
        own_engines = tuple(engine.name for engine in engines.embedded)
        directory.announce(RunningUp(api_url, api_key, settings, own_engines))
        supervisors.append(supervisor)
        stack.callback(supervisor.stop)
        engines.start(before_database=lambda: supervisor.start_ahead(_WITHOUT_DATABASE))
        revision = migrate(engines.database_url)
        report(Event("migrated", "database", detail=f"schema {revision}"))
        supervisor.start()
        yield Mill(directory, engines, supervisor, api_url, api_key, settings)


def _check_installed(services: tuple[Service, ...]) -> None:
    packages = dict.fromkeys(service.module.partition(".")[0] for service in services)
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        names = " ".join(package.replace("_", "-") for package in missing)
        raise CommandError(
            f"not installed in {sys.prefix}: {names}", f"Install them there: pip install {names}"
        )


def given_engines(environment: Mapping[str, str]) -> Given:
    """Return the engines that the environment names."""
    return Given(
        database_url=environment.get("NEWSMILL_DATABASE_URL") or None,
        redis_url=environment.get("NEWSMILL_REDIS_URL") or None,
        index_url=environment.get("NEWSMILL_INDEX_URL") or None,
    )


def service_settings(
    options: MillOptions, directory: DataDirectory, engines: Engines, port: int
) -> dict[str, str]:
    """Return every ``NEWSMILL_`` setting that services get, those of our environment included."""
    ours = {
        "NEWSMILL_DATABASE_URL": engines.database_url,
        "NEWSMILL_REDIS_URL": engines.redis_url,
        "NEWSMILL_INDEX_URL": engines.index_url,
        "NEWSMILL_GATEWAY_PORT": str(port),
    }
    inherited = {name: value for name, value in os.environ.items() if name.startswith("NEWSMILL_")}
    if "NEWSMILL_PAGE_STORE_URL" not in inherited:
        directory.pages.mkdir(mode=0o700, exist_ok=True)
        ours["NEWSMILL_PAGE_STORE_URL"] = directory.pages.as_uri()
    concurrency = {
        f"NEWSMILL_{name.upper()}_CONCURRENCY": str(number)
        for name, number in options.concurrency.items()
    }
    return {**inherited, **ours, **concurrency, **options.settings}


@contextmanager
def reserved_port(host: str, wanted: int | None) -> Iterator[int]:
    """Choose a free port, and keep other newsmills from choosing it until the block ends.

    Between the choice and the moment when the gateway listens lie seconds: a name in the
    abstract socket namespace, which goes with its process, stands for the port.

    Args:
        host: The address it is for.
        wanted: That one and no other; None = the usual one if it is free.

    Raises:
        CommandError: The wanted port is taken.
    """
    candidates = [wanted] if wanted else [DEFAULT_PORT, *(0,) * _PORT_TRIES]
    for candidate in candidates:
        port = _free_port(host, candidate)
        with socket.socket(socket.AF_UNIX) as name:
            if port and _takes(name, f"\0newsmill-port-{port}"):
                yield port
                return
    raise CommandError(
        f"port {wanted or DEFAULT_PORT} of {host} cannot be had",
        "Choose another with --port, or leave it out.",
    )


def _named_port(environment: Mapping[str, str]) -> int | None:
    named = environment.get("NEWSMILL_GATEWAY_PORT")
    if not named:
        return None
    if not named.isdecimal() or not 0 < int(named) < 65536:
        raise UsageError(f"NEWSMILL_GATEWAY_PORT={named} is no port", "Set a number below 65536.")
    return int(named)


def _free_port(host: str, port: int) -> int | None:
    """Return the port if it is free (0 = any one that is), else None."""
    with socket.socket(_family(host)) as probe:
        # As the server will: connections of the one before may still be closing.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not _takes(probe, (host, port)):
            return None
        free: int = probe.getsockname()[1]
        return free


def _takes(probe: socket.socket, address: str | tuple[str, int]) -> bool:
    try:
        probe.bind(address)
    except OSError:
        return False
    return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _reachable_host(host: str) -> str:
    """Return how we reach a server that listens on ``host``."""
    loopback = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not bound
    return loopback.get(host, f"[{host}]" if ":" in host else host)


def _quiet_libraries() -> dict[str, str]:
    """One BLAS thread a process, and logs that are written when they are said."""
    return {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


@contextmanager
def _stop_signals(supervisors: list[Supervisor]) -> Iterator[None]:
    """Hand Ctrl-C, SIGTERM and SIGHUP to the supervisor, once there is one."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        if not supervisors:
            raise KeyboardInterrupt
        supervisors[0].request_stop()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
