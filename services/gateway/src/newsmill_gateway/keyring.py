"""The keys of the ledger as a gateway knows them: a copy that is some seconds old at most."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import anyio.to_thread
import structlog

from newsmill_gateway.scopes import Caller
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.database.keys import KeyRecord, digest
from newsmill_shared.errors import NewsmillError

__all__ = ["AWAY_SECONDS", "FRESH_SECONDS", "USES_SECONDS", "KeyBook", "KeyEndedError", "Keyring"]

FRESH_SECONDS = 2.0
"""A key that is revoked, here or at another gateway, opens nothing after so long."""
AWAY_SECONDS = 600.0
"""While PostgreSQL is away, keys that were known go on for so long. Nobody can revoke one
meanwhile: the revocation would be in PostgreSQL, too."""
USES_SECONDS = 60.0
"""When keys were last seen is written down so often."""

_log = structlog.get_logger()


class KeyEndedError(NewsmillError):
    """This secret was good until it ended, or was revoked."""


class KeyBook(Protocol):
    """Keys in the ledger; both methods raise `DatabaseAwayError` when that is away."""

    def list(self) -> Sequence[KeyRecord]:
        """Return all keys, also those that have ended."""
        ...

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Write down when keys were last seen, by their ids."""
        ...


@dataclass(frozen=True, slots=True)
class _Copy:
    by_digest: Mapping[bytes, KeyRecord]
    by_id: Mapping[str, KeyRecord]
    read_at: float


class Keyring:
    """Tells whose a key is, from a copy; thread-safe.

    Args:
        book: Where keys are.
        clock: Monotonic seconds.
        now: The time.
    """

    def __init__(
        self,
        book: KeyBook,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._book = book
        self._clock = clock
        self._now = now
        self._reading = threading.Lock()
        self._copy: _Copy | None = None
        self._tried_at: float | None = None
        self._uses: dict[str, datetime] = {}
        self._written_at = clock()

    def find(self, secret: str) -> Caller | None:
        """Return who has a secret; None if nobody ever did. Reads no database.

        Raises:
            KeyEndedError: Somebody had it.
            DatabaseAwayError: It has been away for so long that nobody can tell.
        """
        copy = self._known()
        if copy is None:
            raise DatabaseAwayError("PostgreSQL, which has the keys, does not answer")
        key = copy.by_digest.get(digest(secret))
        if key is not None and not key.is_live(self._now()):
            raise KeyEndedError(
                f"the key {key.name} {key.id} ended {key.ends_at:%Y-%m-%d %H:%M} UTC"
            )
        return self._caller(key)

    def holder(self, key_id: str) -> Caller | None:
        """Return who has the secret with an id; None if it has ended, or nobody can tell."""
        copy = self._known()
        return self._caller(copy.by_id.get(key_id)) if copy else None

    def forget(self) -> None:
        """Read the keys anew before the next one is looked at."""
        self._tried_at = None

    async def freshen(self, seconds: float) -> None:
        """Read the keys if the copy is old; while PostgreSQL is away the old one stays.

        One request in two seconds waits for this, and no longer than ``seconds``.
        """
        if not self._is_due():
            return
        try:
            async with asyncio.timeout(seconds):
                await anyio.to_thread.run_sync(self._read, abandon_on_cancel=True)
        except (DatabaseAwayError, TimeoutError) as error:
            _log.warning("keys not read", error=str(error) or "no answer in time")

    async def write_uses(self) -> None:
        """Write down when keys were last seen, if it is time; called when requests are answered."""
        if not self._uses or self._clock() - self._written_at < USES_SECONDS:
            return
        self._written_at, uses, self._uses = self._clock(), self._uses, {}
        try:
            await anyio.to_thread.run_sync(self._book.note_uses, uses, abandon_on_cancel=True)
        except DatabaseAwayError as error:
            _log.info("uses of keys not written", error=str(error))

    def _is_due(self) -> bool:
        tried_at = self._tried_at
        return self._copy is None or tried_at is None or self._clock() - tried_at >= FRESH_SECONDS

    def _read(self) -> None:
        # Who has a copy goes on with it while somebody else reads; who has none waits for that.
        if not self._reading.acquire(blocking=self._copy is None):
            return
        try:
            if not self._is_due():
                return
            self._tried_at = began_at = self._clock()
            keys = self._book.list()
            self._copy = _Copy(
                {key.digest: key for key in keys}, {key.id: key for key in keys}, began_at
            )
        finally:
            self._reading.release()

    def _known(self) -> _Copy | None:
        copy = self._copy
        return copy if copy and self._clock() - copy.read_at < AWAY_SECONDS else None

    def _caller(self, key: KeyRecord | None) -> Caller | None:
        now = self._now()
        if key is None or not key.is_live(now):
            return None
        self._uses[key.id] = now
        return Caller(key.name, frozenset(key.scopes), key_id=key.id)
