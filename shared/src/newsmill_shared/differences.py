"""What two versions of an article say differently, field by field, in a form to be shown."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

__all__ = ["FIELDS", "Told", "differences"]

_EXCERPT_CHARACTERS = 200
_LED_BY_CHARACTERS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a version says, as far as its readers see it."""

    title: str
    text: str | None
    """None if it lies in the page store."""
    content_hash: str
    """Over title and text, hex."""
    published_at: datetime | None
    modified_at: datetime | None
    authors: tuple[str, ...]
    section_raw: str | None
    site_name: str | None
    canonical_url: str | None
    image: str | None
    language: str
    categories: tuple[str, ...]
    """Their ids, in order."""
    cluster_id: UUID
    duplicate_of: UUID | None


FIELDS = tuple(name for name in Told.__slots__ if name != "content_hash")
"""The fields that can differ. Confidences, scores and evidence are none: they say why."""


def differences(before: Told, after: Told) -> dict[str, JsonValue]:
    """Return by field what was and what is, for those that differ.

    Of a text it is its length in characters and an excerpt from where the two part; of one that
    lies in the page store nothing but that it differs.
    """
    changed: dict[str, JsonValue] = {}
    for name in FIELDS:
        was, now = getattr(before, name), getattr(after, name)
        if name == "text":
            if _texts_differ(before, after):
                changed[name] = _excerpts(before.text, after.text)
        elif was != now:
            changed[name] = [_plain(was), _plain(now)]
    return changed


def _texts_differ(before: Told, after: Told) -> bool:
    if before.text is None or after.text is None:
        return before.content_hash != after.content_hash
    return before.text != after.text


def _excerpts(before: str | None, after: str | None) -> list[JsonValue]:
    start = 0
    if before is not None and after is not None:
        start = max(0, _alike(before, after) - _LED_BY_CHARACTERS)
    return [_excerpt(before, start), _excerpt(after, start)]


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _excerpt(text: str | None, start: int) -> JsonValue:
    if text is None:
        return None
    end = start + _EXCERPT_CHARACTERS
    return {
        "characters": len(text),
        "excerpt": f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}",
    }


def _plain(value: object) -> JsonValue:
    match value:
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case tuple():
            return [str(item) for item in value]
        case None | str():
            return value
        case _:
            raise TypeError(f"no field has a {type(value).__name__}")
