"""The page store: bodies and long texts, by key, in files or any store that obstore speaks to."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError
from obstore.store import ObjectStore, from_url

from newsmill_shared.diagnosis.snapshot import PageStoreRoom
from newsmill_shared.errors import NewsmillError, SettingsError, TransientError
from newsmill_shared.identity import new_id

__all__ = ["PageMissingError", "PageStore", "StoredBody", "room"]

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

    def probe(self, size: int) -> None:
        """See whether so many bytes can be stored, and leave nothing; raises TransientError."""
        key = f"probe/{new_id()}"
        self._put(key, bytes(size))
        self.delete(key)

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

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is deleted already.

        Raises:
            TransientError: The store is away.
        """
        try:
            obstore.delete(self._store, key)
        except (ObjectNotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise TransientError(f"page store: {_brief(error)}") from error

    def check(self) -> None:
        """See whether the store answers; raises TransientError."""
        try:
            next(iter(obstore.list(self._store, "raw/", chunk_size=1)), None)
        except (BaseError, OSError) as error:
            raise TransientError(f"page store: {_brief(error)}") from error

    def copy_to(self, target: "PageStore") -> Iterator[bool]:
        """Copy each object that ``target`` lacks; yield for each whether it was copied.

        An object that is removed meanwhile is left out.

        Raises:
            TransientError: One of the stores is away.
        """
        try:
            for batch in obstore.list(self._store):
                for found in batch:
                    yield self._copy(found["path"], found["size"], target)
        except (BaseError, OSError) as error:
            raise TransientError(f"page store: {_brief(error)}") from error

    def _copy(self, key: str, size: int, target: "PageStore") -> bool:
        try:
            if obstore.head(target._store, key)["size"] == size:  # noqa: SLF001 - one of us
                return False
        except (ObjectNotFoundError, FileNotFoundError):
            pass
        try:
            body = self.get(key)
        except PageMissingError:
            return False
        target._put(key, body)  # noqa: SLF001
        return True

    def _put(self, key: str, body: bytes) -> None:
        try:
            obstore.put(self._store, key, body)
        except (BaseError, OSError) as error:
            raise TransientError(f"page store: {_brief(error)}") from error


def room(url: str) -> PageStoreRoom:
    """Return how much room the store at ``url`` has left, without writing to it.

    Raises:
        TransientError: It cannot be used.
        SettingsError: No store can be at such a URL.
    """
    if not url.startswith("file:"):
        PageStore.open(url).check()
        return PageStoreRoom()
    folder = unquote(urlsplit(url).path)
    try:
        found = os.statvfs(folder)
    except OSError as error:
        raise TransientError(str(error)) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise TransientError(f"{folder} may not be read and written")
    return PageStoreRoom(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def _bucket_options() -> dict[str, object]:
    # Options of the client hide the one that would be taken from the environment.
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")
    return {"client_options": {**_CLIENT, "allow_http": plain}, "retry_config": _RETRY}


def _brief(error: Exception) -> str:
    """Leave out what obstore prints for its own debugging."""
    return str(error).partition("\n")[0]
