"""The page store: bodies and long texts, by key, in files or any store that obstore speaks to."""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError
from obstore.store import ObjectStore, from_url

from newsmill_shared.errors import NewsmillError, SettingsError, TransientError

__all__ = ["PageMissingError", "PageStore", "StoredBody"]

_FOLDER = {"mkdir": True, "automatic_cleanup": False}
# A worker holds its message while it waits: a bucket that stays away is the ledger's matter.
_CLIENT = {"connect_timeout": "2s", "timeout": "4s"}
_RETRY = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=5),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=1),
        "base": 2,
    },
}


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
        """Open the store at ``url``; a ``file://`` folder is made if absent.

        A bucket (``s3://bucket/prefix``, ``gs://``, ``az://``) takes its credentials, region and
        endpoint from the variables of its vendor: ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
        ``AWS_REGION``, ``AWS_ENDPOINT_URL``, and ``AWS_ALLOW_HTTP`` for one without TLS.

        Raises:
            SettingsError: No store can be at such a URL.
        """
        options = _FOLDER if url.startswith("file:") else _bucket_options()
        try:
            return cls(from_url(url, **options))
        except (BaseError, ValueError) as error:
            raise SettingsError(f"NEWSMILL_PAGE_STORE_URL {url!r}: {_brief(error)}") from error

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
            raise TransientError(f"page store: {_brief(error)}") from error

    def _put(self, key: str, body: bytes) -> None:
        try:
            obstore.put(self._store, key, body)
        except (BaseError, OSError) as error:
            raise TransientError(f"page store: {_brief(error)}") from error


def _bucket_options() -> dict[str, object]:
    # Options of the client hide the one that would be taken from the environment.
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")
    return {"client_options": {**_CLIENT, "allow_http": plain}, "retry_config": _RETRY}


def _brief(error: Exception) -> str:
    """Leave out what obstore prints for its own debugging."""
    return str(error).partition("\n")[0]
