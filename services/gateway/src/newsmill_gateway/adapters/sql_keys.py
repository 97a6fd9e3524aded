"""Keys in PostgreSQL, as gateways read them and as operators make them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Engine

from newsmill_gateway.keys import KeyRequest, Revocation, Rotation
from newsmill_shared.database.audit import record
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.keys import (
    KeyRecord,
    create_key,
    end_keys,
    list_keys,
    note_uses,
    rotate_key,
)

__all__ = ["SQLKeys"]

_HOUR = 3600.0
_DAY = 24 * _HOUR


class SQLKeys:
    """Reads and changes keys; each change is in the audit.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Write down when keys were last seen, by their ids."""
        with transaction(self._engine) as connection:
            note_uses(connection, uses)

    def list(self) -> Sequence[KeyRecord]:
        """Return all keys."""
        with reading(self._engine) as snapshot:
            return list_keys(snapshot)

    def create(self, request: KeyRequest, *, secret: str) -> KeyRecord:
        """Make a key, and write down who did."""
        seconds = None if request.days is None else request.days * _DAY
        with transaction(self._engine) as connection:
            key = create_key(
                connection,
                request.name,
                request.scopes,
                secret=secret,
                by=request.by,
                seconds=seconds,
            )
            scopes: list[JsonValue] = [str(scope) for scope in key.scopes]
            detail: dict[str, JsonValue] = {
                "id": key.id,
                "scopes": scopes,
                "ends_at": _time(key.ends_at),
            }
            record(connection, "key.create", key.name, by=request.by, detail=detail)
            return key

    def rotate(self, name: str, rotation: Rotation, *, secret: str) -> tuple[KeyRecord, KeyRecord]:
        """Replace a secret, and write down who did; return the old and the new."""
        with transaction(self._engine) as connection:
            old, new = rotate_key(
                connection,
                name,
                secret=secret,
                by=rotation.by,
                keep_seconds=rotation.keep_hours * _HOUR,
            )
            detail = {"id": new.id, "old": old.id, "old_ends_at": _time(old.ends_at)}
            record(connection, "key.rotate", name, by=rotation.by, detail=detail)
            return old, new

    def revoke(self, name: str, revocation: Revocation) -> Sequence[KeyRecord]:
        """End secrets, and write down who did."""
        with transaction(self._engine) as connection:
            ended = end_keys(connection, name, id_=revocation.id)
            ids: list[JsonValue] = [key.id for key in ended]
            detail: dict[str, JsonValue] = {"ids": ids, "count": len(ids)}
            record(connection, "key.revoke", name, by=revocation.by, detail=detail)
            return ended


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
