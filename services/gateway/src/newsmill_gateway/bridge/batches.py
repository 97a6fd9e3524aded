"""What the bridge takes at once: items as they lay in Redis, and the keys of their receipts."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["MAX_ITEM_BYTES", "SHOWN_BYTES", "Batch", "Door", "Item", "Request", "digest"]

MAX_ITEM_BYTES = 256 * 1024
"""A larger item is junk: the longest URL and the largest options need less, however escaped."""

SHOWN_BYTES = 2048
"""So much of a rejected item is kept, and so much is read of one that is too large."""


class Door(StrEnum):
    """How an item came, which says how it is written."""

    LIST = "list"
    STREAM = "stream"
    CELERY = "celery"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that somebody handed in.

    Args:
        size: In bytes, as it lay in Redis.
        parts: The item of a list; the fields of a stream's entry, name, value, name, value; the
            beginning alone of what is too large.
    """

    size: int
    parts: tuple[bytes, ...]

    @classmethod
    def of(cls, raw: bytes) -> "Item":
        """Return an item of one part."""
        return cls(len(raw), (raw,))

    @property
    def is_too_large(self) -> bool:
        """Whether only its beginning was read."""
        return self.size > MAX_ITEM_BYTES


@dataclass(frozen=True, slots=True)
class Request:
    """Items that get one receipt.

    Args:
        name: What Redis knows them by: the id of the taken list, or of the stream's entry.
        key: The idempotency key of their receipt.
        items: In their order.
    """

    name: str
    key: str
    items: tuple[Item, ...]

    @property
    def sha256(self) -> bytes:
        """Tells whether a later request under the same key is the same request."""
        return digest(self.items)


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that are accepted in one transaction."""

    door: Door
    requests: tuple[Request, ...]


def digest(items: tuple[Item, ...]) -> bytes:
    """Return the sha256 of items: of their sizes and parts, none of which can run into the next."""
    whole = hashlib.sha256()
    for item in items:
        whole.update(b"%d %d\n" % (item.size, len(item.parts)))
        for part in item.parts:
            whole.update(b"%d\n" % len(part))
            whole.update(part)
    return whole.digest()
