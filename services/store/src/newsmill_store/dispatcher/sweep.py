"""The sweep: the truth for everything that a note or a wake could have missed."""

from collections.abc import Set
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection, text

from newsmill_shared.database.attempts import AttemptEnd, EndedAttempt, record_attempts
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.database.partitions import make_partitions
from newsmill_shared.database.tallies import MINUTES_DAYS, forget_minutes
from newsmill_shared.messages import Span
from newsmill_shared.queue.claims import Holder
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.judge import Attempt, RunningJob, judge
from newsmill_store.dispatcher.losses import Loss, count_losses, send_back
from newsmill_store.dispatcher.ports import Carrier
from newsmill_store.dispatcher.reworking import (
    lose_reworks,
    old_reworks,
    return_reworks,
    void_reworks,
)
from newsmill_store.dispatcher.turns import wake

__all__ = ["release", "sweep_hosts", "sweep_lost", "sweep_time", "void_running"]

_log = structlog.get_logger()

_FREE_SLOTS = text("""
with gone as (delete from slot where until <= now() returning host_id),
     freed as (select host_id, count(*) as slots from gone group by host_id)
update host set in_flight = in_flight - freed.slots from freed where host.id = freed.host_id
""")

_HOSTS = text("""
select id from host where id > :after order by id limit :limit
""")

_RECOUNT = text("""
update host set in_flight = counted.slots
from unnest(cast(:hosts as integer[])) as n(id) cross join lateral (
  select count(*) as slots from slot where slot.host_id = n.id) as counted
where host.id = n.id and host.in_flight <> counted.slots
""")

# held_until stays: it says since when the job waits.
_RELEASE = text("""
update job set state = 'waiting'
where id in (select id from job where state = 'held' and held_until <= now()
             order by held_until limit :limit)
returning host_id
""")

# While one suspect runs, hosts that have nothing else to give stand in no list.
_NEXT_SUSPECTS = text("""
select host_id from job
where state = 'waiting' and suspect and fetch_id is null
  and not exists (select from job s where s.state = 'running' and s.suspect)
limit :limit
""")

_EXPIRED = text("""
select id from job where expires_at <= now() and state <> 'running' order by id limit 1000
""")

_FORGOTTEN = text("""
select id from host where id = any(:hosts) and idle and exists (
  select from job where job.host_id = host.id and job.state = 'waiting' and job.fetch_id is null)
""")

_OLD = text("""
select id, attempt, stage, suspect from job
where state = 'running' and dispatched_at < now() - make_interval(secs => :seconds)
order by dispatched_at
""")

_RUNNING = text("select id, attempt from job where state = 'running'")

_VOID = text("""
update job set state = 'waiting', stage = null where state = 'running' returning host_id
""")


_NOWHERE = "it was in no list and in no worker's hands"
_IN_COMPANY = "its worker ended with others in its hands; any of them may be the cause"
_WIPED = "Redis came back without its data"


_RELEASED_AT_ONCE = 2_000
_SUSPECTS_AT_ONCE = 20
_HOSTS_AT_ONCE = 2_500


def release(connection: Connection) -> None:
    """Let held jobs wait again, and suspects have their turn; a bounded number at a time."""
    back = connection.execute(_RELEASE, {"limit": _RELEASED_AT_ONCE}).scalars()
    suspects = connection.execute(_NEXT_SUSPECTS, {"limit": _SUSPECTS_AT_ONCE}).scalars()
    wake(connection, {*back, *suspects})


def sweep_hosts(connection: Connection, after: int) -> int:
    """Count the chains of the next hosts, and wake those that wait though they have work.

    Bounded: a round over very many hosts takes several sweeps.

    Args:
        connection: An open transaction.
        after: Where the last sweep ended; 0 = at the beginning.

    Returns:
        Where this one ended; 0 when the round is complete.
    """
    limits = {"after": after, "limit": _HOSTS_AT_ONCE}
    hosts = list(connection.execute(_HOSTS, limits).scalars())
    recounted = connection.execute(_RECOUNT, {"hosts": hosts}).rowcount
    if recounted:
        _log.warning("hosts had a wrong count of chains", hosts=recounted)
    wake(connection, list(connection.execute(_FORGOTTEN, {"hosts": hosts}).scalars()))
    return hosts[-1] if len(hosts) == _HOSTS_AT_ONCE else 0


def sweep_time(connection: Connection, *, minutes_days: float = MINUTES_DAYS) -> None:
    """Do all that time alone decides: slots, expiry, partitions, minutes.

    Args:
        connection: An open transaction.
        minutes_days: For how long counts per minute are kept.
    """
    connection.execute(_FREE_SLOTS)
    expired: list[UUID] = list(connection.execute(_EXPIRED).scalars())
    if expired:
        finish(
            connection,
            [Ending(job_id=job, attempt=None, reason=Reason.EXPIRED) for job in expired],
        )
    make_partitions(connection, datetime.now(UTC))
    forget_minutes(connection, days=minutes_days)


def sweep_lost(
    connection: Connection, carrier: Carrier, *, older_than_seconds: float, nowhere: Set[Attempt]
) -> frozenset[Attempt]:
    """Find running work that is gone and let it wait again.

    Args:
        connection: An open transaction.
        carrier: Reads lists, claims and heartbeats, in this order.
        older_than_seconds: Younger work is not looked for.
        nowhere: What the last sweep found nowhere.

    Returns:
        What this sweep found nowhere, for the next one.
    """
    jobs = [
        RunningJob(row.id, row.attempt, row.stage, row.suspect)
        for row in connection.execute(_OLD, {"seconds": older_than_seconds})
    ]
    reworks = old_reworks(connection, older_than_seconds=older_than_seconds)
    jobs += reworks
    if not jobs:
        return frozenset()
    queued = carrier.queued()
    holders = carrier.holders([job.claim for job in jobs])
    living = carrier.alive({holder.incarnation for holder in holders.values()})
    now_ms = carrier.depths().now_ms
    found = judge(jobs, queued=queued, holders=holders, living=living, now_ms=now_ms)
    twice = found.nowhere & nowhere
    if found.lost or found.suspects or twice:
        _log.warning(
            "work was lost on the way and waits again",
            lost=len(found.lost),
            suspects=len(found.suspects),
            nowhere=len(twice),
        )
    spans = {job.key: _span(holders.get(job.claim)) for job in jobs}
    record_attempts(
        connection,
        [
            *(_void(key, _NOWHERE, spans[key]) for key in twice),
            *(_void(key, _IN_COMPANY, spans[key]) for key in found.suspects),
        ],
    )
    hosts = send_back(connection, twice, suspect=False)
    hosts |= send_back(connection, found.suspects, suspect=True)
    if found.lost:
        blamed = {key: Loss(Reason.WORKER_LOST, spans[key]) for key in found.lost}
        hosts |= count_losses(connection, blamed)
    if reworks:
        return_reworks(connection, twice, suspect=False)
        return_reworks(connection, found.suspects, suspect=True)
        lose_reworks(connection, dict.fromkeys(found.lost, Reason.WORKER_LOST))
    wake(connection, hosts)
    return found.nowhere - twice


def void_running(connection: Connection) -> int:
    """Redis came back empty: let all running work wait again; hosts stay held by their slots."""
    running = connection.execute(_RUNNING)
    record_attempts(connection, [_void((row.id, row.attempt), _WIPED) for row in running])
    hosts = [row.host_id for row in connection.execute(_VOID)]
    void_reworks(connection)
    wake(connection, set(hosts))
    return len(hosts)


def _void(key: Attempt, detail: str, span: Span | None = None) -> EndedAttempt:
    job_id, attempt = key
    return EndedAttempt(
        job_id=job_id,
        attempt=attempt,
        stage=None,
        ended=AttemptEnd.VOID,
        detail=detail,
        span=span,
    )


def _span(holder: Holder | None) -> Span | None:
    if holder is None:
        return None
    return Span(
        worker=holder.incarnation, began_at=datetime.fromtimestamp(holder.since_ms / 1000, UTC)
    )
