"""What can be asked of keys, and what is answered: the secret is shown once."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Protocol

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from newsmill_gateway.intake import Line
from newsmill_gateway.problems import Code, ProblemError
from newsmill_shared.database.accept import DEFAULT_SUBMITTER
from newsmill_shared.database.keys import KeyActError, KeyRecord, new_secret
from newsmill_shared.key_scopes import KeyScope

__all__ = [
    "KeyAnswer",
    "KeyDesk",
    "KeyName",
    "KeyRegister",
    "KeyRequest",
    "Keys",
    "NewKey",
    "Revocation",
    "Revoked",
    "Rotation",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_RESERVED = frozenset(
    {DEFAULT_SUBMITTER, "list", "stream", "celery", "loopback", "newsmill", "drain"}
)
"""Who hands in or acts without a key of the ledger."""
_YEAR_DAYS = 366


def _name(given: str) -> str:
    if not _NAME.fullmatch(given):
        raise ValueError("a name is 1 to 64 of a-z, 0-9, - and _")
    if given in _RESERVED:
        raise ValueError(f"{given} is taken")
    return given


KeyName = Annotated[str, AfterValidator(_name)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    by: Annotated[Line, Field(min_length=1, max_length=100)] = "loopback"
    """Who wants it, by his own word; a key says it better."""


class KeyRequest(_Asked):
    """A key that is to be made."""

    name: KeyName
    """Whose: the submitter of what it hands in, and the name of who acts with it."""
    scopes: Annotated[frozenset[KeyScope], Field(min_length=1)]
    """What it opens."""
    days: Annotated[float, Field(gt=0, le=10 * _YEAR_DAYS)] | None = None
    """It ends after so many; left out: when it is revoked."""


class Rotation(_Asked):
    """How the secret of a key is replaced."""

    keep_hours: Annotated[float, Field(ge=0, le=_YEAR_DAYS * 24)] = 24
    """So long the old secret is still good."""


class Revocation(_Asked):
    """What is revoked of a key."""

    id: Annotated[str, Field(max_length=32)] | None = None
    """One secret; left out: all of the name."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, use_attribute_docstrings=True)


class KeyAnswer(_Answer):
    """A secret of a key, without the secret."""

    id: str
    name: str
    scopes: tuple[KeyScope, ...]
    created_at: AwareDatetime
    created_by: str
    ends_at: AwareDatetime | None
    """From then on it opens nothing; null: it has no end."""
    used_at: AwareDatetime | None
    """When it was last seen, up to a minute late; null: never."""


class NewKey(KeyAnswer):
    """A key that was just made."""

    secret: str
    """Sent as ``Authorization: Bearer SECRET``; it is shown here and never again."""
    replaces: KeyAnswer | None = None
    """What it replaces, with its new end."""


class Keys(_Answer):
    """All keys by name, also those that have ended."""

    keys: tuple[KeyAnswer, ...]


class Revoked(_Answer):
    """What has ended."""

    revoked: tuple[KeyAnswer, ...]


class KeyRegister(Protocol):
    """Keys in the ledger; every method raises `DatabaseAwayError` when that is away."""

    def list(self) -> Sequence[KeyRecord]:
        """Return all keys."""
        ...

    def create(self, request: KeyRequest, *, secret: str) -> KeyRecord:
        """Make a key, and write down who did; raises KeyActError."""
        ...

    def rotate(self, name: str, rotation: Rotation, *, secret: str) -> tuple[KeyRecord, KeyRecord]:
        """Replace a secret, and write down who did; return old and new; raises KeyActError."""
        ...

    def revoke(self, name: str, revocation: Revocation) -> Sequence[KeyRecord]:
        """End secrets, and write down who did; raises KeyActError."""
        ...


class KeyDesk:
    """Answers whoever administers keys.

    Args:
        register: The ledger's keys.
        changed: Called when keys have changed.
    """

    def __init__(self, register: KeyRegister, *, changed: Callable[[], None]) -> None:
        self._register = register
        self._changed = changed

    def list(self) -> Keys:
        """Return all keys."""
        return Keys(keys=tuple(map(KeyAnswer.model_validate, self._register.list())))

    def create(self, request: KeyRequest) -> NewKey:
        """Make a key; raises ProblemError 409."""
        secret = new_secret()
        with _conflicts():
            key = self._register.create(request, secret=secret)
        self._changed()
        return _new(key, secret)

    def rotate(self, name: str, rotation: Rotation) -> NewKey:
        """Replace the secret of a key; raises ProblemError 409."""
        secret = new_secret()
        with _conflicts():
            old, new = self._register.rotate(name, rotation, secret=secret)
        self._changed()
        return _new(new, secret, replaces=old)

    def revoke(self, name: str, revocation: Revocation) -> Revoked:
        """End secrets of a key; raises ProblemError 409."""
        with _conflicts():
            ended = self._register.revoke(name, revocation)
        self._changed()
        return Revoked(revoked=tuple(map(KeyAnswer.model_validate, ended)))


@contextmanager
def _conflicts() -> Iterator[None]:
    try:
        yield
    except KeyActError as error:
        raise ProblemError(HTTPStatus.CONFLICT, Code.KEY_STATE, str(error)) from error


def _new(key: KeyRecord, secret: str, *, replaces: KeyRecord | None = None) -> NewKey:
    shown = KeyAnswer.model_validate(key).model_dump()
    old = KeyAnswer.model_validate(replaces) if replaces else None
    return NewKey(**shown, secret=secret, replaces=old)
