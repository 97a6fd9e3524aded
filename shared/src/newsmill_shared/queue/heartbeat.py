"""Heartbeats: a process that lives says so every two seconds, and ends itself when it hangs."""

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import structlog
from redis import Redis
from redis.exceptions import RedisError

from newsmill_shared.diagnosis.snapshot import Beat
from newsmill_shared.queue.broker import as_bytes

__all__ = [
    "ALIVE_SECONDS",
    "WORKERS_KEY",
    "Heartbeat",
    "alive",
    "living",
    "new_incarnation",
]

BEAT_SECONDS = 2.0
ALIVE_SECONDS = 8
"""A process whose last heartbeat is older than this is gone."""
_HUNG_BEATS = 15
"""Beats without a tick of the main loop (30 s) after which a process ends itself."""
_PREFIX = "newsmill:worker:"
WORKERS_KEY = "newsmill:workers"
"""Sorted set of the processes whose heartbeats came lately, by Redis' own time: whoever wants to
see them all walks over these, not over every key."""

# KEYS: heartbeat, workers. ARGV: what the process says, seconds that it holds, incarnation.
# Also while Redis is out of memory: who lives must not be taken for dead then.
_BEAT = """#!lua flags=allow-oom
redis.call('set', KEYS[1], ARGV[1], 'ex', ARGV[2])
local now = tonumber(redis.call('time')[1])
redis.call('zadd', KEYS[2], now, ARGV[3])
redis.call('zremrangebyscore', KEYS[2], '-inf', now - ARGV[2])
"""

_log = structlog.get_logger()


def new_incarnation(service: str) -> str:
    """Return a name for this process that no other and no later one has."""
    return f"{service}:{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class Heartbeat:
    """Beats from a thread of its own.

    The thread counts its own beats since the main loop last ticked, not seconds: a process
    that was stopped as a whole is not taken for one whose loop hangs.

    Args:
        redis: Where to beat; while it is away the thread goes on trying.
        incarnation: This process' name.
        on_hang: Called once when the loop has not ticked for 30 s; ends the process.
        wall_clock: Seconds since 1970, as this machine has them.
        trace: A file that each beat touches that has arrived: the age of it tells a health check
            as much as a question to Redis would, and costs nothing.
    """

    def __init__(
        self,
        redis: "Redis",
        incarnation: str,
        *,
        on_hang: Callable[[], None] = lambda: os._exit(70),
        wall_clock: Callable[[], float] = time.time,
        trace: Path | None = None,
    ) -> None:
        self._redis = redis
        self._incarnation = incarnation
        self._key = _PREFIX + incarnation
        self._beat = redis.register_script(_BEAT)
        self._wall_clock = wall_clock
        self._self = {
            "service": incarnation.partition(":")[0],
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": int(wall_clock()),
        }
        self._wait: tuple[str, float] | None = None
        self._on_hang = on_hang
        self._trace = trace or _trace_of_environment()
        self._beats_since_tick = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def tick(self) -> None:
        """The main loop has come round."""
        self._beats_since_tick = 0

    def waits_for(self, cause: str) -> None:
        """Tell everybody what keeps this process from working; empty when nothing does."""
        if not cause:
            self._wait = None
        elif self._wait is None or self._wait[0] != cause:
            self._wait = (cause, self._wall_clock())

    def stop(self) -> None:
        """Stop beating and take the heartbeat back, if Redis is there."""
        self._stop.set()
        self._thread.join(timeout=BEAT_SECONDS)
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.delete(self._key)
                pipeline.zrem(WORKERS_KEY, self._incarnation)
                pipeline.execute()
        except (RedisError, OSError):
            _log.info("heartbeat not taken back, it will run out")

    def _run(self) -> None:
        while not self._stop.is_set():
            self.beat()
            self._stop.wait(BEAT_SECONDS)

    def beat(self) -> None:
        """Beat once."""
        self._beats_since_tick += 1
        if self._beats_since_tick > _HUNG_BEATS:
            _log.error("the main loop hangs, ending this process")
            self._on_hang()
        try:
            self._beat(
                keys=[self._key, WORKERS_KEY],
                args=[self._body(), ALIVE_SECONDS, self._incarnation],
            )
        except (RedisError, OSError) as error:
            _log.warning("no heartbeat", error=str(error))
            return
        if self._trace is not None:
            self._trace.touch()

    def _body(self) -> str:
        said: dict[str, object] = {**self._self, "at": self._wall_clock()}
        if self._wait is not None:
            said["waits_for"], said["waits_since"] = self._wait
        return json.dumps(said)


def _trace_of_environment() -> Path | None:
    named = os.environ.get("NEWSMILL_HEARTBEAT_FILE")
    return Path(named) if named else None


def alive(redis: "Redis", incarnations: Iterable[str]) -> set[str]:
    """Return those of these processes that live."""
    names = sorted(set(incarnations))
    if not names:
        return set()
    beats = redis.mget([_PREFIX + name for name in names])
    return {name for name, beat in zip(names, beats, strict=True) if beat is not None}


def living(redis: "Redis") -> tuple[Beat, ...]:
    """Return who lives, how far their clocks are from Redis', and what they wait for."""
    keys = _keys(redis)
    if not keys:
        return ()
    pipeline = redis.pipeline(transaction=False)
    pipeline.mget(keys)
    for key in keys:
        pipeline.pttl(key)
    pipeline.time()
    bodies, *left, (seconds, microseconds) = pipeline.execute()
    now = seconds + microseconds / 1e6
    return tuple(
        _beat(cast(bytes | str, body), now - (ALIVE_SECONDS - milliseconds / 1000))
        for body, milliseconds in zip(bodies, left, strict=True)
        if body is not None and milliseconds > 0
    )


def _keys(redis: "Redis") -> list[str]:
    names = as_bytes(cast(list[bytes | str], redis.zrange(WORKERS_KEY, 0, -1)))
    return sorted(_PREFIX + name.decode() for name in names)


def _beat(body: bytes | str, beat_at: float) -> Beat:
    """Read a heartbeat that came at ``beat_at`` by Redis' clock."""
    said = json.loads(body)
    since = said.get("waits_since")
    return Beat(
        service=str(said["service"]),
        host=str(said["host"]),
        pid=int(said["pid"]),
        started_at=datetime.fromtimestamp(int(said["started"]), UTC),
        clock_ahead_seconds=float(said.get("at", beat_at)) - beat_at,
        waits_for=str(said.get("waits_for", "")),
        waits_since=datetime.fromtimestamp(since, UTC) if since else None,
    )
