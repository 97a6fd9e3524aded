"""Answers that are kept for seconds, so that many viewers cost the ledger as much as one."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Cached", "Kept"]

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Kept(Generic[_Value]):
    """A value, and how many seconds ago it was read."""

    value: _Value
    seconds_old: float


class Cached(Generic[_Value]):
    """One answer that costs something, asked for at most once at a time and only now and then.

    An answer is kept for ``seconds``, and for longer where it was slow to come: asking takes at
    most the given share of the time, however large the ledger grows. Who comes while an old
    answer is being replaced gets the old one after a moment.

    Args:
        load: Asks; may take long, and may raise.
        seconds: How long an answer is kept at least.
        share: The share of the time that asking may take.
        patience: Seconds that a caller waits for a newer answer before an old one, or none, will
            do.
        now: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        load: Callable[[], _Value],
        *,
        seconds: float,
        share: float = 0.05,
        patience: float = 1.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._share = share
        self._patience = patience
        self._now = now
        self._lock = threading.Lock()
        self._value: _Value | None = None
        self._read_at: float | None = None
        self._fresh_until = 0.0
        self._asking: Future[None] | None = None

    def get(self) -> Kept[_Value] | None:
        """Return the answer and its age; None when the first has not come within the patience.

        Raises:
            Exception: What asking raised, to those who waited for it.
        """
        with self._lock:
            if self._read_at is not None and self._now() < self._fresh_until:
                return self._kept()
            asking = self._asking or self._ask()
        # Who has waited long enough is told what is known: an old answer, or none.
        wait([asking], timeout=self._patience)
        if asking.done():
            asking.result()
        with self._lock:
            return self._kept()

    def peek(self) -> Kept[_Value] | None:
        """Return what was answered last, if anything, without asking or waiting."""
        with self._lock:
            return self._kept()

    def _kept(self) -> Kept[_Value] | None:
        if self._read_at is None:
            return None
        return Kept(self._value, self._now() - self._read_at)  # type: ignore[arg-type]

    def _ask(self) -> Future[None]:
        asking: Future[None] = Future()
        self._asking = asking
        threading.Thread(target=self._run, args=(asking,), name="dashboard", daemon=True).start()
        return asking

    def _run(self, asking: "Future[None]") -> None:
        began = self._now()
        try:
            value = self._load()
        except Exception as error:  # noqa: BLE001 - raised again in those who wait
            with self._lock:
                self._asking = None
            asking.set_exception(error)
            return
        with self._lock:
            ended = self._now()
            self._value, self._read_at = value, ended
            self._fresh_until = ended + max(self._seconds, (ended - began) / self._share)
            self._asking = None
        asking.set_result(None)
