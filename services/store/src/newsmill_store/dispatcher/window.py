"""How much may be sent: the list before ingest holds seconds of work, not thousands of messages."""

from newsmill_shared.queue.window import Depths

__all__ = ["FetchRate", "room_for_fetches", "room_for_pages"]

_SMOOTHING = 0.3
_MEASURE_SECONDS = 1.0
_FIRST_GUESS = 25.0


class FetchRate:
    """Chains a second, smoothed over the seconds in which there was something to fetch."""

    def __init__(self, now: float) -> None:
        self.per_second = _FIRST_GUESS
        self._since = now
        self._ended = 0

    def count(self, ended: int) -> None:
        """Count chains that ended."""
        self._ended += ended

    def measure(self, now: float, *, waiting: int) -> None:
        """Take stock, about once a second; ``waiting`` messages lie before ingest."""
        elapsed = now - self._since
        if elapsed < _MEASURE_SECONDS:
            return
        if waiting or self._ended:
            self.per_second += (self._ended / elapsed - self.per_second) * _SMOOTHING
        self._since, self._ended = now, 0


def room_for_fetches(
    depths: Depths,
    *,
    rate: FetchRate,
    claim_seconds: float,
    least: int,
    most: int,
    queue_limit: int,
) -> int:
    """Return how many fetches may be sent.

    The list before ingest holds half of ``claim_seconds`` of the measured rate, so that no
    message comes too late; nothing is sent while a later stage is at its limit.
    """
    if depths.enrich >= queue_limit or depths.store >= queue_limit:
        return 0
    wanted = max(least, round(rate.per_second * claim_seconds / 2))
    return max(0, min(most, wanted) - depths.ingest)


def room_for_pages(depths: Depths, *, queue_limit: int) -> int:
    """Return how many pages may be sent to enrich; none while it waits for its index."""
    return (
        0
        if depths.store >= queue_limit or depths.index_waits
        else max(0, queue_limit - depths.enrich)
    )
