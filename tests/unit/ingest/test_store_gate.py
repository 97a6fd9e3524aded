"""Hosts are asked for nothing while the page store takes nothing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from newsmill_ingest.store_gate import StoreGate
from newsmill_shared.errors import TransientError
from newsmill_shared.pages import StoredBody

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass
class SmallStore:
    """Takes bodies up to its room."""

    room: int
    probes: list[int] = field(default_factory=list)

    def put_raw(self, url_key: str, body: bytes, *, at: datetime) -> StoredBody:
        """Take a body."""
        self._take(len(body))
        return StoredBody(f"raw/{url_key}", "0" * 64, len(body))

    def probe(self, size: int) -> None:
        """Tell whether there is room."""
        self.probes.append(size)
        self._take(size)

    def _take(self, size: int) -> None:
        if size > self.room:
            raise TransientError("no space left")


def test_a_store_that_takes_bodies_is_not_asked() -> None:
    store = SmallStore(room=100)
    gate = StoreGate(store)

    gate.check()
    gate.put_raw("page", b"a body", at=NOON)
    gate.check()

    assert store.probes == []


def test_after_a_refusal_nothing_passes_until_the_store_takes_as_much() -> None:
    store = SmallStore(room=0)
    gate = StoreGate(store)
    with pytest.raises(TransientError):
        gate.put_raw("page", b"a body", at=NOON)

    with pytest.raises(TransientError):
        gate.check()
    store.room = 100
    gate.check()
    gate.check()

    assert store.probes == [6, 6]
