"""The page store: bodies and long texts, by key, in files or any store that obstore speaks to."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError
from obstore.store import ObjectStore, from_url

from newsmill_shared.errors import NewsmillError, TransientError

__all__ = ["PageMissingError", "PageStore", "StoredBody"]


class PageMissingError(NewsmillError):
    """The page store has no object under this key."""


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Where a body lies and what it is."""

    object: str
    sha256: str
    size: int


class PageStore:
    """Objects are written once, under a temporary name first, and never changed.

    Open it after a fork: its runtime threads do not survive one.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, url: str) -> "PageStore":
        """Open the store at ``url``; a ``file://`` folder is made if absent."""
        options = {"mkdir": True, "automatic_cleanup": False} if url.startswith("file:") else {}
        return cls(from_url(url, **options))  # type: ignore[call-overload]

    def put_raw(self, url_key: str, body: bytes, *, at: datetime) -> StoredBody:
        """Store a page's body; the same body of the same page on a day is one object."""
        digest = hashlib.sha256(body).hexdigest()
        key = f"raw/{at:%Y/%m/%d}/{url_key}-{digest}"
        self._put(key, body)
        return StoredBody(key, digest, len(body))

    def put_text(self, name: str, text: str, *, at: datetime) -> str:
        """Store a long text and return its key."""
        key = f"text/{at:%Y/%m/%d}/{name}"
        self._put(key, text.encode())
        return key

    def get(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            PageMissingError: There is no such object.
            TransientError: The store is away.
        """
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (ObjectNotFoundError, FileNotFoundError) as error:
            raise PageMissingError(f"the page store has no {key}") from error
        except (BaseError, OSError) as error:
            raise TransientError(f"page store: {error}") from error

    def _put(self, key: str, body: bytes) -> None:
        try:
            obstore.put(self._store, key, body)
        except (BaseError, OSError) as error:
            raise TransientError(f"page store: {error}") from error
