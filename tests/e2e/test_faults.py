"""Whatever is killed, wiped or frozen under load: one outcome a URL, nothing twice, no haste."""

import signal
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from newsmill_cli.supervisor import Service
from tests.e2e.conftest import HOST_DELAY_SECONDS, Running, running_system

PAGES = 120

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def system() -> Iterator[Running]:
    """One system for all faults: each finds it as the one before left it."""
    enrich = Service("enrich", "tests.support.poisoned_enrich")
    with running_system(replaced=(enrich,), NEWSMILL_ENRICH_SECONDS="4") as running:
        yield running


def is_under_way(system: Running, jobs: list[object]) -> bool:
    """A fault hits best when some work is done and some is not."""
    done = sum(system.outcomes(jobs).values())  # type: ignore[arg-type]
    return done >= PAGES // 6


def loaded(system: Running, name: str) -> list[object]:
    """Hand in pages and wait until they are under way."""
    jobs: list[object] = list(system.add(system.press.urls(PAGES, name=name)))
    system.wait_for(lambda: is_under_way(system, jobs), "work is under way")
    return jobs


def assert_all_stored_politely(system: Running, jobs: list[object], *, since: float) -> None:
    """Every page is stored, once, and no host was asked too soon."""
    system.wait_until_done(jobs)  # type: ignore[arg-type]
    assert system.outcomes(jobs) == {"stored:new": len(jobs)}  # type: ignore[arg-type]
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


@pytest.mark.parametrize(
    ("page", "reason"),
    [("poison", "worker_lost"), ("huge", "memory"), ("endless", "time_limit")],
)
def test_a_page_that_ends_its_process_is_dead_and_its_bystanders_are_stored(
    system: Running, page: str, reason: str
) -> None:
    parent = system.process("enrich").pid
    poison = system.add([f"http://{system.press.hosts[0]}/{page}/1"])
    bystanders = system.add(system.press.urls(PAGES, name=f"beside-{page}"))

    system.wait_until_done([*poison, *bystanders])

    assert system.outcomes(poison) == {f"dead:{reason}": 1}
    assert system.outcomes(bystanders) == {"stored:new": PAGES}
    assert system.process("enrich").pid == parent
    system.assert_conserved()
