"""The hosts page: who has how much to do, why at this pace, and when it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.formats import age, bare_host, count
from newsmill_gateway.dashboard.ports import Backlog, Host, WaitingJob
from newsmill_gateway.hosts import masked
from newsmill_shared.database.hosts import HostSetting

__all__ = ["HostQuery", "delay_of", "drain_seconds", "host_panel", "hosts_panel"]

_SHOWN = 25
ORDERS = {"backlog": "backlog", "drain": "time to drain", "oldest": "oldest waiting"}
STATES = {"all": "with work", "held": "backing off", "turn": "its turn"}
_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class HostQuery:
    """Which hosts to list."""

    name: str = ""
    """A part of the name."""
    state: str = "all"
    order: str = "backlog"
    start: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    state: str
    state_said: str
    oldest: str
    backlog: str
    running: str
    delay: str
    drains: str
    next_slot: str


def delay_of(host: Host) -> float:
    """Return the seconds between two requests: the longest of ours, robots.txt's and back-off."""
    return max(host.delay_seconds, host.crawl_delay_seconds or 0.0, host.backoff_seconds)


def drain_seconds(host: Host) -> float:
    """Return the seconds until a host's backlog is through, were it as fast as its delay lets it.

    Fetching itself takes longer than nothing, so this is the least time.
    """
    return (host.waiting + host.held) * delay_of(host) / max(host.max_in_flight, 1)


def hosts_panel(
    kept: Kept[Backlog] | None, query: HostQuery, now: datetime
) -> Mapping[str, object]:
    """Return a page of hosts with open work."""
    if kept is None:
        return {"hosts": None}
    backlog = kept.value
    chosen = sorted(
        (host for host in backlog.largest if _matches(host, query, now)),
        key=lambda host: _order(host, query.order),
    )
    shown = chosen[query.start : query.start + _SHOWN]
    end = query.start + len(shown)
    return {
        "hosts": tuple(_row(host, now) for host in shown),
        "hosts_all": backlog.hosts,
        "hosts_known": len(backlog.largest),
        "hosts_found": len(chosen),
        "waiting": backlog.waiting,
        "first_shown": query.start + 1 if shown else 0,
        "last_shown": end,
        "next_start": end if end < len(chosen) else None,
        "counted_ago": age(kept.seconds_old),
        "orders": ORDERS,
        "states": STATES,
    }


def host_panel(
    host: Host | None, jobs: tuple[WaitingJob, ...], now: datetime
) -> Mapping[str, object]:
    """Return one host: its turn, why this pace, and the jobs that come next."""
    if host is None:
        return {"host": None}
    many = host.waiting >= _COUNTED
    return {
        "host": _row(host, now),
        "host_waiting": f"at least {count(_COUNTED)}" if many else count(host.waiting),
        "host_articles": bare_host(host.name),
        "host_parallel": host.max_in_flight,
        "delays": _delays(host),
        "settings": _settings(masked(host.setting)),
        "next_jobs": tuple(
            {
                "id": str(job.job_id),
                "url": job.url,
                "priority": job.priority,
                "waited": _ago(now, job.accepted_at),
            }
            for job in jobs
        ),
    }


def _delays(host: Host) -> tuple[tuple[str, str, bool], ...]:
    """Return who asks for which delay, and whether that is the one that counts."""
    own = host.setting.delay_seconds is not None
    asked = (
        ("set for this host" if own else "as for all hosts", host.delay_seconds),
        ("robots.txt, Crawl-delay", host.crawl_delay_seconds or None),
        ("back-off, as it had too much", host.backoff_seconds or None),
    )
    longest = max(asked, key=lambda entry: entry[1] or 0.0)
    return tuple(
        (name, "none" if seconds is None else _seconds(seconds), (name, seconds) == longest)
        for name, seconds in asked
    )


def _settings(setting: HostSetting) -> tuple[tuple[str, str], ...]:
    """Return what an operator has set, by name; secrets are masked."""
    plain = {
        "delay": None if setting.delay_seconds is None else _seconds(setting.delay_seconds),
        "at the same time": setting.max_in_flight,
        "time zone": setting.timezone,
        "robots.txt": "is ignored" if setting.ignore_robots else None,
    }
    return (
        *((name, str(value)) for name, value in plain.items() if value is not None),
        *((f"header {name}", value) for name, value in setting.headers.items()),
        *((f"cookie {name}", value) for name, value in setting.cookies.items()),
    )


def _matches(host: Host, query: HostQuery, now: datetime) -> bool:
    if query.name and query.name.lower() not in host.name:
        return False
    if query.state == "held":
        return host.held > 0
    if query.state == "turn":
        return host.waiting > 0 and not _is_due(host, now)
    return True


def _order(host: Host, order: str) -> tuple[float, str]:
    if order == "drain":
        return -drain_seconds(host), host.name
    if order == "oldest":
        return (host.oldest_at.timestamp() if host.oldest_at else float("inf")), host.name
    return -(host.waiting + host.held), host.name


def _row(host: Host, now: datetime) -> _Row:
    state, said = _state(host, now)
    return _Row(
        name=host.name,
        state=state,
        state_said=said,
        oldest=_ago(now, host.oldest_at),
        backlog=count(host.waiting + host.held),
        running=count(host.in_flight),
        delay=_seconds(delay_of(host))
        + (f" × {host.max_in_flight}" if host.max_in_flight > 1 else ""),
        drains=age(drain_seconds(host)) if host.waiting + host.held else "empty",
        next_slot=_next_slot(host, now),
    )


def _state(host: Host, now: datetime) -> tuple[str, str]:
    if host.waiting and _is_due(host, now):
        return "ok", "due now"
    if host.waiting:
        return "wait", "its turn"
    if host.held:
        return "wait", "backing off"
    if host.in_flight or host.running:
        return "ok", "asked now"
    return "off", "nothing to do"


def _is_due(host: Host, now: datetime) -> bool:
    return host.in_flight < host.max_in_flight and (host.next_at is None or host.next_at <= now)


def _next_slot(host: Host, now: datetime) -> str:
    if host.in_flight >= host.max_in_flight:
        return "after the one under way"
    if host.next_at is None or host.next_at <= now:
        return "now"
    return f"in {age((host.next_at - now).total_seconds())}"


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s"


def _ago(now: datetime, moment: datetime | None) -> str:
    return age(None if moment is None else (now - moment).total_seconds())
