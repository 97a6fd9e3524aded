"""Whether two sketches tell the same story, and by which rule."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple

from newsmill_enrich.duplicates.fingerprints import LEAST_WORDS_WITHOUT_TITLE
from newsmill_enrich.duplicates.overlap import (
    body_in_common,
    evenness,
    figures_in_common,
    lead_in_common,
    title_in_common,
)
from newsmill_enrich.duplicates.sketch import Sketch

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
    TITLE = "other_title"


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
    figures_short: float = 0.77
    """Share of common figures that must agree in a short text."""
    short_words: int = 120
    figures: float = 0.50
    """The same for a longer text, if it has enough of them."""
    figures_least: int = 3
    figures_of_another_day: float = 0.90
    """The same for texts that were published days apart, if one is as short as forms are."""
    form_words: int = 300
    form_hours: float = 48
    form_ratio: float = 0.95
    """Of their lengths, for two short texts without numbers to be of one form."""
    form_title: float = 0.30
    """Such texts are different if so much of the shorter title is in the other, yet not all."""
    tiny_words: int = 24
    """A shorter text is compared only with documents of its title."""
    least_words: int = 6
    """A shorter text is the same only if it is exactly the same."""

    @classmethod
    def of(cls, changed: Mapping[str, float]) -> "Thresholds":
        """Return the thresholds, some of them changed.

        Raises:
            ValueError: There is no threshold of a name, or it cannot have the value.
        """
        tested = asdict(cls())
        for name, value in changed.items():
            if name not in tested:
                raise ValueError(f"{name} is no threshold: {', '.join(tested)}")
            # Those that are shares are below 1.
            if value < 0 or (tested[name] < 1 < value):
                raise ValueError(f"{name} cannot be {value:g}")
        return cls(**{name: type(tested[name])(value) for name, value in changed.items()})


class Comparison(NamedTuple):
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
    words = min(a.words, b.words)
    if a.content == b.content and _says_enough(a, b, thresholds):
        return Comparison(Rule.EXACT, 1.0)
    if a.script is not b.script:
        return Comparison(Rule.SCRIPT, 0.0)
    similarity = body_in_common(a, b)
    if words < thresholds.least_words:
        return Comparison(Rule.SHORT, similarity)
    if similarity < thresholds.containment_with_both:
        return Comparison(Rule.APART, similarity)
    figures, counted = figures_in_common(a, b)
    found = Comparison(Rule.CONTAINMENT, similarity, figures)
    other = figures is not None and _of_another_issue(a, b, found, counted, thresholds)
    return other or _by_size(a, b, found, thresholds)


def _says_enough(a: Sketch, b: Sketch, thresholds: Thresholds) -> bool:
    """Whether equal texts make one story: a notice or nothing at all stands on many pages."""
    if a.words >= LEAST_WORDS_WITHOUT_TITLE:
        return True
    titled = a.title_hash == b.title_hash and len(a.title) >= thresholds.title_least
    return titled and a.words > 0


def _of_another_issue(
    a: Sketch, b: Sketch, found: Comparison, counted: int, thresholds: Thresholds
) -> Comparison | None:
    """Return the outcome if the numbers say that this is a form, filled in anew."""
    words, agreeing = min(a.words, b.words), found.figures or 0.0
    if words < thresholds.short_words:
        needed = thresholds.figures_short
    else:
        needed = thresholds.figures if counted >= thresholds.figures_least else 0.0
    if agreeing < needed:
        return found._replace(rule=Rule.FIGURES)
    hours = abs(a.published - b.published) / 60 if a.published and b.published else 0.0
    if (
        hours > thresholds.form_hours
        and words < thresholds.form_words
        and agreeing < thresholds.figures_of_another_day
    ):
        return found._replace(rule=Rule.FIGURES, hours_apart=hours)
    return None


def _by_size(a: Sketch, b: Sketch, found: Comparison, thresholds: Thresholds) -> Comparison:
    """Decide by what documents of this size must have in common."""
    words, even = min(a.words, b.words), evenness(a, b)
    if even < thresholds.uneven_ratio or words < thresholds.tiny_words:
        return _excerpt(a, b, found, thresholds)
    if found.similarity < thresholds.containment:
        return _reworked(a, b, found, thresholds)
    if found.figures is None and words < thresholds.short_words and even >= thresholds.form_ratio:
        return _wording(a, b, found, thresholds)
    return found


def _excerpt(a: Sketch, b: Sketch, found: Comparison, thresholds: Thresholds) -> Comparison:
    """Decide about a document much shorter than the other: it is titled or opens like it."""
    title = _telling_title(a, b, thresholds)
    if title >= thresholds.title:
        return found._replace(rule=Rule.EXCERPT, title=title)
    if found.similarity < thresholds.containment:
        return found._replace(rule=Rule.APART, title=title)
    if min(a.words, b.words) < thresholds.tiny_words:
        return found._replace(rule=Rule.SHORT, title=title)
    lead = lead_in_common(a, b)
    rule = Rule.EXCERPT if lead >= thresholds.lead else Rule.LEAD
    return found._replace(rule=rule, lead=lead, title=title)


def _reworked(a: Sketch, b: Sketch, found: Comparison, thresholds: Thresholds) -> Comparison:
    """Decide about documents of like size that share half: title and lead must support it."""
    lead, title = lead_in_common(a, b), _telling_title(a, b, thresholds)
    led, titled = lead >= thresholds.lead_in_part, title >= thresholds.title
    needed = thresholds.containment_with_support
    if led and titled:
        needed = thresholds.containment_with_both
    same = (led or titled) and found.similarity >= needed
    rule = Rule.CONTAINMENT if same else Rule.APART
    return found._replace(rule=rule, lead=lead, title=title)


def _wording(a: Sketch, b: Sketch, found: Comparison, thresholds: Thresholds) -> Comparison:
    """Decide about short texts of one length without numbers: a form may have names only.

    Two issues of one have names of their own in the title too; a copy has the same title, a
    longer or a shorter one, or quite another.
    """
    title = _telling_title(a, b, thresholds)
    other = thresholds.form_title <= title < 1
    return found._replace(rule=Rule.TITLE if other else found.rule, title=title)


def _telling_title(a: Sketch, b: Sketch, thresholds: Thresholds) -> float:
    """Return what the titles have in common; 0 if one is too short to speak for anything."""
    if min(len(a.title), len(b.title)) < thresholds.title_least:
        return 0.0
    return title_in_common(a, b)
