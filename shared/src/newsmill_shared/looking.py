"""Takes the snapshot of the diagnosis: looks at every part at once, and is stopped by none.

Gateway and ``newsmill doctor`` use this alike.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar

from newsmill_shared.database.engine import make_engine
from newsmill_shared.database.looking import DatabaseLook
from newsmill_shared.diagnosis.snapshot import Away, Broker, Index, PageStoreRoom, Snapshot
from newsmill_shared.errors import TransientError
from newsmill_shared.pages import room
from newsmill_shared.queue.looking import broker_look

__all__ = ["Looker"]

_SECONDS = 4.0
"""A part that takes longer is away."""

_Found = TypeVar("_Found")


class Looker:
    """Looks at one newsmill. One thread at a time.

    Args:
        database_url: PostgreSQL; None where it is not known, like the others.
        redis_url: The broker.
        page_store_url: The page store.
        seconds: How long a part may take.
        now: The clock of this machine.

    Raises:
        SettingsError: An address is none.
    """

    def __init__(
        self,
        *,
        database_url: str | None = None,
        redis_url: str | None = None,
        page_store_url: str | None = None,
        seconds: float = _SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self._database = (
            _Part(
                DatabaseLook(make_engine(database_url, name="diagnosis", pool_size=0)).look,
                seconds,
            )
            if database_url
            else None
        )
        self._broker = _Part(broker_look(redis_url), seconds) if redis_url else None
        self._pages = (
            _Part(lambda: _page_store(page_store_url), seconds) if page_store_url else None
        )

    def look(self) -> Snapshot:
        """Return what can be known now, within the seconds that a part may take."""
        parts = [part for part in (self._database, self._broker, self._pages) if part]
        for part in parts:
            part.begin()
        broker, index = self._asked_broker()
        return Snapshot(
            now=self._now(),
            database=self._database.answer() if self._database else None,
            broker=broker,
            index=index,
            pages=self._pages.answer() if self._pages else None,
        )

    def _asked_broker(self) -> tuple[Broker | Away | None, Index | Away | None]:
        if self._broker is None:
            return None, None
        found = self._broker.answer()
        return (found, None) if isinstance(found, Away) else found


class _Part(Generic[_Found]):
    """One part, asked in a thread of its own; one that hangs is not asked twice at a time."""

    def __init__(self, look: Callable[[], _Found], seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._thread: threading.Thread | None = None
        self._found: _Found | Away = Away("")

    def begin(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        self._found = Away(f"it has not answered within {self._seconds:g} s")
        self._thread = threading.Thread(target=self._run, name="diagnosis", daemon=True)
        self._thread.start()

    def answer(self) -> _Found | Away:
        if self._thread is not None:
            self._thread.join(self._seconds)
        return self._found

    def _run(self) -> None:
        self._found = self._look()


def _page_store(url: str) -> PageStoreRoom | Away:
    try:
        return room(url)
    except TransientError as error:
        return Away(str(error))
