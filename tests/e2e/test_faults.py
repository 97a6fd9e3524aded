"""Whatever is killed, wiped or frozen under load: one outcome a URL, nothing twice, no haste."""

import signal
import threading
import time
from collections.abc import Iterator
from random import Random
from uuid import UUID

import psycopg
import pytest
from redis import Redis

from newsmill_cli.supervisor import Service
from tests.chaos.faults import FAULTS
from tests.chaos.system import System
from tests.e2e.conftest import HOST_DELAY_SECONDS, Running, running_system

PAGES = 120

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def system() -> Iterator[Running]:
    """One system for all faults: each finds it as the one before left it."""
    enrich = Service("enrich", "tests.support.poisoned_enrich")
    with running_system(replaced=(enrich,), NEWSMILL_ENRICH_SECONDS="4") as running:
        yield running


def is_under_way(system: Running, jobs: list[UUID]) -> bool:
    """A fault hits best when some work is done and some is not."""
    done = sum(system.outcomes(jobs).values())
    return done >= PAGES // 6


def loaded(system: Running, name: str, pages: int = PAGES) -> list[UUID]:
    """Hand in pages and wait until they are under way."""
    jobs = system.add(system.press.urls(pages, name=name))
    system.wait_for(lambda: is_under_way(system, jobs), "work is under way")
    return jobs


def assert_all_stored_politely(system: Running, jobs: list[UUID], *, since: float) -> None:
    """Every page is stored, once, and no host was asked too soon."""
    system.wait_until_done(jobs)
    assert system.outcomes(jobs) == {"stored:new": len(jobs)}
    system.assert_conserved()
    assert system.press.impolite(delay=HOST_DELAY_SECONDS, since=since) == []


@pytest.mark.parametrize(
    "service", ["gateway", "bridge", "dispatcher", "ingest", "enrich", "store"]
)
def test_a_killed_process_loses_nothing(system: Running, service: str) -> None:
    since = time.monotonic()
    jobs = loaded(system, f"kill-{service}")

    system.process(service).kill()

    assert_all_stored_politely(system, jobs, since=since)


def test_a_wiped_redis_loses_nothing(system: Running) -> None:
    since = time.monotonic()
    jobs = loaded(system, "flushall")

    with Redis.from_url(system.mill.engines.redis_url) as redis:
        redis.flushall()

    assert_all_stored_politely(system, jobs, since=since)


def test_a_restarted_database_loses_nothing(system: Running) -> None:
    since = time.monotonic()
    jobs = loaded(system, "database")

    system.process("postgres").send_signal(signal.SIGINT)

    assert_all_stored_politely(system, jobs, since=since)


def test_a_frozen_ingest_worker_costs_no_page_and_no_politeness(system: Running) -> None:
    since = time.monotonic()
    jobs = loaded(system, "frozen")

    ingest = system.process("ingest")
    ingest.suspend()
    thaw_at = time.monotonic() + 20
    system.wait_for(lambda: time.monotonic() >= thaw_at, "20 s have passed")
    ingest.resume()

    assert_all_stored_politely(system, jobs, since=since)


def inflicted(system: Running, name: str) -> None:
    """Have a fault of the chaos suite happen, shortly, while the system runs on."""
    fault = next(fault for fault in FAULTS if fault.name == name)
    broken = System(
        mill=system.mill,
        press=system.press,
        seed=0,
        disks={},
        stop=threading.Event(),
        random=Random(0),
        hand_in=lambda url: None,
        lasting=(2.0, 2.0),
    )
    thread = threading.Thread(target=fault.inflict, args=(broken, Random(0)))
    thread.start()
    system.wait_for(lambda: not thread.is_alive(), f"{name} is over")
    assert broken.notes == []


@pytest.mark.parametrize(
    "fault",
    [
        "kill a child of enrich",
        "restart broker empty",
        "broker out of memory",
        "broker read-only",
        "kill index",
        "flush index",
        "index out of memory",
        "kill postgres",
        "kill a session of postgres",
        "pause postgres",
        "cut connections to postgres",
    ],
)
def test_a_fault_loses_nothing(system: Running, fault: str) -> None:
    since = time.monotonic()
    jobs = loaded(system, fault.replace(" ", "-"), PAGES // 2)

    inflicted(system, fault)

    assert_all_stored_politely(system, jobs, since=since)


def test_a_killed_broker_loses_nothing_and_ends_no_worker(system: Running) -> None:
    since = time.monotonic()
    jobs = loaded(system, "kill-broker", PAGES // 2)
    workers = [system.process(name).pid for name in ("ingest", "enrich", "store")]

    inflicted(system, "kill broker")

    assert_all_stored_politely(system, jobs, since=since)
    assert [system.process(name).pid for name in ("ingest", "enrich", "store")] == workers


@pytest.mark.parametrize("service", ["dispatcher", "ingest", "enrich", "store"])
def test_a_stopped_process_loses_nothing(system: Running, service: str) -> None:
    since = time.monotonic()
    jobs = loaded(system, f"stop-{service}", PAGES // 2)

    inflicted(system, f"terminate {service}")

    assert_all_stored_politely(system, jobs, since=since)


def test_a_page_that_breaks_enrichment_is_dead_and_its_bystanders_are_stored(
    system: Running,
) -> None:
    since = time.monotonic()
    broken = system.add([f"http://{system.press.hosts[0]}/raising/1"])
    jobs = system.add(system.press.urls(PAGES // 4, name="beside-raising"))

    system.wait_until_done(broken)

    assert system.outcomes(broken) == {"dead:enrich_error": 1}
    assert_all_stored_politely(system, jobs, since=since)


def test_a_row_that_the_database_refuses_is_dead_and_its_bystanders_are_stored(
    system: Running,
) -> None:
    since = time.monotonic()
    with psycopg.connect(system.mill.engines.database_url) as operator:
        operator.execute("alter table article add check (url not like '%/refused/%')")
    refused = system.add([f"http://{system.press.hosts[0]}/refused/1"])
    jobs = system.add(system.press.urls(PAGES // 4, name="beside-refused"))

    system.wait_until_done(refused)

    assert system.outcomes(refused) == {"dead:store_error": 1}
    assert_all_stored_politely(system, jobs, since=since)


@pytest.mark.parametrize(
    ("page", "reasons"),
    [
        # A child that ends right after it has taken a page may be noticed by its time limit only.
        ("poison", {"worker_lost", "time_limit"}),
        ("huge", {"memory"}),
        ("endless", {"time_limit"}),
    ],
)
def test_a_page_that_ends_its_process_is_dead_and_its_bystanders_are_stored(
    system: Running, page: str, reasons: set[str]
) -> None:
    since = time.monotonic()
    parent = system.process("enrich").pid
    poison = system.add([f"http://{system.press.hosts[0]}/{page}/1"])
    bystanders = system.add(system.press.urls(PAGES, name=f"beside-{page}"))

    system.wait_until_done([*poison, *bystanders])

    assert set(system.outcomes(poison)) <= {f"dead:{reason}" for reason in reasons}
    assert system.process("enrich").pid == parent
    assert_all_stored_politely(system, bystanders, since=since)


# Last: a host that was slow is asked less often for a while.
def test_a_host_that_hangs_delays_no_other(system: Running) -> None:
    since = time.monotonic()
    silent, *others = system.press.hosts
    system.press.hang(silent, 60)
    waiting = system.add([f"http://{silent}/silent/{number}" for number in range(3)])
    jobs = system.add([f"http://{host}/beside-silent/1" for host in others])

    system.wait_until_done(jobs)

    assert system.outcomes(jobs) == {"stored:new": len(jobs)}
    assert system.outcomes(waiting) == {}
    system.press.hang(silent, 0)
    assert_all_stored_politely(system, [*waiting, *jobs], since=since)
