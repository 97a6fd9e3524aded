"""How much may be handed in at once, and what is refused when the gateway is to end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus

from newsmill_gateway.problems import Code, ProblemError

__all__ = ["MAX_BUFFERED_BYTES", "Admission", "Buffer"]

MAX_BUFFERED_BYTES = 256 * 1024 * 1024
"""All bodies that have been read, and not been accepted yet, have at most so many bytes."""
_PATIENCE_SECONDS = 2.0
"""Who finds all places taken waits so long for one."""
_LAST_SECONDS = 2.0
"""A body that is under way when the gateway is to end may take so long."""


class Buffer:
    """A body that is being read; what it holds counts for all.

    A body for which there is no room is read to its end all the same, and dropped: whoever is cut
    off while sending sees a broken line instead of the answer.
    """

    def __init__(self, admission: "Admission") -> None:
        self._admission = admission
        self._content = bytearray()
        self._is_dropped = False

    def add(self, chunk: bytes) -> None:
        """Add what arrived, if there is room for it."""
        if self._is_dropped:
            return
        if self._admission.has_room(len(chunk)):
            self._content += chunk
        else:
            self._is_dropped = True
            self.free()

    def body(self) -> bytes:
        """Return the whole body; raises ProblemError 503 ``busy`` if there was no room for it."""
        if self._is_dropped:
            raise _busy("more is being handed in than can be held")
        return bytes(self._content)

    def free(self) -> None:
        """Give the room back."""
        self._admission.give_back(len(self._content))
        self._content.clear()


class Admission:
    """Bounds what is handed in at once; of one event loop.

    Args:
        at_once: So many requests are accepted at the same time, the others wait a little.
        max_buffered_bytes: Of all bodies together.
        patience_seconds: How long one waits for a place.
    """

    def __init__(
        self,
        at_once: int,
        *,
        max_buffered_bytes: int = MAX_BUFFERED_BYTES,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._max_buffered_bytes = max_buffered_bytes
        self._patience_seconds = patience_seconds
        self._buffered_bytes = 0
        self._reading: set[asyncio.Timeout] = set()
        self._is_closing = False

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Take one of the places; raises ProblemError 503 ``busy`` if none becomes free."""
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise _busy("as many requests as can be are being accepted") from None
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def buffer(self) -> Iterator[Buffer]:
        """Give room for a body until the block ends."""
        buffer = Buffer(self)
        try:
            yield buffer
        finally:
            buffer.free()

    @asynccontextmanager
    async def reading(self, seconds: float) -> AsyncIterator[None]:
        """Read a body within so many seconds, less if the gateway is to end meanwhile.

        Raises:
            ProblemError: 408 ``body_slow``; 503 ``shutting_down``, and nothing was accepted.
        """
        try:
            async with asyncio.timeout(min(seconds, self._longest())) as limit:
                self._reading.add(limit)
                try:
                    yield
                finally:
                    self._reading.discard(limit)
        except TimeoutError:
            raise self._too_late(seconds) from None

    def has_room(self, size: int) -> bool:
        """Take room for so many bytes, if there is so much."""
        if self._buffered_bytes + size > self._max_buffered_bytes:
            return False
        self._buffered_bytes += size
        return True

    def give_back(self, size: int) -> None:
        """Give room back."""
        self._buffered_bytes -= size

    def close(self) -> None:
        """The gateway is to end: what has arrived is accepted, what is under way must hurry."""
        self._is_closing = True
        soon = asyncio.get_running_loop().time() + _LAST_SECONDS
        for limit in self._reading:
            limit.reschedule(min(soon, limit.when() or soon))

    def _longest(self) -> float:
        return _LAST_SECONDS if self._is_closing else float("inf")

    def _too_late(self, seconds: float) -> ProblemError:
        if self._is_closing:
            return ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                Code.SHUTTING_DOWN,
                "the gateway ends, and had not got all of this: send it again",
                headers={"Retry-After": "5", "Connection": "close"},
            )
        return ProblemError(
            HTTPStatus.REQUEST_TIMEOUT, Code.BODY_SLOW, f"send the body within {seconds:g} s"
        )


def _busy(detail: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Code.BUSY,
        f"{detail}: send this again",
        headers={"Retry-After": "1"},
    )
