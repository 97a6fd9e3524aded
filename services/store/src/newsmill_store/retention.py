"""Drops what is old and what was deleted, in small steps beside the live flow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from newsmill_shared.database.retention import Doomed, Place, Step

__all__ = ["KINDS", "Keep", "Objects", "Purger", "Rows"]

_log = structlog.get_logger()

KINDS = ("pages", "events", "attempts", "receipts", "outcomes")
"""In this order: what refers to others first."""
_OBJECTS_AT_ONCE = 100
_REST_SECONDS = 600.0
"""Between two rounds through what is kept: things become old slowly."""


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many days what is kept; 0 = for good.

    Args:
        pages: Raw pages.
        current_pages: Whether those go, too, that articles show now.
        outcomes: How jobs ended, and receipts.
        attempts: What each attempt did.
        events: What readers of changes read.
    """

    pages: float = 0
    current_pages: bool = False
    outcomes: float = 0
    attempts: float = 0
    events: float = 0

    def days(self, kind: str) -> float:
        """Return for how many days a kind is kept: nothing longer than what it belongs to."""
        match kind:
            case "pages":
                return self.pages
            case "events":
                return self.events
            case "attempts":
                given = [days for days in (self.attempts, self.outcomes) if days]
                return min(given, default=0)
            case _:
                return self.outcomes


class Rows(Protocol):
    """The ledger; every method raises TransientError when it is away."""

    def drop(self, kind: str, *, days: float, current_pages: bool, after: Place) -> Step:
        """Do one step of a kind, in a transaction of its own."""

    def doomed(self, limit: int) -> list[Doomed]:
        """Return objects that rows have let go of."""

    def dropped(self, objects: Sequence[str]) -> None:
        """Note that these are done with."""


class Objects(Protocol):
    """The page store."""

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is deleted already."""


class Purger:
    """Does a bounded step of everything each time it is asked.

    What it does may be done twice, and may end at any point: rows go in one transaction with the
    note of their objects, objects after that, and the note last.

    Args:
        keep: For how long.
        rows: The ledger.
        objects: The page store.
        clock: Monotonic seconds.
    """

    def __init__(
        self, keep: Keep, rows: Rows, objects: Objects, *, clock: Callable[[], float]
    ) -> None:
        self._keep = keep
        self._rows = rows
        self._objects = objects
        self._clock = clock
        self._places: dict[str, Place] = {}
        self._rests_until: dict[str, float] = {}
        self._round: dict[str, int] = {}

    def tick(self) -> bool:
        """Do a step of each kind that is due; return whether there is more to do at once.

        Raises:
            TransientError: The ledger or the page store is away.
        """
        more = False
        for kind in KINDS:
            days = self._keep.days(kind)
            if days and self._clock() >= self._rests_until.get(kind, 0.0):
                more |= self._step(kind, days)
        return self._drop_objects() or more

    def _step(self, kind: str, days: float) -> bool:
        step = self._rows.drop(
            kind,
            days=days,
            current_pages=self._keep.current_pages,
            after=self._places.get(kind),
        )
        self._places[kind] = step.next
        self._round[kind] = self._round.get(kind, 0) + step.dropped
        if not step.more:
            self._rests_until[kind] = self._clock() + _REST_SECONDS
            if dropped := self._round.pop(kind):
                _log.info("what was old is dropped", kind=kind, rows=dropped)
        return step.more

    def _drop_objects(self) -> bool:
        doomed = self._rows.doomed(_OBJECTS_AT_ONCE)
        for one in doomed:
            if not one.wanted:
                self._objects.delete(one.object)
        if doomed:
            self._rows.dropped([one.object for one in doomed])
        return len(doomed) == _OBJECTS_AT_ONCE
