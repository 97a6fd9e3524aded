"""Processes are restarted when they die and stopped in order."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from newsmill_cli.engines import Engines
from newsmill_cli.supervisor import Event, Service, Supervisor
from tests.integration.cli.processes import all_ended, eventually, tree_of
from tests.support.engines import chosen

STANDINS = "tests.integration.cli.standins"


def test_services_get_their_settings_and_stop_in_order(tmp_path: Path) -> None:
    """The one that was named first stops first, with time to finish."""
    events: list[Event] = []
    services = [
        Service("first", f"{STANDINS}.steady", environment={"NEWSMILL_TOLD": "this"}),
        Service("second", f"{STANDINS}.steady"),
    ]

    with supervised(services, tmp_path, events) as supervisor:
        told(tmp_path, "first", "told this\n")
        told(tmp_path, "second", "told nothing\n")
        family = [process for pid in supervisor.pids.values() for process in tree_of(pid)]

    assert [(event.kind, event.name) for event in events] == [
        ("started", "first"),
        ("started", "second"),
        ("stopped", "first"),
        ("stopped", "second"),
    ]
    told(tmp_path, "first", "stopped in order\n")
    assert all_ended(family)


def test_a_service_that_died_is_started_again_and_said_so(tmp_path: Path) -> None:
    """With the way it ended and the end of its log."""
    events: list[Event] = []
    services = [Service("one", f"{STANDINS}.steady"), Service("other", f"{STANDINS}.steady")]

    with supervised(services, tmp_path, events) as supervisor:
        before = supervisor.pids
        told(tmp_path, "one", "told nothing\n")
        os.kill(before["one"], signal.SIGKILL)
        watch_until(supervisor, lambda: supervisor.pids.get("one") not in {None, before["one"]})
        after = supervisor.pids

    death = next(event for event in events if event.kind == "died")
    assert death.name == "one"
    assert death.detail == "was ended by SIGKILL; starting it again in 0.5 s"
    assert death.said == "told nothing"
    assert after["other"] == before["other"]


def test_a_service_that_cannot_start_shows_why_and_is_tried_less_and_less(tmp_path: Path) -> None:
    """It neither hides its fault nor takes the machine."""
    events: list[Event] = []

    with supervised([Service("broken", f"{STANDINS}.dying")], tmp_path, events) as supervisor:
        watch_until(supervisor, lambda: len(deaths(events)) == 2)

    assert [event.detail for event in deaths(events)] == [
        "ended with exit code 1; starting it again in 0.5 s",
        "ended with exit code 1; starting it again in 1 s",
    ]
    assert deaths(events)[0].said == "something is missing"


def test_one_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    """After the time it has; those after it still get theirs."""
    events: list[Event] = []
    services = [
        Service("stubborn", f"{STANDINS}.stubborn", stop_seconds=0.2),
        Service("steady", f"{STANDINS}.steady"),
    ]

    with supervised(services, tmp_path, events) as supervisor:
        told(tmp_path, "steady", "told nothing\n")
        eventually(lambda: ignores_term(supervisor.pids["stubborn"]))

    assert [(event.kind, event.name) for event in events[2:]] == [
        ("killed", "stubborn"),
        ("stopped", "steady"),
    ]


def test_a_second_request_does_not_wait(tmp_path: Path) -> None:
    """Ctrl-C pressed again means now."""
    events: list[Event] = []
    service = Service("stubborn", f"{STANDINS}.stubborn", stop_seconds=60)
    supervisor = a_supervisor([service], tmp_path, events)
    supervisor.start()
    eventually(lambda: ignores_term(supervisor.pids["stubborn"]))
    supervisor.request_stop()
    threading.Timer(0.2, supervisor.request_stop).start()

    began = time.monotonic()
    supervisor.stop()

    assert time.monotonic() - began < 10
    assert events[-1].kind == "killed"


def test_watching_ends_when_asked_from_a_signal_handler(tmp_path: Path) -> None:
    """However long it would have gone on."""
    supervisor = a_supervisor([], tmp_path, [])
    before = signal.signal(signal.SIGUSR1, lambda *_: supervisor.request_stop())
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()

    goes_on = supervisor.watch()

    signal.signal(signal.SIGUSR1, before)
    assert not goes_on


def test_watching_takes_no_time_while_nothing_happens(tmp_path: Path) -> None:
    """It waits on the kernel."""
    with supervised([Service("one", f"{STANDINS}.steady")], tmp_path, []) as supervisor:
        began = time.process_time()
        goes_on = supervisor.watch(0.5)
        used = time.process_time() - began

    assert goes_on
    assert used < 0.02


def test_an_engine_that_died_is_started_again(data: Path) -> None:
    """At the same address: its clients only have to connect again."""
    events: list[Event] = []
    with Engines(data, choice=chosen(), safe=False) as engines:
        supervisor = Supervisor(
            [],
            environment=os.environ,
            logs=engines.places.logs,
            engines=engines.embedded,
            report=events.append,
        )
        supervisor.start()
        before = supervisor.pids
        url = engines.redis_url
        os.kill(before["broker"], signal.SIGKILL)
        watch_until(
            supervisor, lambda: supervisor.pids.get("broker") not in {None, before["broker"]}
        )
        after = supervisor.pids
        supervisor.stop()

        assert engines.broker is not None
        assert engines.broker.pid == after["broker"]
        assert engines.redis_url == url
    assert [(event.kind, event.name) for event in events] == [
        ("died", "broker"),
        ("started", "broker"),
    ]
    assert not any(psutil.pid_exists(pid) for pid in after.values())


def a_supervisor(services: list[Service], logs: Path, events: list[Event]) -> Supervisor:
    """A supervisor whose services find the stand-ins."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    return Supervisor(services, environment=environment, logs=logs, report=events.append)


@contextmanager
def supervised(services: list[Service], logs: Path, events: list[Event]) -> Iterator[Supervisor]:
    """Run services until the block ends."""
    supervisor = a_supervisor(services, logs, events)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def watch_until(supervisor: Supervisor, seen: Callable[[], bool]) -> None:
    """Supervise until something is seen."""

    def look() -> bool:
        supervisor.watch(0.05)
        return seen()

    eventually(look, seconds=20)


def told(logs: Path, name: str, words: str) -> None:
    """Wait until a service has said ``words``."""
    log = logs / f"{name}.log"
    eventually(lambda: log.exists() and words in log.read_text())


def deaths(events: list[Event]) -> list[Event]:
    """Those events that are deaths."""
    return [event for event in events if event.kind == "died"]


def ignores_term(pid: int) -> bool:
    """Tell whether a process ignores SIGTERM by now."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line for line in status.splitlines() if line.startswith("SigIgn"))
    return bool(int(mask.split()[1], 16) & (1 << (signal.SIGTERM - 1)))
