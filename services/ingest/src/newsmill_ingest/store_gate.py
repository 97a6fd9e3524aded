"""Asks hosts for nothing while what they send could not be kept."""

from datetime import datetime
from typing import Protocol

from newsmill_shared.errors import TransientError
from newsmill_shared.pages import StoredBody

__all__ = ["StoreGate"]


class Store(Protocol):
    """Where bodies are kept; `newsmill_shared.pages.PageStore` is one."""

    def put_raw(self, url_key: str, body: bytes, *, at: datetime) -> StoredBody:
        """Store a page's body; raises TransientError."""

    def probe(self, size: int) -> None:
        """See whether so many bytes can be stored; raises TransientError."""


class StoreGate:
    """A page store that remembers whether it took the last body; used by many threads.

    Args:
        store: The page store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._refused_bytes: int | None = None

    def put_raw(self, url_key: str, body: bytes, *, at: datetime) -> StoredBody:
        """Store a page's body; raises TransientError."""
        try:
            return self._store.put_raw(url_key, body, at=at)
        except TransientError:
            self._refused_bytes = len(body)
            raise

    def check(self) -> None:
        """See, before a host is asked, that a store which refused a body takes as much again.

        Raises:
            TransientError: It does not.
        """
        if self._refused_bytes is not None:
            self._store.probe(self._refused_bytes)
            self._refused_bytes = None
