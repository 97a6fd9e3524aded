"""Looks at PostgreSQL for the diagnosis, through a connection of its own each time.

Whoever starts now would have to open one, too: so a server without connections is found out.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, text

from newsmill_shared.database.conservation import conservation
from newsmill_shared.database.engine import DatabaseAwayError, translating
from newsmill_shared.database.locks import DISPATCHER
from newsmill_shared.database.migrate import has_newest_schema
from newsmill_shared.database.pauses import Pause as Stopped
from newsmill_shared.database.pauses import Scope, list_pauses
from newsmill_shared.database.standing import HoldCause, read_holds
from newsmill_shared.diagnosis.snapshot import (
    Away,
    Backlog,
    Database,
    Failing,
    Ledger,
    Pause,
    Running,
)

__all__ = ["BREAKER", "DatabaseLook"]

BREAKER = "newsmill"
"""Whose hand pauses a stage that fails everything."""

_COUNT_SECONDS = 3.0
_COUNT_COST = 20
"""Open work is counted row by row; asking again waits so many times what asking took."""

_LIMIT = text("set local statement_timeout = '2s'")

_ENGINE = text("""
select current_setting('default_transaction_read_only') = 'on' as read_only,
  pg_is_in_recovery() as standby,
  (select count(*) from pg_stat_activity where backend_type = 'client backend') as connections,
  current_setting('max_connections')::int as connections_max
""")

_LEDGER = text("""
select now() as now,
  (select value from meta where key = 'epoch') as epoch,
  exists (select from pg_locks where locktype = 'advisory' and granted and classid = 0
    and objid = :lock and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
  ) as dispatcher_active,
  exists (select from receipt) as accepted_any,
  (select at from event where job_id is not null order by id desc limit 1) as last_outcome_at,
  (select max(dispatched_at) from job where state = 'running') as last_sent_at,
  (select count(*) from (
     select at from event where job_id is not null order by id desc limit 20000) as e
   where at > now() - interval '1 minute') as ended_last_minute
""")

_UNNUMBERED = text("""
select count(*) as unnumbered, min(at) as since
from (select at from event where position is null order by id limit 10000) as new
""")

_RUNNING = text("""
select coalesce(stage, 'ingest') as stage, count(*) as jobs, min(dispatched_at) as oldest_at
from job where state = 'running' group by 1
""")

# One walk over what is open. A job waits since it was accepted, held back or last sent, whichever
# came last. A host's share that may go at once is due, the rest has its turn;
# nothing of what is paused is due.
_BACKLOG = text("""
with stopped as materialized (
  select scope, value from pause where until is null or until > now()),
open as materialized (
  select host_id,
    count(*) filter (where state = 'waiting' and fetch_id is null) as waiting,
    count(*) filter (where state = 'waiting' and fetch_id is null
      and (label is null or label not in (select value from stopped where scope = 'label'))
    ) as free,
    count(*) filter (where state = 'waiting' and fetch_id is not null) as fetched,
    count(*) filter (where state = 'held') as held,
    min(greatest(accepted_at, held_until, dispatched_at))
      filter (where state = 'waiting' and fetch_id is null) as waiting_at,
    min(held_until) filter (where state = 'held') as held_until
  from job where state <> 'running' group by host_id),
placed as (
  select open.*, nullif(h.next_at, '-infinity') as next_at,
    case when h.next_at > now() then h.next_at end as turn_at,
    least(open.free, case
      when h.next_at <= now() and h.name not in (select value from stopped where scope = 'host')
      then greatest(h.max_in_flight - h.in_flight, 0) else 0 end) as due
  from open join host as h on h.id = open.host_id)
select coalesce(sum(due), 0)::bigint as due,
  min(greatest(waiting_at, next_at)) filter (where due > 0) as due_since,
  coalesce(sum(waiting - due), 0)::bigint as turn,
  min(turn_at) filter (where waiting > due) as turn_at,
  coalesce(sum(held), 0)::bigint as held,
  min(held_until) as held_until,
  coalesce(sum(fetched), 0)::bigint as fetched
from placed
""")

_FULL = ("too many clients", "remaining connection slots", "too many connections")


@dataclass(frozen=True, slots=True)
class _Counts:
    """What costs more the more is open."""

    backlog: Backlog | None = None
    unaccounted: int | None = None


class DatabaseLook:
    """Looks, and looks again. One thread at a time.

    Args:
        engine: Connections without a pool.
        clock: Monotonic seconds.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._counts = _Counts()
        self._count_at = 0.0

    def look(self) -> Database | Away:
        """Return how PostgreSQL is, and what the ledger in it says."""
        try:
            with translating(), self._engine.connect() as connection:
                snapshot = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                found = self._engine_state(snapshot)
                if not found.schema_is_current:
                    return found
                return replace(found, ledger=self._ledger(snapshot))
        except DatabaseAwayError as error:
            full = any(words in str(error) for words in _FULL)
            return Away(str(error), "connections" if full else "unreachable")

    def _engine_state(self, snapshot: Connection) -> Database:
        began = self._clock()
        with snapshot.begin():
            row = snapshot.execute(_ENGINE).one()
            answered = self._clock() - began
            current = has_newest_schema(snapshot)
        return Database(
            answered_seconds=answered,
            read_only=row.read_only,
            standby=row.standby,
            connections=row.connections,
            connections_max=row.connections_max,
            schema_is_current=current,
        )

    def _ledger(self, snapshot: Connection) -> Ledger | Away:
        try:
            with _limited(snapshot):
                row = snapshot.execute(_LEDGER, {"lock": DISPATCHER}).mappings().one()
                unnumbered, since = snapshot.execute(_UNNUMBERED).one()
                running = {run[0]: Running(*run[1:]) for run in snapshot.execute(_RUNNING)}
                stopped = list_pauses(snapshot)
                short = [hold for hold in read_holds(snapshot) if hold.cause is HoldCause.DISK]
        except DatabaseAwayError as error:
            return Away(str(error), "slow")
        counts = self._counted(snapshot)
        return Ledger(
            **row,
            unnumbered=unnumbered,
            unnumbered_since=since,
            running=running,
            pauses=tuple(_pause(pause) for pause in stopped if not _is_breaker(pause)),
            failing=tuple(
                Failing(pause.value, pause.reason, pause.since)
                for pause in stopped
                if _is_breaker(pause)
            ),
            disk_short=short[0].detail if short else "",
            disk_short_since=short[0].since if short else None,
            backlog=counts.backlog,
            unaccounted=counts.unaccounted,
        )

    def _counted(self, snapshot: Connection) -> _Counts:
        began = self._clock()
        if began < self._count_at:
            return self._counts
        try:
            with _limited(snapshot):
                backlog = Backlog(**snapshot.execute(_BACKLOG).mappings().one())
            with _limited(snapshot):
                self._counts = _Counts(backlog, conservation(snapshot).unaccounted)
        except DatabaseAwayError:
            # Too much is open to be counted in time: the rest of the diagnosis does without.
            self._counts = _Counts()
        now = self._clock()
        self._count_at = now + max(_COUNT_SECONDS, _COUNT_COST * (now - began))
        return self._counts


@contextmanager
def _limited(snapshot: Connection) -> Iterator[None]:
    with translating(), snapshot.begin():
        snapshot.execute(_LIMIT)
        yield


def _is_breaker(pause: Stopped) -> bool:
    return pause.scope is Scope.STAGE and pause.by == BREAKER


def _pause(stopped: Stopped) -> Pause:
    what = "everything" if stopped.scope is Scope.ALL else stopped.value
    whole = stopped.scope in (Scope.ALL, Scope.STAGE)
    name = what if whole else f"{stopped.scope} {what}"
    return Pause(name, stopped.by, stopped.reason, stopped.since, whole)
