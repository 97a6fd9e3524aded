"""API keys in the ledger: made, rotated, revoked and listed; the one reader and writer of them.

Of a secret only its SHA-256 is kept. A slow hash with a salt protects secrets that people choose;
these are 256 random bits, which nobody finds by trying however fast a digest is, and a fast one
lets each request be looked at without a cost that a stranger could make us pay.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.errors import NewsmillError
from newsmill_shared.key_scopes import KeyScope

__all__ = [
    "KeyActError",
    "KeyRecord",
    "create_key",
    "digest",
    "end_keys",
    "list_keys",
    "new_secret",
    "note_uses",
    "rotate_key",
]

_LIVE_MAX = 2
_ID_BYTES = 4
_SECRET_BYTES = 32
_PREFIX = "nm_"
"""Lets whoever searches for leaked secrets know what he has found."""


class KeyActError(NewsmillError):
    """Cannot be done with this key as it is."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One secret of a name."""

    id: str
    """Names this secret among those of its name; no part of it."""
    name: str
    scopes: tuple[KeyScope, ...]
    digest: bytes
    created_at: datetime
    created_by: str
    ends_at: datetime | None
    """From then on it opens nothing; None = it has no end."""
    used_at: datetime | None
    """When it was last seen, up to a minute late; None = never."""

    def is_live(self, now: datetime) -> bool:
        """Tell whether it opens anything."""
        return self.ends_at is None or now < self.ends_at


_COLUMNS = "id, name, scopes, digest, created_at, created_by, ends_at, used_at"

# Acts are rare and the table is small: one at a time keeps two hands from making three secrets.
_LOCK = text("lock table api_key in share row exclusive mode")

_INSERT = text(f"""
insert into api_key (id, name, scopes, digest, created_by, ends_at)
values (:id, :name, :scopes, :digest, :by, now() + make_interval(secs => :seconds))
returning {_COLUMNS}
""")  # noqa: S608 - names of columns

_LIST = text(f"""
select {_COLUMNS} from api_key order by name, created_at, id
""")  # noqa: S608

_LIVE_OF = text(f"""
select {_COLUMNS} from api_key
where name = :name and (ends_at is null or ends_at > now()) order by created_at desc, id
""")  # noqa: S608

_END = text(f"""
update api_key
set ends_at = least(coalesce(ends_at, 'infinity'), now() + make_interval(secs => :seconds))
where id = any(:ids) returning {_COLUMNS}
""")  # noqa: S608

_USED = text("""
update api_key set used_at = greatest(api_key.used_at, used.at)
from unnest(cast(:ids as text[]), cast(:times as timestamptz[])) used (id, at)
where api_key.id = used.id
""")


def new_secret() -> str:
    """Return a secret of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def create_key(
    connection: Connection,
    name: str,
    scopes: Collection[KeyScope],
    *,
    secret: str,
    by: str,
    seconds: float | None = None,
) -> KeyRecord:
    """Make the first key of a name.

    Args:
        connection: An open transaction.
        name: Whose it is: the submitter of what it hands in, the actor of its acts.
        scopes: What it opens.
        secret: As ``new_secret`` gives it.
        by: Who makes it.
        seconds: It ends after so long; None = when it is revoked.

    Raises:
        KeyActError: The name has a key.
    """
    connection.execute(_LOCK)
    if _live_of(connection, name):
        raise KeyActError(f"{name} has a key: rotate it, or revoke it first")
    return _insert(connection, name, scopes, secret=secret, by=by, seconds=seconds)


def rotate_key(
    connection: Connection,
    name: str,
    *,
    secret: str,
    by: str,
    keep_seconds: float,
) -> tuple[KeyRecord, KeyRecord]:
    """Make a second secret of a name, and give the first an end; return the old and the new.

    The new one opens the same, and lives as long as the old one was meant to when it was made.

    Args:
        connection: An open transaction.
        name: Whose key.
        secret: The new one, as ``new_secret`` gives it.
        by: Who does it.
        keep_seconds: The old one ends after so long, unless it does so earlier by itself.

    Raises:
        KeyActError: The name has no key, or two already.
    """
    connection.execute(_LOCK)
    live = _live_of(connection, name)
    if not live:
        raise KeyActError(f"{name} has no key: create one")
    if len(live) >= _LIVE_MAX:
        ends = f"{live[-1].ends_at:%Y-%m-%d %H:%M}"
        raise KeyActError(
            f"{name} is being rotated: {live[-1].id} lives until {ends} UTC; revoke it first"
        )
    [old] = live
    seconds = (old.ends_at - old.created_at).total_seconds() if old.ends_at else None
    new = _insert(connection, name, old.scopes, secret=secret, by=by, seconds=seconds)
    [ended] = _end(connection, [old.id], keep_seconds)
    return ended, new


def end_keys(connection: Connection, name: str, *, id_: str | None = None) -> list[KeyRecord]:
    """Revoke the secrets of a name, or one of them; return those that have ended by it.

    Args:
        connection: An open transaction.
        name: Whose.
        id_: Which one; None = all.

    Raises:
        KeyActError: No such secret is live.
    """
    connection.execute(_LOCK)
    live = [key.id for key in _live_of(connection, name) if id_ in (None, key.id)]
    if not live:
        what = name if id_ is None else f"{name} {id_}"
        raise KeyActError(f"no key {what} is live")
    return _end(connection, live, 0)


def list_keys(connection: Connection) -> list[KeyRecord]:
    """Return all keys by name, also those that have ended."""
    return [_record(row) for row in connection.execute(_LIST).mappings()]


def note_uses(connection: Connection, uses: Mapping[str, datetime]) -> None:
    """Write down when keys were last seen, by their ids."""
    connection.execute(_USED, {"ids": list(uses), "times": list(uses.values())})


def _live_of(connection: Connection, name: str) -> list[KeyRecord]:
    """Return the live keys of a name, the newest first."""
    return [_record(row) for row in connection.execute(_LIVE_OF, {"name": name}).mappings()]


def _insert(
    connection: Connection,
    name: str,
    scopes: Collection[KeyScope],
    *,
    secret: str,
    by: str,
    seconds: float | None,
) -> KeyRecord:
    row = connection.execute(
        _INSERT,
        {
            "id": secrets.token_hex(_ID_BYTES),
            "name": name,
            "scopes": sorted(scopes),
            "digest": digest(secret),
            "by": by,
            "seconds": seconds,
        },
    )
    return _record(row.mappings().one())


def _end(connection: Connection, ids: list[str], seconds: float) -> list[KeyRecord]:
    rows = connection.execute(_END, {"ids": ids, "seconds": seconds})
    return [_record(row) for row in rows.mappings()]


def _record(row: RowMapping) -> KeyRecord:
    return KeyRecord(
        id=row["id"],
        name=row["name"],
        scopes=tuple(map(KeyScope, row["scopes"])),
        digest=row["digest"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        ends_at=row["ends_at"],
        used_at=row["used_at"],
    )
