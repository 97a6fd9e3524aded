"""The dispatcher's loop: notes in, messages out, a sweep now and then."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection, Engine, text

from newsmill_shared.database.engine import DatabaseAwayError, translating
from newsmill_shared.database.events import EVENTS_AT_ONCE, count_receipts, number_events
from newsmill_shared.database.locks import DISPATCHER
from newsmill_shared.logs import about
from newsmill_shared.messages import Message
from newsmill_shared.queue.notes import LateNote, LostNote, Note
from newsmill_shared.queue.window import Depths
from newsmill_store.dispatcher.breaking import Breaking
from newsmill_store.dispatcher.disks import Disks, folders_of
from newsmill_store.dispatcher.judge import Attempt
from newsmill_store.dispatcher.notes import Backoff, apply_notes
from newsmill_store.dispatcher.pace import Pace
from newsmill_store.dispatcher.pausing import Pausing, stops_fetches, stops_pages
from newsmill_store.dispatcher.pick import Timing, pick_fetches, pick_pages
from newsmill_store.dispatcher.ports import Carrier
from newsmill_store.dispatcher.reworking import Reworking
from newsmill_store.dispatcher.standing import Standing, holds
from newsmill_store.dispatcher.sweep import (
    release,
    sweep_hosts,
    sweep_lost,
    sweep_time,
    void_running,
)
from newsmill_store.dispatcher.turns import seconds_to_next_host, wake
from newsmill_store.dispatcher.window import FetchRate, room_for_fetches, room_for_pages
from newsmill_store.settings import DispatcherSettings

__all__ = ["Dispatcher", "NotActiveError"]

_log = structlog.get_logger()

_MEGABYTE = 2**20
_SHORTEST_WAIT_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 1.0


class NotActiveError(DatabaseAwayError):
    """Another dispatcher is active; this one stands by."""


@dataclass(slots=True)
class _Memory:
    """What a connected dispatcher remembers; all of it can be found again."""

    epoch: str
    calm_from: float
    reworking: Reworking
    swept: float = 0.0
    swept_host: int = 0
    numbered: float = 0.0
    nowhere: frozenset[Attempt] = frozenset()
    pausing: Pausing = field(default_factory=Pausing)
    breaking: Breaking = field(default_factory=Breaking)
    standing: Standing = field(default_factory=Standing)
    fetched_for: str = ""
    """The submitter whose list of hosts had the last turn."""
    sent_for: str = ""
    """The submitter whose list of fetched pages had it."""
    unsent: list[Message] = field(default_factory=list)


class Dispatcher:
    """Decides what is fetched next. One is active; others stand by for its lock.

    All of its SQL runs on the session that holds the advisory lock, so that a dispatcher that
    lost the lock cannot write.

    Args:
        engine: Connections without a pool, see ``session_settings``.
        carrier: Redis.
        settings: Limits and times.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        engine: Engine,
        carrier: Carrier,
        settings: DispatcherSettings,
        *,
        backoff: Backoff | None = None,
        disks: Disks | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._carrier = carrier
        self._settings = settings
        self._clock = clock
        self._backoff = backoff or Backoff(settings.retry_base_seconds, settings.retry_max_seconds)
        self._pace = Pace(settings.retry_after_scope, settings.host_backoff_max_seconds)
        self._timing = Timing(settings.claim_seconds, settings.fetch_seconds)
        self._disks = disks or Disks(
            folders_of(settings.page_store_url, settings.disk_folders),
            reserve_bytes=settings.disk_reserve_mb * _MEGABYTE,
        )
        self._rate = FetchRate(clock())
        self._connection: Connection | None = None
        self._memory: _Memory | None = None

    @property
    def active(self) -> bool:
        """Whether this dispatcher holds the lock."""
        return self._memory is not None

    def tick(self) -> float:
        """Do all that is due and return after how many seconds more may be due.

        Raises:
            TransientError: PostgreSQL or Redis is away, or another dispatcher is active; call
                ``disconnect`` and come back later.
        """
        memory = self._connected()
        # Once a tick is enough: if Redis changes now, the next tick voids what this one sends.
        depths = self._carrier.depths()
        self._agree_on_epoch(memory, depths)
        self._rate.measure(self._clock(), waiting=depths.ingest)
        self._send(memory, [])
        self._read_notes()
        self._sweep(memory)
        self._count(memory)
        picked, next_host = self._pick(memory, depths)
        self._send(memory, picked)
        if picked:
            return _SHORTEST_WAIT_SECONDS
        longest = memory.reworking.wait_seconds or _LONGEST_WAIT_SECONDS
        if next_host is None:
            return longest
        return min(longest, max(_SHORTEST_WAIT_SECONDS, next_host))

    def wait(self, seconds: float) -> None:
        """Wait for a note, at most this long."""
        self._carrier.wait_for_note(seconds)

    def disconnect(self) -> None:
        """Give up the session, and with it the lock."""
        self._memory = None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _connected(self) -> _Memory:
        if self._memory is not None:
            return self._memory
        with translating():
            if self._connection is None:
                self._connection = self._engine.connect()
            with self._connection.begin():
                locked = self._connection.execute(
                    text("select pg_try_advisory_lock(:lock)"), {"lock": DISPATCHER}
                ).scalar_one()
                epoch = self._connection.execute(
                    text("select value from meta where key = 'epoch'")
                ).scalar_one_or_none()
        if not locked:
            raise NotActiveError("another dispatcher is active, standing by")
        _log.info("dispatcher active")
        self._memory = _Memory(
            epoch or "",
            self._clock() + self._settings.calm_seconds,
            Reworking(self._settings.rework_window),
        )
        return self._memory

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._connection is None:
            raise DatabaseAwayError("not connected")
        with translating(), self._connection.begin():
            yield self._connection

    def _agree_on_epoch(self, memory: _Memory, depths: Depths) -> None:
        """Void all running work if Redis lost its data or brings another's."""
        if depths.epoch == memory.epoch and memory.epoch:
            return
        epoch = secrets.token_hex(8)
        with self._transaction() as connection:
            void = void_running(connection)
            connection.execute(
                text(
                    "insert into meta (key, value) values ('epoch', :epoch) "
                    "on conflict (key) do update set value = excluded.value"
                ),
                {"epoch": epoch},
            )
        self._carrier.set_epoch(epoch)
        _log.warning("Redis has no data of this ledger, running work waits again", jobs=void)
        memory.epoch = epoch
        memory.unsent.clear()
        memory.nowhere = frozenset()
        memory.calm_from = self._clock() + self._settings.calm_seconds

    def _send(self, memory: _Memory, picked: Sequence[Message]) -> None:
        """Send what was picked; what could not be sent is tried again at the next tick."""
        memory.unsent.extend(picked)
        if memory.unsent:
            self._carrier.publish(memory.unsent)
            for message in memory.unsent:
                with about(message):
                    _log.debug("sent", message=message.TYPE)
            memory.unsent.clear()

    def _read_notes(self) -> None:
        read = self._carrier.read_notes()
        if read is None:
            return
        with self._transaction() as connection:
            ended = apply_notes(
                connection,
                read.parsed,
                backoff=self._backoff,
                pace=self._pace,
                host_delay_seconds=self._settings.host_delay_seconds,
            )
        self._carrier.trim_notes(read)
        for note in read.parsed:
            if isinstance(note, Note):
                tell = _log.info if isinstance(note, LateNote | LostNote) else _log.debug
                tell(
                    "told", job_id=str(note.job_id), attempt=note.attempt, note=type(note).__name__
                )
        self._rate.count(ended)

    def _count(self, memory: _Memory) -> None:
        """Count what has ended and what has come, now and then: each time costs."""
        now = self._clock()
        if now - memory.numbered < self._settings.events_seconds:
            return
        with self._transaction() as connection:
            memory.breaking.look(connection, now)
            numbered = number_events(connection)
            hosts = count_receipts(connection)
            wake(connection, hosts)
        # There may be more than one transaction takes: go on at the next tick.
        memory.numbered = 0.0 if hosts or numbered == EVENTS_AT_ONCE else now

    def _sweep(self, memory: _Memory) -> None:
        now = self._clock()
        if now - memory.swept < self._settings.sweep_seconds:
            return
        with self._transaction() as connection:
            sweep_time(connection, minutes_days=self._settings.retention_minutes_days)
            memory.swept_host = sweep_hosts(connection, memory.swept_host)
        memory.pausing.forget_hosts()
        if now >= memory.calm_from:
            with self._transaction() as connection:
                memory.nowhere = sweep_lost(
                    connection,
                    self._carrier,
                    older_than_seconds=self._settings.judge_after_seconds,
                    nowhere=memory.nowhere,
                )
        memory.swept = now

    def _pick(self, memory: _Memory, depths: Depths) -> tuple[list[Message], float | None]:
        """Return what is to be sent, and after how many seconds a host may be asked again."""
        settings = self._settings
        fetches = room_for_fetches(
            depths,
            rate=self._rate,
            claim_seconds=settings.claim_seconds,
            least=settings.ingest_queue_min,
            most=settings.ingest_queue_max,
            queue_limit=settings.queue_limit,
        )
        pages = room_for_pages(depths, queue_limit=settings.queue_limit)
        picked: list[Message] = []
        short = self._disks.short(self._clock())
        with self._transaction() as connection:
            pauses, probing = memory.breaking.let_through(
                memory.pausing.apply(connection), self._clock()
            )
            if probing:
                pages, fetches = min(pages, 1), min(fetches, 1)
            release(connection)
            running = connection.execute(
                text("select count(*) from job where state = 'running'")
            ).scalar_one()
            memory.reworking.see_jobs(running, self._clock())
            window = settings.window_jobs - running
            found = holds(
                pauses=stops_fetches(pauses),
                short=short,
                depths=depths,
                window=window,
                queue_limit=settings.queue_limit,
            )
            memory.standing.say(connection, found, now=self._clock())
            if short:
                return picked, None
            if min(window, pages) > 0 and not stops_pages(pauses):
                fetched = pick_pages(
                    connection, min(window, pages), after=memory.sent_for, epoch=memory.epoch
                )
                memory.sent_for = fetched.last
                picked.extend(fetched.messages)
                if not (picked or probing or depths.enrich):
                    picked.extend(
                        memory.reworking.pick(connection, epoch=memory.epoch, now=self._clock())
                    )
            if probing and picked:
                memory.breaking.probed(self._clock())
                return picked, None
            if stops_fetches(pauses):
                return picked, None
            window -= len(picked)
            if min(window, fetches) > 0:
                chosen = pick_fetches(
                    connection,
                    min(window, fetches),
                    after=memory.fetched_for,
                    timing=self._timing,
                    epoch=memory.epoch,
                    now_ms=depths.now_ms,
                )
                memory.fetched_for = chosen.last
                picked.extend(chosen.messages)
            if probing and picked:
                memory.breaking.probed(self._clock())
            return picked, seconds_to_next_host(connection)
