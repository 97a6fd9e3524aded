"""What Redis must hear in any case: told now, or as soon as Redis is back."""

import threading
import time
from collections import deque
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError

__all__ = ["Later"]

_log = structlog.get_logger()

_RETRY_SECONDS = 0.5


class Later:
    """Makes calls to Redis, one after the other, until each has succeeded.

    The caller never waits: while Redis is away a thread of its own goes on trying. What is not
    done when the process ends is left undone.

    Args:
        sleep: How to wait between two tries.
    """

    def __init__(self, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._calls: deque[Callable[[], object]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def do(self, call: Callable[[], object]) -> None:
        """Call it, at once if Redis is there; calls that wait keep their order."""
        with self._lock:
            if self._thread is None and self._succeeds(call):
                return
            self._calls.append(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._catch_up, name="later", daemon=True)
                self._thread.start()

    def _catch_up(self) -> None:
        while True:
            with self._lock:
                if not self._calls:
                    self._thread = None
                    return
                call = self._calls[0]
            if self._succeeds(call):
                self._calls.popleft()
            else:
                self._sleep(_RETRY_SECONDS)

    def _succeeds(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except (RedisError, OSError) as error:
            if not self._calls:
                _log.warning("Redis is told later", error=str(error))
            return False
        return True
