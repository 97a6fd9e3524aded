"""Looks at a running system twice a second: is all accounted for, what is due, what is used."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, text

from newsmill_cli.mill import Mill
from newsmill_shared.database.conservation import conservation
from newsmill_shared.database.engine import DatabaseAwayError, reading
from newsmill_shared.queue.notes import NOTES_KEY
from tests.chaos.measures import WHOLE, Due

__all__ = ["LISTS", "Memory", "Sampler"]

LISTS = ("ingest", "enrich", "store", NOTES_KEY, "newsmill:inbox:list", "submit")

_SECONDS = 0.5
_MEMORY_EVERY = 10

_DUE = text("""
select exists (select from job join host on host.id = job.host_id
               where job.state = 'waiting' and job.fetch_id is null
                 and host.next_at <= now() and host.in_flight < host.max_in_flight),
       exists (select from job where state = 'waiting' and fetch_id is not null),
       (select count(*) from job where state = 'running'),
       (select count(*) from job),
       (select count(*) from outcome)
""")
_APART = text("""
select count(*) from host h
where h.in_flight <> (select count(*) from slot s where s.host_id = h.id)
""")


@dataclass(frozen=True, slots=True)
class Memory:
    """What processes use, in bytes, and what has ended so far."""

    at: float
    ended: int
    resident: Mapping[str, int]
    redis: int


@dataclass(slots=True)
class Sampler:
    """A thread that takes samples until the run ends."""

    mill: Mill
    engine: Engine
    stop: threading.Event
    due: list[Due] = field(default_factory=list)
    unaccounted: list[int] = field(default_factory=list)
    slots_apart: int = 0
    memory: list[Memory] = field(default_factory=list)
    running: int = 0
    """Jobs that were sent and not ended, at the last sample."""
    open: int = 0
    """Jobs without an outcome, at the last sample."""
    ended: int = 0
    """Outcomes, at the last sample."""
    _waiting: frozenset[str] = frozenset()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="sampler", daemon=True).start()

    def _run(self) -> None:
        count = 0
        with Redis.from_url(self.mill.engines.redis_url, socket_timeout=2) as redis:
            while not self.stop.wait(_SECONDS):
                self._look_at_database()
                queued = self._look_at_redis(redis, memory=count % _MEMORY_EVERY == 0)
                self.due.append(Due(time.monotonic(), self._waiting | queued))
                count += 1

    def _look_at_database(self) -> None:
        """Count; while the database is away, what was due still is."""
        try:
            with reading(self.engine) as snapshot:
                self.unaccounted.append(conservation(snapshot).unaccounted)
                fetches, pages, self.running, self.open, self.ended = snapshot.execute(_DUE).one()
                self.slots_apart += bool(snapshot.execute(_APART).scalar_one())
        except DatabaseAwayError:
            return
        self._waiting = frozenset(
            name
            for name, due in (("ingest", fetches), ("enrich", pages), (WHOLE, self.running))
            if due
        )

    def _look_at_redis(self, redis: "Redis", *, memory: bool) -> frozenset[str]:
        try:
            queued = frozenset(name for name in LISTS[:3] if redis.llen(name))
            if memory:
                used = int(redis.info("memory")["used_memory"])
                self.memory.append(Memory(time.monotonic(), self.ended, self._resident(), used))
        except (RedisError, OSError):
            return frozenset()
        return queued

    def _resident(self) -> dict[str, int]:
        """Return what each service uses, its children included; what they share counts once."""
        found = {}
        for name, pid in self.mill.supervisor.pids.items():
            try:
                parent = psutil.Process(pid)
                family = [parent, *parent.children(recursive=True)]
                found[name] = sum(process.memory_full_info().pss for process in family)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found
