"""Heartbeats: a process that lives says so every two seconds, and ends itself when it hangs."""

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError

__all__ = ["ALIVE_SECONDS", "Heartbeat", "alive", "heartbeats", "new_incarnation"]

BEAT_SECONDS = 2.0
ALIVE_SECONDS = 8
"""A process whose last heartbeat is older than this is gone."""
_HUNG_BEATS = 15
"""Beats without a tick of the main loop (30 s) after which a process ends itself."""
_PREFIX = "newsmill:worker:"

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
        trace: A file that each beat touches that has arrived: the age of it tells a health check
            as much as a question to Redis would, and costs nothing.
    """

    def __init__(
        self,
        redis: "Redis",
        incarnation: str,
        *,
        on_hang: Callable[[], None] = lambda: os._exit(70),
        trace: Path | None = None,
    ) -> None:
        self._redis = redis
        self._key = _PREFIX + incarnation
        self._body = json.dumps(
            {
                "service": incarnation.partition(":")[0],
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "started": int(time.time()),
            }
        )
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

    def stop(self) -> None:
        """Stop beating and take the heartbeat back, if Redis is there."""
        self._stop.set()
        self._thread.join(timeout=BEAT_SECONDS)
        try:
            self._redis.delete(self._key)
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
            self._redis.set(self._key, self._body, ex=ALIVE_SECONDS)
        except (RedisError, OSError) as error:
            _log.warning("no heartbeat", error=str(error))
            return
        if self._trace is not None:
            self._trace.touch()


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


def heartbeats(redis: "Redis") -> list[dict[str, object]]:
    """Return what every living process said of itself: service, host, pid, started."""
    keys = sorted(redis.scan_iter(match=_PREFIX + "*", count=1000))
    return [json.loads(beat) for beat in (redis.mget(keys) if keys else []) if beat is not None]
