"""What the bridge needs of the outside, as protocols; adapters fulfil them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from newsmill_gateway.bridge.batches import Batch
from newsmill_shared.database.accept import Accepted, Order, Submission
from newsmill_shared.errors import NewsmillError

__all__ = ["Ledger", "Source", "UnstorableError", "Waker"]


class UnstorableError(NewsmillError):
    """PostgreSQL refuses the data, and will refuse it again."""


class Source(Protocol):
    """Where items lie. Every method raises `TransientError` while Redis cannot be used."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...

    def take(self) -> Batch | None:
        """Return items that nobody else has now, or None.

        They stay in Redis, and are returned again, until they are settled.
        """
        ...

    def wait(self) -> None:
        """Return when there may be something to take, or after a short while."""
        ...

    def settle(self, batch: Batch, rejected: Mapping[str, Sequence[bytes]]) -> None:
        """Remove a batch and keep the records of its junk, at once and once.

        Args:
            batch: What was taken.
            rejected: By request name, what to put into the list of rejected items.
        """
        ...


class Ledger(Protocol):
    """The ledger, as far as the bridge writes it.

    Every method raises `DatabaseAwayError` when PostgreSQL cannot be used for now.
    """

    def accept(self, orders: Sequence[Order]) -> list[Accepted | None]:
        """Write receipts and jobs in one transaction; None where a key was used otherwise.

        Raises:
            UnstorableError: Some submission cannot be stored; nothing was.
        """
        ...

    def try_out(self, submission: Submission) -> None:
        """See whether a submission could be stored, and store nothing; raises UnstorableError."""
        ...


class Waker(Protocol):
    """Tells the dispatcher that there is new work."""

    def wake(self, hosts: tuple[int, ...]) -> None:
        """Name the hosts; failing costs a few seconds, no more."""
        ...
