"""Is it moving, and if not, why: the diagnosis as the overview shows it, and the checks behind."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.formats import age, count, megabytes, percent
from newsmill_gateway.dashboard.ports import Backlog, Pulse, Queues
from newsmill_gateway.diagnosing import Diagnosed
from newsmill_shared.database.conservation import Conservation
from newsmill_shared.diagnosis import SERVICES, Code
from newsmill_shared.diagnosis.snapshot import Away, Broker, Database, Ledger, Snapshot

__all__ = ["Check", "Facts", "checks", "is_unused", "missing_services"]

_ABOUT = {
    "Workers": (Code.NO_WORKER, Code.NO_BRIDGE, Code.SERVICE_WAITS, Code.STAGE_FAILING),
    "Dispatcher": (Code.DISPATCHER_INACTIVE, Code.EVENTS_UNNUMBERED),
    "Hosts": (Code.NOTHING_SENT,),
    "Redis": (Code.REDIS_READ_ONLY, Code.REDIS_FULL, Code.REDIS_DISK, Code.REDIS_OTHER_DATA),
    "Database": (
        Code.DATABASE_CONNECTIONS,
        Code.DATABASE_READ_ONLY,
        Code.DATABASE_SLOW,
        Code.SCHEMA_OLD,
    ),
    "Disk": (Code.DISK_FULL, Code.PAGE_STORE_UNREACHABLE),
}
"""Which causes turn which check bad."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at one moment; None where somebody did not answer."""

    pulse: Pulse | None
    queues: Queues | None
    backlog: Kept[Backlog] | None
    conservation: Kept[Conservation] | None
    told: Diagnosed


@dataclass(frozen=True, slots=True)
class Check:
    """One possible cause of a stall."""

    name: str
    state: str
    said: str


def missing_services(queues: Queues) -> tuple[str, ...]:
    """Return the services of which no process lives."""
    alive = {beat.service for beat in queues.beats}
    return tuple(service for service in SERVICES if service not in alive)


def is_unused(seen: Snapshot) -> bool:
    """Tell whether nothing was ever handed in."""
    return seen.ledger is not None and not seen.ledger.accepted_any


def checks(told: Diagnosed) -> tuple[Check, ...]:
    """Return every kind of cause of a stall, each checked."""
    seen = told.seen
    found = {cause.code for cause in told.causes if cause.state == "bad"}
    said = (
        _workers(seen),
        _dispatcher(seen),
        _hosts(seen.ledger, seen.now),
        _pauses(seen.ledger),
        _redis(seen),
        _database(seen),
        _disk(seen),
    )
    return tuple(
        Check(check.name, "bad", check.said)
        if found.intersection(_ABOUT.get(check.name, ())) and check.state != "off"
        else check
        for check in said
    )


def _workers(seen: Snapshot) -> Check:
    if not isinstance(seen.broker, Broker):
        return Check("Workers", "off", "unknown without Redis")
    alive = Counter(beat.service for beat in seen.living)
    gone = [name for name in SERVICES if name != "dispatcher" and not alive[name]]
    if gone:
        return Check("Workers", "bad", f"none alive: {', '.join(gone)}")
    return Check("Workers", "ok", f"{sum(alive.values()) - alive['dispatcher']} alive")


def _dispatcher(seen: Snapshot) -> Check:
    if not isinstance(seen.broker, Broker):
        return Check("Dispatcher", "off", "unknown without Redis")
    alive = sum(beat.service == "dispatcher" for beat in seen.living)
    if not alive:
        return Check("Dispatcher", "bad", "none alive")
    return Check("Dispatcher", "ok", "alive" if alive == 1 else f"{alive} alive, one leads")


def _hosts(ledger: Ledger | None, now: datetime) -> Check:
    if ledger is None or ledger.backlog is None:
        return Check("Hosts", "off", "not counted yet")
    backlog = ledger.backlog
    if not backlog.due + backlog.turn + backlog.held:
        return Check("Hosts", "off", "none with work")
    if backlog.due_since is None:
        return Check("Hosts", "ok", "no job due now")
    oldest = age((now - backlog.due_since).total_seconds())
    return Check("Hosts", "ok", f"{count(backlog.due)} jobs due now, the oldest for {oldest}")


def _pauses(ledger: Ledger | None) -> Check:
    if ledger is None:
        return Check("Pauses", "off", "unknown without PostgreSQL")
    stopped = [*(pause.what for pause in ledger.pauses), *(one.stage for one in ledger.failing)]
    whole = any(pause.whole for pause in ledger.pauses) or bool(ledger.failing)
    return Check("Pauses", "wait" if whole else "ok", ", ".join(stopped) or "none")


def _redis(seen: Snapshot) -> Check:
    broker = seen.broker
    if not isinstance(broker, Broker):
        return Check("Redis", "bad", "does not answer")
    if not broker.max_bytes:
        return Check("Redis", "ok", f"{megabytes(broker.used_bytes)}, no limit set")
    used = percent(broker.used_bytes, broker.max_bytes)
    return Check("Redis", "ok", f"{used} of {megabytes(broker.max_bytes)}")


def _database(seen: Snapshot) -> Check:
    database = seen.database
    if not isinstance(database, Database):
        return Check("Database", "bad", "does not answer")
    milliseconds = max(round(database.answered_seconds * 1000), 1)
    return Check(
        "Database",
        "ok",
        f"{milliseconds} ms, {database.connections} of {database.connections_max}",
    )


def _disk(seen: Snapshot) -> Check:
    pages = seen.pages
    if pages is None or isinstance(pages, Away):
        return Check("Disk", "off" if pages is None else "bad", "the page store is away")
    if pages.free_bytes is None or pages.total_bytes is None:
        return Check("Disk", "ok", "a bucket")
    used = percent(pages.total_bytes - pages.free_bytes, pages.total_bytes)
    return Check("Disk", "ok", f"{used} used, {megabytes(pages.free_bytes)} left")
