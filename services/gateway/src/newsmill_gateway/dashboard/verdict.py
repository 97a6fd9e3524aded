"""Is it moving, and if not, why: every known cause of a stall, ruled in or out."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.formats import age, clock, count, megabytes, percent
from newsmill_gateway.dashboard.ports import Backlog, Pulse, Queues
from newsmill_shared.database.conservation import Conservation

__all__ = [
    "SERVICES",
    "Check",
    "Facts",
    "Help",
    "Verdict",
    "checks",
    "conclude",
    "missing_services",
]

SERVICES = ("dispatcher", "ingest", "enrich", "store")
"""Services without which work stops."""
DUE_ALARM_SECONDS = 60
"""Due work that nobody sends for so long wakes somebody."""
_QUEUE_ALARM_SECONDS = 120
_CONNECTIONS_FEW = 0.9
_MEMORY_FEW = 0.9


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at one moment; None where somebody did not answer."""

    pulse: Pulse | None
    queues: Queues | None
    backlog: Kept[Backlog] | None
    conservation: Kept[Conservation] | None


@dataclass(frozen=True, slots=True)
class Help:
    """What to do about a stall: the command, where to look next, and what is safe."""

    command: str
    then: str
    look: str
    safe: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first line of the page.

    ``state`` is ``ok``, ``wait`` (on purpose) or ``bad`` (wakes somebody).
    """

    state: str
    said: str
    more: str
    help: Help | None = None
    empty: bool = False
    """Whether nothing was ever handed in."""


@dataclass(frozen=True, slots=True)
class Check:
    """One possible cause of a stall."""

    name: str
    state: str
    said: str


def conclude(facts: Facts) -> Verdict:
    """Return what an operator must know first.

    The first cause that applies is named: what is away explains what is missing behind it.
    """
    pulse = facts.pulse
    if pulse is None:
        return _away("PostgreSQL", "postgres", "Nothing can be accepted or recorded meanwhile.")
    if facts.queues is None:
        return _away("Redis", "redis", "URLs are still accepted and kept in the ledger.")
    return (
        _unaccounted(facts.conservation)
        or _nobody_alive(facts.queues, pulse)
        or _nothing_sent(facts.backlog, pulse)
        or _nothing_ends(facts.queues, pulse)
        or _well(facts.backlog, pulse)
    )


def missing_services(queues: Queues) -> tuple[str, ...]:
    """Return the services of which no process lives."""
    alive = {beat.service for beat in queues.beats}
    return tuple(service for service in SERVICES if service not in alive)


def checks(facts: Facts) -> tuple[Check, ...]:
    """Return every known cause of a stall, each checked."""
    return (
        _check_workers(facts.queues),
        _check_dispatcher(facts.queues),
        _check_hosts(facts.backlog, facts.pulse),
        _check_redis(facts.queues),
        _check_database(facts.pulse),
    )


def _away(engine: str, service: str, meanwhile: str) -> Verdict:
    return Verdict(
        "bad",
        f"Stalled: {engine} does not answer",
        f"Every part of newsmill waits for it. {meanwhile}",
        Help(
            f"docker compose up -d {service}",
            "On a laptop, newsmill doctor names what does not run.",
            f"docker compose logs --since 15m {service}",
            "What was accepted is in the ledger. Work that was under way is sent again by itself,"
            f" as soon as {engine} is back.",
        ),
    )


def _unaccounted(kept: Kept[Conservation] | None) -> Verdict | None:
    if kept is None or kept.value.unaccounted == 0:
        return None
    jobs = kept.value.unaccounted
    return Verdict(
        "bad",
        f"The ledger does not add up: {count(abs(jobs))} jobs are unaccounted for",
        "Accepted, outcomes and open jobs are counted from separate tables in one snapshot;"
        " they must agree. This is a defect of ours, or of the database.",
        Help(
            "newsmill doctor",
            "Keep its report: it is what a bug report needs.",
            "docker compose logs --since 1h dispatcher store",
            "Nothing is removed meanwhile. Do not restore or repair the database by hand.",
        ),
    )


def _nobody_alive(queues: Queues, pulse: Pulse) -> Verdict | None:
    gone = missing_services(queues)
    if not gone:
        return None
    names = " and ".join(gone) if len(gone) < len(SERVICES) else "any service"
    last = (
        f"The last outcome of any kind came at {clock(pulse.last_outcome_at)}."
        if pulse.last_outcome_at
        else "No job has ended yet."
    )
    services = " ".join(gone)
    return Verdict(
        "bad",
        f"Stalled: no live worker for {names}",
        f"A heartbeat is due every 2 s, and none has come for more than 8 s. {last}",
        Help(
            f"docker compose up -d {services}",
            "Heartbeats show here within 10 s. On a laptop, newsmill up starts all of them.",
            f"docker compose logs --since 15m {services}",
            "URLs are still accepted and kept in the ledger. Jobs in the hands of lost workers go"
            " back to waiting within about 25 s of a dispatcher's return.",
        ),
        empty=not pulse.accepted_any,
    )


def _nothing_sent(kept: Kept[Backlog] | None, pulse: Pulse) -> Verdict | None:
    """Due work, and neither sent nor ended for a minute."""
    if kept is None or kept.value.due_since is None:
        return None
    waited = (pulse.now - kept.value.due_since).total_seconds()
    active = _since(pulse.now, pulse.last_sent_at, pulse.last_outcome_at)
    if waited < DUE_ALARM_SECONDS or (active is not None and active < DUE_ALARM_SECONDS):
        return None
    return Verdict(
        "bad",
        f"Stalled: {count(kept.value.due)} jobs are due, and none was sent for {age(waited)}",
        "Their hosts may be asked now, and the dispatcher does not send them.",
        Help(
            "docker compose restart dispatcher",
            "Another takes over within seconds; what is in the queues is kept.",
            "docker compose logs --since 15m dispatcher",
            "URLs are still accepted, and hosts are never asked too early by a restart.",
        ),
    )


def _nothing_ends(queues: Queues, pulse: Pulse) -> Verdict | None:
    """Messages wait, workers live, and nothing has ended for two minutes."""
    oldest = min((run.oldest_at for run in pulse.running.values() if run.oldest_at), default=None)
    if oldest is None or not sum(queues.depths.values()):
        return None
    waited = (pulse.now - oldest).total_seconds()
    quiet = _since(pulse.now, pulse.last_outcome_at)
    if min(waited, waited if quiet is None else quiet) < _QUEUE_ALARM_SECONDS:
        return None
    service = max(queues.depths, key=lambda name: queues.depths[name])
    return Verdict(
        "bad",
        f"Stalled: {count(queues.depths[service])} messages wait for {service}, and no job has"
        f" ended for {age(waited if quiet is None else quiet)}",
        f"Its workers live and do not take them, or each takes very long. The oldest job under"
        f" way was sent {age(waited)} ago.",
        Help(
            f"docker compose restart {service}",
            "What it has begun is begun again; a page that kills its worker ends as dead.",
            f"docker compose logs --since 15m {service}",
            "URLs are still accepted and kept in the ledger.",
        ),
    )


def _well(kept: Kept[Backlog] | None, pulse: Pulse) -> Verdict:
    if not pulse.accepted_any:
        return Verdict(
            "ok",
            "Ready: every part runs, nothing has been handed in yet",
            "Give it one URL and watch it go through. The page you get shows what became of it,"
            " and why.",
            empty=True,
        )
    last = _since(pulse.now, pulse.last_outcome_at)
    since = f"Last outcome {age(last)} ago." if last is not None else "No job has ended yet."
    flying = sum(run.jobs for run in pulse.running.values())
    waiting = kept.value.waiting if kept else 0
    if pulse.ended_per_second > 0:
        pages = f"{pulse.ended_per_second:,.1f} pages a second"
        return Verdict("ok", f"Moving: {pages}", f"{since} Nothing needs you now.")
    if flying:
        return Verdict(
            "ok", f"Moving: {count(flying)} jobs are under way", f"{since} Nothing needs you now."
        )
    if waiting:
        return Verdict(
            "wait",
            f"Waiting on purpose: {count(waiting)} jobs, none of them due",
            f"{since} Their hosts, or their own retry times, come first. Nothing needs you now.",
        )
    return Verdict("ok", "Idle: nothing waits, nothing is under way", since)


def _check_workers(queues: Queues | None) -> Check:
    if queues is None:
        return Check("Workers", "off", "unknown without Redis")
    alive = Counter(beat.service for beat in queues.beats)
    gone = [name for name in SERVICES if name != "dispatcher" and not alive[name]]
    if gone:
        return Check("Workers", "bad", f"none alive: {', '.join(gone)}")
    return Check("Workers", "ok", f"{sum(alive.values()) - alive['dispatcher']} alive")


def _check_dispatcher(queues: Queues | None) -> Check:
    if queues is None:
        return Check("Dispatcher", "off", "unknown without Redis")
    alive = sum(beat.service == "dispatcher" for beat in queues.beats)
    if not alive:
        return Check("Dispatcher", "bad", "none alive")
    return Check("Dispatcher", "ok", "alive" if alive == 1 else f"{alive} alive, one leads")


def _check_hosts(kept: Kept[Backlog] | None, pulse: Pulse | None) -> Check:
    if kept is None or pulse is None:
        return Check("Hosts", "off", "not counted yet")
    backlog = kept.value
    if not backlog.hosts:
        return Check("Hosts", "off", "none with work")
    waited = _since(pulse.now, backlog.due_since)
    late = waited is not None and waited >= DUE_ALARM_SECONDS
    return Check("Hosts", "warn" if late else "ok", f"{count(backlog.due)} jobs due now")


def _check_redis(queues: Queues | None) -> Check:
    if queues is None:
        return Check("Redis", "bad", "does not answer")
    if not queues.max_bytes:
        return Check("Redis", "ok", f"{megabytes(queues.used_bytes)}, no limit set")
    full = queues.used_bytes >= _MEMORY_FEW * queues.max_bytes
    return Check(
        "Redis",
        "warn" if full else "ok",
        f"{percent(queues.used_bytes, queues.max_bytes)} of {megabytes(queues.max_bytes)}",
    )


def _check_database(pulse: Pulse | None) -> Check:
    if pulse is None:
        return Check("Database", "bad", "does not answer")
    few = pulse.connections >= _CONNECTIONS_FEW * pulse.connections_max
    return Check(
        "Database",
        "warn" if few else "ok",
        f"{max(round(pulse.answered_seconds * 1000), 1)} ms,"
        f" {pulse.connections} of {pulse.connections_max}",
    )


def _since(now: datetime, *moments: datetime | None) -> float | None:
    """Return the seconds since the latest of these moments; None when there is none."""
    known = [moment for moment in moments if moment is not None]
    return (now - max(known)).total_seconds() if known else None
