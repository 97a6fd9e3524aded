"""The faults: what is done to a running system, each by its name.

A fault begins when it is called and is over when it returns; what it broke is whole again then,
or about to be: the supervisor restarts what was killed.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from tests.chaos.pages import HOSTS, address
from tests.chaos.system import System

__all__ = ["FAULTS", "SERVICES", "Fault"]

SERVICES = ("gateway", "bridge", "dispatcher", "ingest", "enrich", "store")
WORKERS = ("ingest", "enrich", "store")

_FAKETIME = Path("/usr/lib")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong."""

    name: str
    group: str
    """What it is measured with: faults of a group have one aim."""
    inflict: Callable[[System, Random], None]
    lacking: Callable[[System], str] = lambda _: ""
    """Says what this machine lacks for it; empty = nothing."""
    empties_broker: bool = False
    """Whether what lies in Redis is lost: the window is fetched again then."""


def _killing(name: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        system.kill(name)

    return Fault(f"kill {name}", "worker killed", inflict)


def _terminating(name: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        system.restarted(name)

    return Fault(f"terminate {name}", "worker stopped", inflict)


def _freezing(name: str, seconds: float) -> Fault:
    def inflict(system: System, random: Random) -> None:
        with system.frozen(name):
            system.wait(seconds)

    return Fault(f"freeze {name} {seconds:g} s", f"frozen {seconds:g} s", inflict)


def _kill_child(system: System, random: Random) -> None:
    children = system.process("enrich").children(recursive=True)
    if children:
        # It may end by itself just now.
        with suppress(psutil.NoSuchProcess):
            random.choice(children).kill()


def _redis_killed(name: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        system.kill(name)
        _await_restart(system, name)

    return Fault(f"kill {name}", f"{name} killed", inflict)


def _redis_restarted_empty(name: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        # Frozen first: nothing is written between the removal and the end.
        process = system.process(name)
        process.suspend()
        system.forget_data(name)
        process.kill()
        _await_restart(system, name)

    return Fault(f"restart {name} empty", f"{name} empty", inflict, empties_broker=name == "broker")


def _redis_flushed(name: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        with system.redis(name) as client:
            client.flushall()

    return Fault(f"flush {name}", f"{name} empty", inflict, empties_broker=name == "broker")


def _redis_full(name: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        with _configured(system, name, "maxmemory", "1mb", back="0"):
            system.hold(random)

    return Fault(f"{name} out of memory", f"{name} refuses", inflict)


def _redis_read_only(name: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        with system.redis(name) as client:
            # A replica of nobody: it answers, with READONLY to whoever writes.
            client.replicaof("127.0.0.1", "1")
            try:
                system.hold(random)
            finally:
                client.replicaof("NO", "ONE")

    return Fault(f"{name} read-only", f"{name} refuses", inflict)


@contextmanager
def _configured(system: System, name: str, key: str, value: str, *, back: str) -> Iterator[None]:
    with system.redis(name) as client:
        client.config_set(key, value)
        try:
            yield
        finally:
            client.config_set(key, back)


def _await_restart(system: System, name: str) -> None:
    time.sleep(0.2)
    if name == "postgres":
        system.await_database()
    else:
        system.await_redis(name)


def _database_killed(system: System, random: Random) -> None:
    system.kill("postgres")
    _await_restart(system, "postgres")


def _database_backend_killed(system: System, random: Random) -> None:
    """One session crashes, and the server ends all others to mend what they share."""
    (pid,) = random.choice(
        system.sql("select pid from pg_stat_activity where application_name like 'newsmill %'")
    )
    os.kill(int(str(pid)), signal.SIGKILL)
    _await_restart(system, "postgres")


def _database_restarted(system: System, random: Random) -> None:
    system.process("postgres").send_signal(signal.SIGINT)
    _await_restart(system, "postgres")


def _database_paused(system: System, random: Random) -> None:
    with system.frozen("postgres"):
        system.hold(random)


def _database_connections_cut(system: System, random: Random) -> None:
    for _ in range(3):
        system.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name like 'newsmill %'"
        )
        system.wait(0.5)


def _disk_full(name: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        with system.disks[name].full():
            system.hold(random)
        if name == "database":
            system.await_database()

    def lacking(system: System) -> str:
        return "" if name in system.disks else "root, to mount a small disk"

    return Fault(f"disk of {name} full", f"disk of {name}", inflict, lacking=lacking)


def _host_hangs(system: System, random: Random) -> None:
    for number in random.sample(range(HOSTS), 60):
        system.press.hang(address(number), 25)
    system.wait(25)


def _clock_off(system: System, random: Random) -> None:
    library = next(iter(sorted(_FAKETIME.glob("*/faketime/libfaketime.so.1"))))
    environment = {
        "LD_PRELOAD": str(library),
        "FAKETIME": random.choice(["+1h", "-1h"]),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    with system.replicas(*WORKERS, environment=environment):
        # Beside those whose clock is right.
        system.wait(10)


def _no_faketime(_: System) -> str:
    found = any(_FAKETIME.glob("*/faketime/libfaketime.so.1"))
    return "" if found else "Debian's package faketime"


def _special_page(kind: str, what: str) -> Fault:
    def inflict(system: System, random: Random) -> None:
        system.hand_in_special(kind)
        system.wait(3)

    return Fault(what, "faulty page", inflict)


def _rolling_restart(system: System, random: Random) -> None:
    for name in SERVICES:
        system.restarted(name)
        system.wait(2)


def _more_and_fewer(system: System, random: Random) -> None:
    with system.replicas(*WORKERS * 3, "dispatcher"):
        system.wait(10)


FAULTS: tuple[Fault, ...] = (
    *(_killing(name) for name in SERVICES),
    Fault("kill a child of enrich", "worker killed", _kill_child),
    *(_terminating(name) for name in SERVICES),
    *(_freezing(name, 5) for name in SERVICES),
    *(_freezing(name, 60) for name in ("dispatcher", *WORKERS)),
    *(
        fault(name)
        for name in ("broker", "index")
        for fault in (
            _redis_killed,
            _redis_restarted_empty,
            _redis_flushed,
            _redis_full,
            _redis_read_only,
        )
    ),
    Fault("kill postgres", "database", _database_killed),
    Fault("kill a session of postgres", "database", _database_backend_killed),
    Fault("restart postgres", "database", _database_restarted),
    Fault("pause postgres", "database", _database_paused),
    Fault("cut connections to postgres", "database", _database_connections_cut),
    _disk_full("database"),
    _disk_full("pages"),
    Fault("hosts hang", "host", _host_hangs),
    Fault("clock an hour off", "clock", _clock_off, lacking=_no_faketime),
    _special_page("poison", "a page that kills its worker"),
    _special_page("raising", "a page that makes enrichment raise"),
    _special_page("refused", "a row that postgres refuses"),
    Fault("rolling restart", "deploy", _rolling_restart),
    Fault("1 -> 4 -> 1 replicas", "deploy", _more_and_fewer),
)
"""All of them; names are unique."""
