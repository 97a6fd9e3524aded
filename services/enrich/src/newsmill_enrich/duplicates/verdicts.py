"""From the candidates of a document to its verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from newsmill_enrich.duplicates.comparison import Comparison, Thresholds, compare
from newsmill_enrich.duplicates.fingerprints import Fingerprint
from newsmill_enrich.duplicates.index import Candidate, Registered
from newsmill_enrich.duplicates.sketch import SKETCH_VERSION, Sketch
from newsmill_shared.identity import article_id

if TYPE_CHECKING:
    from pydantic import JsonValue

__all__ = ["Match", "Verdict", "judge"]

MOST_RELATED = 5
ABOUT_AS_NEAR = 0.2
"""Of two matches whose similarity differs by less, the earlier is what a document duplicates."""
MOST_COMPARED = 8
"""How many comparisons the evidence names."""

_DEFAULT = Thresholds()


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier document that tells the same story."""

    article_id: UUID
    document: str
    """16 hex digits."""
    similarity: float
    rule: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a document stands among those seen before."""

    document: str
    """16 hex digits."""
    sequence: int
    duplicate_of: Match | None
    """The earliest of the nearest at other pages."""
    related: tuple[Match, ...]


class _Compared(NamedTuple):
    candidate: Candidate
    comparison: Comparison


def judge(
    fingerprint: Fingerprint,
    registered: Registered,
    *,
    thresholds: Thresholds = _DEFAULT,
) -> "tuple[Verdict, dict[str, JsonValue]]":
    """Compare a document with its candidates.

    Of those at other pages that tell the same story, the earliest of the nearest is what the
    document duplicates; the others are related. Earlier documents of the same page are no
    duplicates: they are earlier contents of it, and are named in the evidence under
    ``same_page``. So is, under ``unread``, a candidate whose sketch has another version.

    Returns:
        The verdict, and the evidence for it as plain JSON.
    """
    candidates = sorted(registered.candidates, key=lambda candidate: candidate.sequence)
    read = [one for one in candidates if one.sketch[:1] == fingerprint.sketch[:1]]
    compared = _compare_all(fingerprint, read, thresholds)
    own_article = article_id(fingerprint.page_key) if compared else None
    elsewhere = [one for one in compared if one.candidate.article_id != own_article]
    same_page = [one for one in compared if one.candidate.article_id == own_article]
    matches = [_match(one) for one in _nearest_first(elsewhere)]
    verdict = Verdict(
        document=fingerprint.document.hex(),
        sequence=registered.sequence,
        duplicate_of=matches[0] if matches else None,
        related=tuple(matches[1 : 1 + MOST_RELATED]),
    )
    evidence: dict[str, JsonValue] = {
        "sketch_version": SKETCH_VERSION,
        "redelivered": registered.redelivered,
        "compared": [_described(compared) for compared in _telling(elsewhere)],
        "same_page": [_described(compared) for compared in same_page[:MOST_COMPARED]],
        "unread": [one.document.hex() for one in candidates if one not in read],
    }
    return verdict, evidence


def _compare_all(
    fingerprint: Fingerprint, candidates: Sequence[Candidate], thresholds: Thresholds
) -> list[_Compared]:
    if not candidates:
        return []
    sketch = Sketch.unpack(fingerprint.sketch)
    return [
        _Compared(candidate, compare(sketch, Sketch.unpack(candidate.sketch), thresholds))
        for candidate in candidates
    ]


def _nearest_first(compared: Sequence[_Compared]) -> list[_Compared]:
    """Return those that tell the same story: the nearest, earliest first, then the others.

    A short text may pass for an excerpt of a story that only opens alike, while it is all in
    another; versions of one story are about equally near.
    """
    same = [one for one in compared if one.comparison.same]
    nearest = max((one.comparison.similarity for one in same), default=0.0) - ABOUT_AS_NEAR
    return sorted(same, key=lambda one: one.comparison.similarity < nearest)


def _match(compared: _Compared) -> Match:
    return Match(
        article_id=compared.candidate.article_id,
        document=compared.candidate.document.hex(),
        similarity=round(compared.comparison.similarity, 4),
        rule=compared.comparison.rule,
    )


def _telling(compared: list[_Compared]) -> list[_Compared]:
    """Those worth naming: what matched first, then what came nearest."""
    return sorted(compared, key=lambda one: (not one.comparison.same, -one.comparison.similarity))[
        :MOST_COMPARED
    ]


def _described(compared: _Compared) -> "dict[str, JsonValue]":
    comparison = compared.comparison
    described: dict[str, JsonValue] = {
        "document": compared.candidate.document.hex(),
        "article_id": str(compared.candidate.article_id),
        "sequence": compared.candidate.sequence,
    }
    for name, value in zip(comparison._fields, comparison, strict=True):
        if value is not None:
            described[name] = round(value, 4) if isinstance(value, float) else str(value)
    return described
