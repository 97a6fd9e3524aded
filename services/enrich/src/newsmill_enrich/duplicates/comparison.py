"""Whether two sketches tell the same story, and by which rule."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.duplicates.fingerprints import LEAST_WORDS_WITHOUT_TITLE
from newsmill_enrich.duplicates.scripts import PROFILES
from newsmill_enrich.duplicates.sketch import BODY_SIZE, LEAD_SIZE, NUMBERS_SIZE, Sketch

__all__ = ["Comparison", "Rule", "Thresholds", "compare"]


class Rule(StrEnum):
    """What decided about two documents: the first three say same story, the others do not."""

    EXACT = "exact"
    CONTAINMENT = "containment"
    EXCERPT = "excerpt"

    SCRIPT = "other_script"
    SHORT = "too_short"
    APART = "too_little_shared"
    NUMBERS = "other_numbers"
    LEAD = "other_lead"


_SAME = frozenset({Rule.EXACT, Rule.CONTAINMENT, Rule.EXCERPT})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the rules draw their lines; shares are 0-1 of the smaller side."""

    least_words: int = 12
    containment: float = 0.60
    uneven_ratio: float = 0.5
    """A document below this share of the other's shingles is an excerpt of it, if related."""
    uneven_containment: float = 0.40
    numbers_short: float = 0.70
    numbers_short_words: int = 120
    numbers: float = 0.50
    numbers_least: int = 3
    """So many numbers must be there for their overlap to count in longer texts."""
    lead: float = 0.60
    title: float = 0.80
    title_least: int = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome of comparing two sketches, with the figures that led to it."""

    rule: Rule
    similarity: float
    """Estimated share of the smaller document's shingles found in the larger, 0-1."""
    numbers: float | None = None
    """Share of the smaller set of numbers found in the larger; None if one side has none."""
    lead: float | None = None
    title: float | None = None

    @property
    def same(self) -> bool:
        """Whether the two tell the same story."""
        return self.rule in _SAME


def compare(a: Sketch, b: Sketch, thresholds: Thresholds) -> Comparison:
    """Decide whether two documents tell the same story; the order of the two does not matter."""
    if a.content == b.content and (
        a.words >= LEAST_WORDS_WITHOUT_TITLE or a.title_hash == b.title_hash
    ):
        return Comparison(Rule.EXACT, 1.0)
    if a.script is not b.script:
        return Comparison(Rule.SCRIPT, 0.0)
    similarity = _containment(a.body, a.shingles, b.body, b.shingles, BODY_SIZE)
    if min(a.words, b.words) < thresholds.least_words:
        return Comparison(Rule.SHORT, similarity)
    small, large = (a, b) if a.shingles <= b.shingles else (b, a)
    uneven = small.shingles < thresholds.uneven_ratio * large.shingles
    if similarity < (thresholds.uneven_containment if uneven else thresholds.containment):
        return Comparison(Rule.APART, similarity)
    return _compare_details(small, large, similarity, thresholds, uneven=uneven)


def _compare_details(
    small: Sketch, large: Sketch, similarity: float, thresholds: Thresholds, *, uneven: bool
) -> Comparison:
    """Decide about documents that share enough: by their numbers, and an excerpt by its lead."""
    words = min(small.words, large.words)
    numbers, counted = _numbers_in_common(small, large)
    if numbers is not None and (
        (words < thresholds.numbers_short_words and numbers < thresholds.numbers_short)
        or (counted >= thresholds.numbers_least and numbers < thresholds.numbers)
    ):
        return Comparison(Rule.NUMBERS, similarity, numbers)
    if not uneven:
        return Comparison(Rule.CONTAINMENT, similarity, numbers)
    lead = _containment(small.lead, _lead_size(small), large.lead, _lead_size(large), LEAD_SIZE)
    title = _share(small.title, large.title)
    titled = min(len(small.title), len(large.title)) >= thresholds.title_least
    same = lead >= thresholds.lead or (titled and title >= thresholds.title)
    return Comparison(Rule.EXCERPT if same else Rule.LEAD, similarity, numbers, lead, title)


def _containment(
    a: NDArray[np.uint32], a_size: int, b: NDArray[np.uint32], b_size: int, sample_size: int
) -> float:
    """Estimate |A and B| / min(|A|, |B|) from the smallest hashes of both sets.

    Only the range that both samples cover counts: below the smaller of their largest hashes.
    """
    if not len(a) or not len(b):
        return 0.0
    if len(a) == sample_size and a_size > sample_size and a[-1] < b[-1]:
        b = b[: np.searchsorted(b, a[-1], "right")]
    elif len(b) == sample_size and b_size > sample_size and b[-1] < a[-1]:
        a = a[: np.searchsorted(a, b[-1], "right")]
    return _share(a, b)


def _share(a: NDArray[np.unsignedinteger], b: NDArray[np.unsignedinteger]) -> float:
    """Share of the smaller of two sorted sets that lies in the other; 0 if one is empty."""
    return _in_common(a, b) / max(1, min(len(a), len(b)))


def _in_common(a: NDArray[np.unsignedinteger], b: NDArray[np.unsignedinteger]) -> int:
    return len(np.intersect1d(a, b, assume_unique=True))


def _numbers_in_common(a: Sketch, b: Sketch) -> tuple[float | None, int]:
    """Return the share of the smaller set of numbers in the larger, and how many were counted."""
    x, y = a.numbers, b.numbers
    if not len(x) or not len(y):
        return None, 0
    cut = min(
        x[-1] if a.numbers_seen > NUMBERS_SIZE else 0xFFFF,
        y[-1] if b.numbers_seen > NUMBERS_SIZE else 0xFFFF,
    )
    x, y = x[x <= cut], y[y <= cut]
    counted = min(len(x), len(y))
    return (_in_common(x, y) / counted, counted) if counted else (None, 0)


def _lead_size(sketch: Sketch) -> int:
    profile = PROFILES[sketch.script]
    return min(round(sketch.words * profile.tokens_per_word), profile.lead)
