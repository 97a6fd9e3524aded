"""How much two sketches have in common, part by part."""

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.duplicates.scripts import PROFILES
from newsmill_enrich.duplicates.sketch import (
    BODY_SIZE,
    FIGURES_SIZE,
    LEAD_SIZE,
    TITLE_SIZE,
    Sample,
    Sketch,
)

__all__ = ["body_in_common", "evenness", "figures_in_common", "lead_in_common", "title_in_common"]


def body_in_common(a: Sketch, b: Sketch) -> float:
    """Estimate the share of the smaller document's shingles that are in the larger."""
    return _containment(a.body, a.shingles, b.body, b.shingles, BODY_SIZE)


def lead_in_common(a: Sketch, b: Sketch) -> float:
    """Estimate the share of the smaller lead's shingles that are in the larger."""
    return _containment(a.lead, _lead_size(a), b.lead, _lead_size(b), LEAD_SIZE)


def title_in_common(a: Sketch, b: Sketch) -> float:
    """Estimate the share of the shorter title's pieces that are in the longer."""
    x, y = a.title, b.title
    if TITLE_SIZE in (len(x), len(y)):
        # Samples of long titles: what lies beyond the end of one says nothing.
        end = min(x[-1], y[-1])
        x, y = x[x <= end], y[y <= end]
    return _share(x, y)


def figures_in_common(a: Sketch, b: Sketch) -> tuple[float | None, int]:
    """Return the share that agrees of the numbers in the same words, and how many those are."""
    x, y = a.figures, b.figures
    if not len(x) or not len(y):
        return None, 0
    if a.figures_seen > FIGURES_SIZE:
        y = y[y <= x[-1]]
    if b.figures_seen > FIGURES_SIZE:
        x = x[x <= b.figures[-1]]
    shared = set((x >> 8).tolist()).intersection((y >> 8).tolist())
    if not shared:
        return None, 0
    agreeing = {figure >> 8 for figure in set(x.tolist()).intersection(y.tolist())}
    return len(agreeing) / len(shared), len(shared)


def evenness(a: Sketch, b: Sketch) -> float:
    """Return the length of the shorter document as a share of the longer's."""
    return min(a.shingles, b.shingles) / max(1, a.shingles, b.shingles)


def _containment(a: Sample, a_size: int, b: Sample, b_size: int, sample_size: int) -> float:
    """Estimate |A and B| / min(|A|, |B|) from the smallest hashes of both sets.

    Only the range that both samples cover counts: below the smaller of their largest hashes.
    """
    if a.level > b.level:
        a, a_size, b, b_size = b, b_size, a, a_size
    x, y = a.codes, b.codes
    if not len(x) or not len(y):
        return 0.0
    if a.level < b.level:
        # The hashes of the other sample, as far as this one tells them apart.
        y = np.unique(y >> np.uint16(b.level - a.level))
    if len(x) == sample_size and a_size > sample_size and x[-1] < y[-1]:
        y = y[: y.searchsorted(x[-1], "right")]
    elif len(b.codes) == sample_size and b_size > sample_size and y[-1] < x[-1]:
        x = x[: x.searchsorted(y[-1], "right")]
    return _share(x, y)


def _share(a: NDArray[np.uint16], b: NDArray[np.uint16]) -> float:
    """Share of the smaller of two sets of hashes that is in the other; 0 if one is empty."""
    # Two equal hashes in one set (one sample in fifteen has such) pass for a common one.
    both = np.concatenate((a, b))
    both.sort()
    in_common = np.count_nonzero(both[1:] == both[:-1])
    return min(1.0, in_common / max(1, min(len(a), len(b))))


def _lead_size(sketch: Sketch) -> int:
    profile = PROFILES[sketch.script]
    return min(round(sketch.words * profile.tokens_per_word), profile.lead)
