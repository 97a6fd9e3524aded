"""The thread of the dispatcher's process that drops what is old and what was deleted."""

import threading
import time

import structlog
from sqlalchemy import Engine

from newsmill_shared.errors import SettingsError, TransientError
from newsmill_shared.pages import PageStore
from newsmill_store.adapters.sql_retention import SQLRetention
from newsmill_store.retention import Keep, Purger

__all__ = ["RetentionThread"]

_log = structlog.get_logger()

_STEP_SECONDS = 0.2
_IDLE_SECONDS = 2.0
"""What was deleted leaves the page store so soon."""


class RetentionThread:
    """Drops in small steps, if no other process does, until told to stop.

    Args:
        engine: The database, without a pool.
        page_store_url: Where raw pages lie.
        keep: For how long.
    """

    def __init__(self, engine: Engine, page_store_url: str, keep: Keep) -> None:
        self._rows = SQLRetention(engine)
        self._page_store_url = page_store_url
        self._keep = keep
        self._purger: Purger | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step that is under way."""
        self._stop.set()
        self._thread.join()
        self._rows.let_go()

    def _run(self) -> None:
        complaint = ""
        while not self._stop.is_set():
            seconds = _IDLE_SECONDS
            try:
                if self._tick():
                    seconds = _STEP_SECONDS
                complaint = ""
            except (SettingsError, TransientError) as error:
                self._rows.let_go()
                if str(error) != complaint:
                    _log.warning("nothing is dropped now", cause=str(error))
                    complaint = str(error)
            except Exception:  # noqa: BLE001 - a defect here must not end the thread
                _log.exception("dropping what is old failed")
                self._rows.let_go()
            self._stop.wait(seconds)

    def _tick(self) -> bool:
        # A page store that cannot be opened here must not keep the dispatcher from its work.
        if self._purger is None:
            pages = PageStore.open(self._page_store_url)
            self._purger = Purger(self._keep, self._rows, pages, clock=time.monotonic)
        return self._rows.hold() and self._purger.tick()
