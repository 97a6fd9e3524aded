"""What the dispatcher needs of the carrier."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from newsmill_shared.messages import Message
from newsmill_shared.queue.claims import ClaimKey, Holder
from newsmill_shared.queue.notes import AnyNote
from newsmill_shared.queue.window import Depths
from newsmill_store.dispatcher.judge import Attempt

__all__ = ["Carrier", "Notes"]


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes as they lie in the list."""

    first: bytes
    """The oldest, as it was read."""
    count: int
    """How many were read, junk included."""
    parsed: tuple[AnyNote, ...]
    """Those that could be understood."""


class Carrier(Protocol):
    """Redis as the dispatcher sees it; every method may raise TransientError."""

    def wait_for_note(self, seconds: float) -> None:
        """Return when there is a note, or after ``seconds``."""

    def read_notes(self) -> Notes | None:
        """Return the oldest notes, if any, leaving them where they are."""

    def trim_notes(self, read: Notes) -> None:
        """Remove notes that were read, unless they are not the oldest any more."""

    def depths(self) -> Depths:
        """Return the lengths of the lists, the epoch and Redis' clock."""

    def set_epoch(self, epoch: str) -> None:
        """Name this incarnation of Redis' data."""

    def publish(self, messages: Sequence[Message]) -> None:
        """Send messages to their consumers."""

    def queued(self) -> set[Attempt]:
        """Return every attempt that waits in a list."""

    def holders(self, keys: Sequence[ClaimKey]) -> Mapping[ClaimKey, Holder]:
        """Return who holds these attempts."""

    def alive(self, incarnations: Iterable[str]) -> set[str]:
        """Return those of these processes that live."""
