"""Keep the duplicate index: rebuild it when it is lost, catch up, forget what is not stored."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog

from newsmill_shared.index.keeper import IndexState, Pending, Progress
from newsmill_shared.index.layout import GENERATION_SECONDS, IndexedDocument, IndexFullError
from newsmill_shared.index.status import IndexStatus

__all__ = ["BATCH", "Index", "Keeper", "Rows"]

_log = structlog.get_logger()

BATCH = 2_000
FIRST = timedelta(hours=48)
"""Enrichment waits until so much is loaded; older documents follow behind it."""
OVERLAP = timedelta(seconds=90)
"""A transaction may commit so long after the time that its rows say."""
SETTLE_AFTER = timedelta(seconds=30)
"""A document is asked after when it was registered so long ago."""
SEQUENCE_GAP = 100_000
"""More than what can have been registered and not be stored when the index was lost."""

AHEAD = timedelta(days=1)
"""So far may the clock of a worker be ahead of the database's."""
_LAST = b"\xff" * 9
"""After every document of its time."""


class Index(Protocol):
    """The index of one sketch version; see ``newsmill_shared.index.keeper.IndexKeeper``."""

    def hold(self) -> bool:
        """Take the lock, or keep it."""

    def still_hold(self, progress: Progress | None = None) -> bool:
        """Keep the lock and write the progress; False if it is lost."""

    def ready(self) -> bool:
        """Return whether the marker is there."""

    def mark_ready(self, *, sequence_floor: int, kept: datetime | None) -> bool:
        """Set the marker; False if the lock is lost."""

    def progress(self) -> Progress | None:
        """Return how far an unfinished rebuild had come."""

    def end_rebuild(self) -> None:
        """Forget the progress."""

    def kept(self) -> datetime:
        """Return the time before which whatever was stored is loaded."""

    def load(self, documents: Sequence[IndexedDocument]) -> int:
        """Put documents back."""

    def pending(self, *, before: datetime, skip: int, limit: int) -> list[Pending]:
        """Return documents that are not known to be stored."""

    def settle(self, settled: Sequence[Pending]) -> None:
        """Note that it is known of these."""

    def forget(self, documents: Sequence[bytes]) -> int:
        """Drop documents."""

    def state(self) -> IndexState:
        """Return its memory and what was dropped."""


class Rows(Protocol):
    """What is stored; every method raises TransientError when PostgreSQL is away."""

    def now(self) -> datetime:
        """Return PostgreSQL's time."""

    def count(self, version: int, *, since: datetime) -> int:
        """Return how many documents were registered since a time."""

    def highest_sequence(self) -> int:
        """Return the highest sequence that is stored."""

    def registered_before(
        self, place: tuple[datetime, bytes], version: int, *, since: datetime, limit: int
    ) -> list[IndexedDocument]:
        """Return documents registered before a place, the newest first."""

    def stored_since(
        self, since: datetime, version: int, *, limit: int
    ) -> tuple[list[IndexedDocument], datetime | None]:
        """Return documents by the time they were stored, and where to go on if there are more."""

    def stored(self, documents: Sequence[bytes]) -> set[bytes]:
        """Return those that are kept."""

    def doomed(self, version: int, *, limit: int) -> list[bytes]:
        """Return documents of deleted pages that the index may still have."""

    def forgotten(self, documents: Sequence[bytes], version: int) -> None:
        """Note that the index has no more of these."""

    def open_jobs(self, job_ids: Sequence[UUID]) -> set[UUID]:
        """Return those that have not ended."""


class Keeper:
    """Keeps the index of one sketch version, if no other process does.

    Everything it does may be done twice, and may end at any point: whoever comes next goes on.

    Args:
        version: Of the sketch.
        index: Its index.
        rows: What is stored.
        weeks: How many generations besides the current one the index looks at.
        say: Called with how the index is, several times during a rebuild.
        stopping: Whether this process is to end.
        batch: Documents between two looks at the lock.
    """

    def __init__(
        self,
        version: int,
        index: Index,
        rows: Rows,
        *,
        weeks: int,
        say: Callable[[IndexStatus], None],
        stopping: Callable[[], bool] = lambda: False,
        batch: int = BATCH,
    ) -> None:
        self._version = version
        self._index = index
        self._rows = rows
        self._window = timedelta(seconds=(weeks + 1) * GENERATION_SECONDS)
        self._say = say
        self._stopping = stopping
        self._batch = batch

    def tick(self) -> bool:
        """Do what is due; return False if another process keeps the index.

        Raises:
            TransientError: The index or PostgreSQL is away.
        """
        if not self._index.hold():
            return False
        ready, progress = self._index.ready(), self._index.progress()
        if not ready or progress is not None:
            self._rebuild(progress, ready=ready)
        else:
            self._catch_up(self._index.kept())
            self._settle()
            self._report(None)
        self._forget_deleted()
        return True

    def _rebuild(self, progress: Progress | None, *, ready: bool) -> None:
        """Load what is stored, the newest first; the marker is set when the last days are there."""
        now = self._rows.now()
        since = now - self._window
        if progress is None:
            total = self._rows.count(self._version, since=since)
            progress = Progress(now, now + AHEAD, _LAST, 0, total)
            _log.warning("the duplicate index has lost its data", stored=total)
        while not self._stopping():
            if not self._index.still_hold(progress):
                _log.warning("another process keeps the index, or it was lost again")
                return
            self._report(progress)
            batch = self._rows.registered_before(
                (progress.registered_at, progress.document),
                self._version,
                since=since,
                limit=self._batch,
            )
            full = not self._loaded(batch)
            done = full or len(batch) < self._batch
            if batch:
                progress = Progress(
                    progress.began,
                    batch[-1].registered_at,
                    batch[-1].document,
                    progress.loaded + len(batch),
                    progress.total,
                )
            if not ready and (done or progress.registered_at < progress.began - FIRST):
                ready = self._open(progress)
                if not ready:
                    return
            if done:
                self._index.end_rebuild()
                self._report(None)
                _log.info("the duplicate index is complete", documents=progress.loaded)
                return

    def _open(self, progress: Progress) -> bool:
        """Let enrichment go on; what was stored meanwhile is loaded first."""
        self._load_stored_since(progress.began - OVERLAP)
        opened = self._index.mark_ready(
            sequence_floor=self._rows.highest_sequence() + SEQUENCE_GAP, kept=progress.began
        )
        if opened:
            _log.info("the duplicate index is ready", documents=progress.loaded)
        return opened

    def _catch_up(self, kept: datetime) -> None:
        """Load what was stored since; nearly all of it is there.

        What was registered before the index was lost, and stored after it was rebuilt, is not;
        nor is what a restart of Redis has lost of its last second.
        """
        now = self._rows.now()
        if self._load_stored_since(kept - OVERLAP):
            self._index.mark_ready(sequence_floor=0, kept=now)

    def _load_stored_since(self, since: datetime) -> bool:
        following: datetime | None = since
        while following is not None and not self._stopping():
            batch, following = self._rows.stored_since(following, self._version, limit=self._batch)
            if not (self._loaded(batch) and self._index.still_hold()):
                return False
        return following is None

    def _loaded(self, batch: Sequence[IndexedDocument]) -> bool:
        """Load documents; return False if the index has no room for them."""
        try:
            self._index.load(batch)
        except IndexFullError:
            _log.warning("the duplicate index is full", setting="maxmemory of its Redis")
            return False
        return True

    def _settle(self) -> None:
        """Forget documents whose job has ended without a version of them."""
        before, skip = self._rows.now() - SETTLE_AFTER, 0
        while old := self._index.pending(before=before, skip=skip, limit=self._batch):
            # Jobs first: one that ends in between has stored its document by then.
            still_open = self._rows.open_jobs([one.job_id for one in old])
            ended = [one for one in old if one.job_id not in still_open]
            stored = self._rows.stored([one.document for one in ended])
            waiting = {one.document for one in old if one.job_id in still_open}
            lost = {one.document for one in ended} - stored - waiting
            if lost:
                self._index.forget(sorted(lost))
                _log.info("documents that were never stored are forgotten", documents=len(lost))
            self._index.settle(ended)
            skip += len(old) - len(ended)
            if len(old) < self._batch or self._stopping():
                return

    def _forget_deleted(self) -> None:
        """Forget documents of deleted pages, once all that was read before is loaded."""
        while not self._stopping():
            doomed = self._rows.doomed(self._version, limit=self._batch)
            if not (doomed and self._index.still_hold()):
                return
            self._index.forget(doomed)
            self._rows.forgotten(doomed, self._version)
            _log.info("documents of deleted pages are forgotten", documents=len(doomed))

    def _report(self, progress: Progress | None) -> None:
        state = self._index.state()
        self._say(
            IndexStatus(
                state="ready" if state.ready else "rebuilding",
                loaded=progress.loaded if progress else 0,
                total=progress.total if progress else 0,
                used_bytes=state.used_bytes,
                most_bytes=state.most_bytes,
                trimmed_at=state.trimmed_at,
                trimmed_documents=state.trimmed_documents,
            )
        )
