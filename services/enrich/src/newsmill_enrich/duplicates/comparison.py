"""Whether two sketches tell the same story, and by which rule."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.duplicates.fingerprints import LEAST_WORDS_WITHOUT_TITLE
from newsmill_enrich.duplicates.scripts import PROFILES
from newsmill_enrich.duplicates.sketch import BODY_SIZE, FIGURES_SIZE, LEAD_SIZE, Sample, Sketch

__all__ = ["Comparison", "Rule", "Thresholds", "compare"]


class Rule(StrEnum):
    """What decided about two documents: the first three say same story, the others do not."""

    EXACT = "exact"
    CONTAINMENT = "containment"
    EXCERPT = "excerpt"

    SCRIPT = "other_script"
    SHORT = "too_short"
    APART = "too_little_shared"
    FIGURES = "other_figures"
    LEAD = "other_lead"


_SAME = frozenset({Rule.EXACT, Rule.CONTAINMENT, Rule.EXCERPT})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the rules draw their lines; shares are 0-1 of the smaller side."""

    containment: float = 0.60
    """From here on two documents of like size tell the same story."""
    containment_with_support: float = 0.50
    """From here on they do under the same title or with some of the lead in common."""
    containment_with_both: float = 0.40
    """From here on they do with both."""
    uneven_ratio: float = 0.5
    """A document below this share of the other's shingles is an excerpt of it, if related."""
    title: float = 0.60
    title_least: int = 3
    """A title needs so many pieces to speak for anything."""
    lead: float = 0.50
    """An excerpt opens like the whole if so much of its lead is in the other's."""
    lead_in_part: float = 0.20
    figures_short: float = 0.75
    """Share of common figures that must agree in a short text."""
    short_words: int = 120
    figures: float = 0.50
    """The same for a longer text, if it has enough of them."""
    figures_least: int = 3
    figures_of_another_day: float = 0.90
    """The same for texts that were published days apart, if one is as short as forms are."""
    form_words: int = 300
    form_hours: float = 48
    tiny_words: int = 24
    """A shorter text is compared only with documents of its title."""
    least_words: int = 6
    """A shorter text is the same only if it is exactly the same."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome of comparing two sketches, with the figures that led to it."""

    rule: Rule
    similarity: float
    """Estimated share of the smaller document's shingles found in the larger, 0-1."""
    figures: float | None = None
    """Of the numbers that stand in the same words, the share that agrees; None without any."""
    lead: float | None = None
    """Share of the smaller lead found in the larger; None if it made no difference."""
    title: float | None = None
    """The same of the titles."""
    hours_apart: float | None = None
    """Between the times of publication; None if it made no difference."""

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
    if similarity < thresholds.containment_with_both:
        return Comparison(Rule.APART, similarity)
    return _compare_details(a, b, similarity, thresholds)


def _compare_details(a: Sketch, b: Sketch, similarity: float, thresholds: Thresholds) -> Comparison:
    """Decide about documents that may share enough: figures first, then by their sizes."""
    words = min(a.words, b.words)
    if words < thresholds.least_words:
        return Comparison(Rule.SHORT, similarity)
    figures, counted = _figures_in_common(a, b)
    if figures is not None:
        if _are_other_figures(figures, counted, words, thresholds):
            return Comparison(Rule.FIGURES, similarity, figures)
        hours = _hours_apart(a, b)
        if (
            hours > thresholds.form_hours
            and words < thresholds.form_words
            and figures < thresholds.figures_of_another_day
        ):
            return Comparison(Rule.FIGURES, similarity, figures, hours_apart=hours)
    uneven = min(a.shingles, b.shingles) < thresholds.uneven_ratio * max(a.shingles, b.shingles)
    if uneven or words < thresholds.tiny_words:
        return _compare_excerpt(a, b, Comparison(Rule.LEAD, similarity, figures), thresholds)
    if similarity >= thresholds.containment:
        return Comparison(Rule.CONTAINMENT, similarity, figures)
    return _compare_reworked(a, b, Comparison(Rule.APART, similarity, figures), thresholds)


def _compare_reworked(
    a: Sketch, b: Sketch, so_far: Comparison, thresholds: Thresholds
) -> Comparison:
    """Decide about documents of like size that share half: title and lead must support it."""
    lead, title = _lead_in_common(a, b), _title_in_common(a, b, thresholds)
    led, titled = lead >= thresholds.lead_in_part, title >= thresholds.title
    needed = thresholds.containment_with_support
    if led and titled:
        needed = thresholds.containment_with_both
    same = (led or titled) and so_far.similarity >= needed
    rule = Rule.CONTAINMENT if same else Rule.APART
    return replace(so_far, rule=rule, lead=lead, title=title)


def _compare_excerpt(
    a: Sketch, b: Sketch, so_far: Comparison, thresholds: Thresholds
) -> Comparison:
    """Decide about a document much shorter than the other: it is titled or opens like it."""
    title = _title_in_common(a, b, thresholds)
    if title >= thresholds.title:
        return replace(so_far, rule=Rule.EXCERPT, title=title)
    if so_far.similarity < thresholds.containment:
        return replace(so_far, rule=Rule.APART, title=title)
    if min(a.words, b.words) < thresholds.tiny_words:
        return replace(so_far, rule=Rule.SHORT, title=title)
    lead = _lead_in_common(a, b)
    rule = Rule.EXCERPT if lead >= thresholds.lead else Rule.LEAD
    return replace(so_far, rule=rule, lead=lead, title=title)


def _are_other_figures(figures: float, counted: int, words: int, thresholds: Thresholds) -> bool:
    """Whether the numbers alone say that this is another issue of a form."""
    if words < thresholds.short_words:
        return figures < thresholds.figures_short
    return counted >= thresholds.figures_least and figures < thresholds.figures


def _hours_apart(a: Sketch, b: Sketch) -> float:
    """Return the hours between two publications; 0 if one is not known."""
    return abs(a.published - b.published) / 60 if a.published and b.published else 0.0


def _containment(a: Sample, a_size: int, b: Sample, b_size: int, sample_size: int) -> float:
    """Estimate |A and B| / min(|A|, |B|) from the smallest hashes of both sets.

    Only the range that both samples cover counts: below the smaller of their largest hashes.
    """
    if a.level > b.level:
        a, a_size, b, b_size = b, b_size, a, a_size
    x, y = a.codes, b.codes
    if not len(x) or not len(y):
        return 0.0
    # The hashes of the other sample, as far as this one tells them apart.
    y = y >> np.uint16(b.level - a.level) if a.level < b.level else y
    if len(x) == sample_size and a_size > sample_size and x[-1] < y[-1]:
        y = y[: y.searchsorted(x[-1], "right")]
    elif len(y) == sample_size and b_size > sample_size and y[-1] < x[-1]:
        x = x[: x.searchsorted(y[-1], "right")]
    return _share(x, y)


def _share(a: NDArray[np.uint16], b: NDArray[np.uint16]) -> float:
    """Share of the smaller of two sets that lies in the other; 0 if one is empty."""
    x, y = set(a.tolist()), set(b.tolist())
    return len(x & y) / max(1, min(len(x), len(y)))


def _figures_in_common(a: Sketch, b: Sketch) -> tuple[float | None, int]:
    """Return the share that agrees of the numbers in the same words, and how many there are."""
    x, y = a.figures, b.figures
    if a.figures_seen > FIGURES_SIZE:
        y = y[y <= x[-1]]
    if b.figures_seen > FIGURES_SIZE:
        x = x[x <= b.figures[-1]]
    shared = set((x >> 8).tolist()).intersection((y >> 8).tolist())
    if not shared:
        return None, 0
    agreeing = {figure >> 8 for figure in set(x.tolist()).intersection(y.tolist())}
    return len(agreeing) / len(shared), len(shared)


def _title_in_common(a: Sketch, b: Sketch, thresholds: Thresholds) -> float:
    """Return the share of the smaller title in the other; 0 if it is too short to tell."""
    if min(len(a.title), len(b.title)) < thresholds.title_least:
        return 0.0
    return _share(a.title, b.title)


def _lead_in_common(a: Sketch, b: Sketch) -> float:
    return _containment(a.lead, _lead_size(a), b.lead, _lead_size(b), LEAD_SIZE)


def _lead_size(sketch: Sketch) -> int:
    profile = PROFILES[sketch.script]
    return min(round(sketch.words * profile.tokens_per_word), profile.lead)
