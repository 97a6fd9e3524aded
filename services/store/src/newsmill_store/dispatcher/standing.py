"""Why nothing, or not all that is due, is sent: named in one place, for everybody to read."""

from collections.abc import Sequence

from sqlalchemy import Connection

from newsmill_shared.database.pauses import Pause, Scope
from newsmill_shared.database.standing import Hold, HoldCause, read_holds, write_holds
from newsmill_shared.figures import count, megabytes
from newsmill_shared.queue.window import Depths
from newsmill_store.dispatcher.disks import ShortDisk

__all__ = ["Standing", "holds"]

_BETWEEN_SECONDS = 1.0


def holds(
    *,
    pauses: Sequence[Pause],
    short: Sequence[ShortDisk],
    depths: Depths,
    window: int,
    queue_limit: int,
) -> list[tuple[HoldCause, str]]:
    """Name what keeps work from being sent, each cause once.

    Args:
        pauses: Those of everything or of stages.
        short: Disks with too little room.
        depths: What waits in the lists.
        window: How many more jobs may be under way.
        queue_limit: Messages that may wait for enrich or for store.
    """
    found: list[tuple[HoldCause, str]] = []
    if pauses:
        found.append((HoldCause.PAUSED, "; ".join(map(_pause, pauses))))
    if short:
        left = (f"{disk.folder}: {megabytes(disk.free_bytes)} left" for disk in short)
        found.append((HoldCause.DISK, "; ".join(left)))
    if window <= 0:
        found.append((HoldCause.WINDOW, "as many jobs are under way as there may be"))
    if depths.index_waits:
        found.append((HoldCause.ENRICH, "enrich waits for its index"))
    elif depths.enrich >= queue_limit:
        found.append((HoldCause.ENRICH, f"{count(queue_limit)} or more pages wait for enrich"))
    if depths.store >= queue_limit:
        found.append((HoldCause.STORE, f"{count(queue_limit)} or more results wait for store"))
    return found


def _pause(pause: Pause) -> str:
    name = "everything" if pause.scope is Scope.ALL else pause.value
    return f"{name}, by {pause.by}" + (f": {pause.reason}" if pause.reason else "")


class Standing:
    """Writes what holds work back, when that changes and once a second at most."""

    def __init__(self) -> None:
        self._written: tuple[Hold, ...] | None = None
        self._at = -_BETWEEN_SECONDS

    def say(
        self, connection: Connection, found: Sequence[tuple[HoldCause, str]], *, now: float
    ) -> None:
        """Write it down if it is new.

        Args:
            connection: An open transaction.
            found: Causes and their details.
            now: Monotonic seconds.
        """
        if self._written is None:
            self._written = read_holds(connection)
        same = [(hold.cause, hold.detail) for hold in self._written] == list(found)
        if same or now - self._at < _BETWEEN_SECONDS:
            return
        self._written = write_holds(connection, found, self._written)
        self._at = now
