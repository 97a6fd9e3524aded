"""The thread of the store worker that keeps the duplicate index."""

import threading

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine

from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.errors import TransientError
from newsmill_shared.index.keeper import IndexKeeper, wanted_versions
from newsmill_shared.index.status import IndexStatus, write_status
from newsmill_store.adapters.sql_fingerprints import SQLFingerprints
from newsmill_store.keeping import Keeper

__all__ = ["IndexThread"]

_log = structlog.get_logger()

_PAUSE_SECONDS = 1.0


class IndexThread:
    """Keeps every index that enrich has asked for, until told to stop.

    Args:
        index: A client of the index.
        broker: A client of the broker, where the index' state is said.
        engine: The database.
        weeks: How many weeks back the index looks.
        holder: Names this process among those that could keep the index.
    """

    def __init__(
        self, index: "Redis", broker: "Redis", engine: Engine, *, weeks: int, holder: str
    ) -> None:
        self._index = index
        self._broker = broker
        self._rows = SQLFingerprints(engine)
        self._weeks = weeks
        self._holder = holder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index", daemon=True)
        self._keepers: dict[int, tuple[IndexKeeper, Keeper]] = {}

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and let another process keep the index."""
        self._stop.set()
        self._thread.join()
        try:
            for index, _ in self._keepers.values():
                index.release()
        except TransientError as error:
            _log.warning("the index is not let go, its lock runs out", cause=str(error))

    def tick(self) -> None:
        """Do what is due for every version; raises TransientError."""
        # What was wanted once is kept on when the wish is lost with the data.
        for version in sorted({*wanted_versions(self._index), *self._keepers}):
            if version not in self._keepers:
                self._keepers[version] = self._keeper(version)
            self._keepers[version][1].tick()

    def _run(self) -> None:
        complaint = ""
        while not self._stop.is_set():
            try:
                self.tick()
                complaint = ""
            except DatabaseAwayError as error:
                _log.info("the duplicate index is not kept now", cause=str(error))
            except TransientError as error:
                if str(error) != complaint:
                    _log.warning("the duplicate index is not kept now", cause=str(error))
                    complaint = str(error)
                self._say(IndexStatus(state="away", detail=str(error)))
            except Exception:  # noqa: BLE001 - a defect must not leave the index without keeper
                _log.exception("keeping the duplicate index failed")
            self._stop.wait(_PAUSE_SECONDS)

    def _keeper(self, version: int) -> tuple[IndexKeeper, Keeper]:
        index = IndexKeeper(
            self._index,
            sketch_version=version,
            generations_back=self._weeks,
            holder=self._holder,
        )
        keeper = Keeper(
            version,
            index,
            self._rows,
            weeks=self._weeks,
            say=self._say,
            stopping=self._stop.is_set,
        )
        return index, keeper

    def _say(self, status: IndexStatus) -> None:
        try:
            write_status(self._broker, status)
        except (RedisError, OSError) as error:
            _log.info("the state of the index is not said", error=str(error))
