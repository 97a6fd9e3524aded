"""The time a chain of requests may take, kept even against a host that never falls silent."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from newsmill_shared.errors import EndedError
from newsmill_shared.reasons import Reason

__all__ = ["Deadline"]


class Deadline:
    """Seconds for one chain of requests; when they are over, its sockets are shut down.

    A time-out on reads alone is no deadline: one byte now and then holds a worker for ever. Use
    it as a context manager around the chain, in the thread that makes the requests.

    Args:
        seconds: From entering the context until every read and write of the chain fails.
        before_connect: Called right before each request takes a connection, new or kept; what
            it raises ends the chain and passes to the caller.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        seconds: float,
        *,
        before_connect: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._before_connect = before_connect
        self._clock = clock
        self._end = clock() + seconds
        self._lock = threading.Lock()
        self._sockets: dict[int, int] = {}
        self._over = False
        self.connects = 0
        """How many connections the chain has opened."""

    def __enter__(self) -> Self:
        self._end = self._clock() + self._seconds
        self._timer = threading.Timer(self._seconds, self._shut_down)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self.release_all()

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return self._over or self._clock() >= self._end

    def left(self) -> float:
        """Return the seconds left.

        Raises:
            EndedError: With the reason ``timeout``: none are left.
        """
        if self.expired:
            raise self.error()
        return self._end - self._clock()

    def error(self) -> EndedError:
        """Return the error that says this deadline has passed."""
        return EndedError(Reason.TIMEOUT, f"not finished within {self._seconds:g} s")

    def before_connect(self) -> None:
        """Give the owner of the chain the last word before a request goes out."""
        self.left()
        self._before_connect()

    def watch(self, owner: object, sock: socket.socket) -> None:
        """Shut this socket down when the time is over.

        The descriptor is duplicated: TLS takes it away from ``sock`` in mid-connect, a response
        outlives its connection, and a closed descriptor's number may be somebody else's by then.
        """
        with self._lock:
            if self._over:
                raise self.error()
            self._close(self._sockets.pop(id(owner), None))
            self._sockets[id(owner)] = os.dup(sock.fileno())

    def watches(self, owner: object) -> bool:
        """Whether a connection belongs to this chain already."""
        with self._lock:
            return id(owner) in self._sockets

    def release(self, owner: object) -> None:
        """Let go of a connection that goes back to its pool."""
        with self._lock:
            self._close(self._sockets.pop(id(owner), None))

    def release_all(self) -> None:
        """Let go of all connections: the response is whole, or given up."""
        with self._lock:
            while self._sockets:
                self._close(self._sockets.popitem()[1])

    @staticmethod
    def _close(descriptor: int | None) -> None:
        if descriptor is not None:
            os.close(descriptor)

    def _shut_down(self) -> None:
        with self._lock:
            self._over = True
            for descriptor in self._sockets.values():
                # The peer may have gone first: then there is nothing left to shut down.
                with socket.socket(fileno=os.dup(descriptor)) as sock, contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
