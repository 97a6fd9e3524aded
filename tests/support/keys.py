"""Keys of a ledger that is in memory, and away when a test says so."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import httpx

from newsmill_gateway.keys import KeyRequest, Revocation, Rotation
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.database.keys import KeyActError, KeyRecord, digest
from newsmill_shared.key_scopes import KeyScope

__all__ = ["FakeKeyBook", "FakeKeyRegister", "a_key", "made_key"]


def a_key(
    secret: str,
    name: str = "desk",
    scopes: Sequence[KeyScope] = (KeyScope.ENQUEUE, KeyScope.READ),
    *,
    ends_at: datetime | None = None,
) -> KeyRecord:
    """Return a key."""
    return KeyRecord(
        id=secrets.token_hex(4),
        name=name,
        scopes=tuple(scopes),
        digest=digest(secret),
        created_at=datetime(2025, 6, 17, tzinfo=UTC),
        created_by="operator",
        ends_at=ends_at,
        used_at=None,
    )


class FakeKeyBook:
    """Has keys, counts how often it is read, and remembers uses."""

    def __init__(self, *keys: KeyRecord) -> None:
        self.keys = list(keys)
        self.reads = 0
        self.is_away = False
        self.uses: list[dict[str, datetime]] = []

    def list(self) -> Sequence[KeyRecord]:
        """Return the keys."""
        self.reads += 1
        if self.is_away:
            raise DatabaseAwayError("away")
        return tuple(self.keys)

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Remember uses."""
        if self.is_away:
            raise DatabaseAwayError("away")
        self.uses.append(dict(uses))


class FakeKeyRegister:
    """A ledger without keys."""

    def list(self) -> Sequence[KeyRecord]:
        """Return none."""
        return ()

    def create(self, request: KeyRequest, *, secret: str) -> KeyRecord:
        """Make a key."""
        return a_key(secret, request.name, sorted(request.scopes))

    def rotate(self, name: str, rotation: Rotation, *, secret: str) -> tuple[KeyRecord, KeyRecord]:
        """Refuse: there is none."""
        raise KeyActError(f"{name} has no key")

    def revoke(self, name: str, revocation: Revocation) -> Sequence[KeyRecord]:
        """Refuse: there is none."""
        raise KeyActError(f"{name} has no key")


def made_key(api: httpx.Client, first: str, name: str, *scopes: str) -> str:
    """Make a key at a gateway that runs, by its first key, and return the secret."""
    answer = api.post(
        "/v1/keys",
        json={"name": name, "scopes": scopes or ("enqueue", "read")},
        headers={"Authorization": f"Bearer {first}"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])
