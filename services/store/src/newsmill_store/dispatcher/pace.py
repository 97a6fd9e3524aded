"""Hosts after their chains: free again, and how soon they may be asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from newsmill_shared.database.rows import columns
from newsmill_shared.domains import registered_domain
from newsmill_shared.queue.notes import EndedNote, FetchedNote, MovedNote
from newsmill_shared.urls import canonicalize
from newsmill_store.dispatcher.backoff import (
    RETRY_AFTER_MAX_SECONDS,
    Scope,
    Sign,
    eased,
    sign_of,
    slowed,
)

__all__ = ["Chain", "Pace", "end_chains", "retry_after"]

Chain = FetchedNote | EndedNote | MovedNote
"""The note that a chain ended in."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How hosts are slowed down.

    Args:
        scope: Whom 429, 503 and Retry-After slow down.
        max_seconds: The longest delay that a host gets without asking for it.
    """

    scope: Scope
    max_seconds: float


_END_SLOTS = text("""
with n as (
  select * from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[]))
    as n(job_id, attempt)),
gone as (
  delete from slot using n where slot.job_id = n.job_id and slot.attempt = n.attempt
  returning slot.job_id, slot.attempt, slot.host_id)
select gone.job_id, gone.attempt, host.id, host.name, host.delay_seconds,
       host.crawl_delay_seconds, host.backoff_seconds
from gone join host on host.id = gone.host_id
""")

_UNDER = text("""
select id, name, delay_seconds, crawl_delay_seconds, backoff_seconds from host
where name like any(cast(:patterns as text[]))
""")

# The gap to the next chain counts from here, which is after the chain's end.
_FREE = text("""
update host set
  in_flight = in_flight - n.slots,
  crawl_delay_seconds = n.crawl_delay,
  backoff_seconds = n.backoff,
  next_at = greatest(next_at, now() + make_interval(
    secs => greatest(n.hold, delay_seconds, n.crawl_delay, n.backoff)))
from unnest(cast(:host_id as integer[]), cast(:slots as integer[]), cast(:crawl_delay as real[]),
            cast(:backoff as real[]), cast(:hold as real[]))
  as n(host_id, slots, crawl_delay, backoff, hold)
where host.id = n.host_id
""")


@dataclass(slots=True)
class _Host:
    """A host, and what its chains of one batch say."""

    id: int
    name: str
    delay: float
    crawl_delay: float | None
    backoff: float
    slots: int = 0
    answers: int = 0
    slowed: bool = False
    hold: float = 0.0

    def slow(self, seconds: float) -> None:
        """It had too much, and is left alone for at least so long."""
        self.slowed = True
        self.hold = max(self.hold, seconds)

    def new_backoff(self, max_seconds: float) -> float:
        """Return its back-off. Chains that ran side by side met the same trouble: it counts once.

        Args:
            max_seconds: Upper bound.
        """
        base = max(self.delay, self.crawl_delay or 0.0)
        backoff = self.backoff
        for _ in range(self.answers):
            backoff = eased(backoff, base_seconds=base)
        if self.slowed:
            return slowed(backoff, base_seconds=base, max_seconds=max_seconds)
        return backoff


def end_chains(connection: Connection, chains: Sequence[Chain], pace: Pace) -> None:
    """Free the hosts of these chains, and say when each may be asked again.

    A chain whose slot is gone already changes nothing: notes come twice, and too late.
    """
    notes = {(note.job_id, note.attempt): note for note in chains}
    hosts: dict[int, _Host] = {}
    throttled: dict[int, float] = {}
    for row in connection.execute(_END_SLOTS, columns(("job_id", "attempt"), notes)):
        host = hosts.setdefault(row.id, _Host(*row[2:]))
        host.slots += 1
        note = notes[row.job_id, row.attempt]
        if note.crawl_delay_seconds is not None:
            host.crawl_delay = note.crawl_delay_seconds
        seconds = retry_after(note) or 0.0
        match _sign(note, seconds):
            case Sign.ANSWERED:
                host.answers += 1
            case Sign.STRAINED:
                host.slow(seconds)
            case Sign.THROTTLED:
                throttled[host.id] = max(seconds, throttled.get(host.id, 0.0))
    if throttled:
        _throttle(connection, hosts, throttled, pace.scope)
    if hosts:
        connection.execute(_FREE, _rows(hosts.values(), pace))


def retry_after(note: Chain) -> float | None:
    """Return for how many seconds a chain's host asked us to stay away, capped."""
    seconds = note.retry_after_seconds if isinstance(note, EndedNote) else None
    return None if seconds is None else min(seconds, RETRY_AFTER_MAX_SECONDS)


def _sign(note: Chain, asked_away_seconds: float) -> Sign:
    if isinstance(note, EndedNote):
        return sign_of(note.reason, note.status, asked_away=asked_away_seconds > 0)
    return Sign.ANSWERED


def _throttle(
    connection: Connection, hosts: dict[int, _Host], throttled: Mapping[int, float], scope: Scope
) -> None:
    """Slow down whom hosts mean that have too much; those not in ``hosts`` yet are added.

    Args:
        connection: An open transaction.
        hosts: Hosts whose chains ended, by id.
        throttled: The seconds for which some of them ask us to stay away, by id.
        scope: Whom they mean.
    """
    if scope is Scope.HOST:
        for host, seconds in throttled.items():
            hosts[host].slow(seconds)
    if scope is not Scope.DOMAIN:
        return
    domains: dict[str, float] = {}
    for host, seconds in throttled.items():
        domain = _domain(hosts[host].name)
        domains[domain] = max(seconds, domains.get(domain, 0.0))
    patterns = [
        f"{under}{domain}{port}"
        for domain in domains
        for under in ("", "%.")
        for port in ("", ":%")
    ]
    for row in connection.execute(_UNDER, {"patterns": patterns}):
        # A pattern finds too much: an underscore stands for any sign, and suffixes have rules.
        asked = domains.get(_domain(row.name))
        if asked is not None:
            hosts.setdefault(row.id, _Host(*row)).slow(asked)


def _domain(host: str) -> str:
    return registered_domain(canonicalize(f"http://{host}/").hostname)


def _rows(hosts: Iterable[_Host], pace: Pace) -> dict[str, list[object]]:
    return columns(
        ("host_id", "slots", "crawl_delay", "backoff", "hold"),
        [
            (host.id, host.slots, host.crawl_delay, host.new_backoff(pace.max_seconds), host.hold)
            for host in hosts
        ],
    )
