"""Chooses the blocks of a page that are its article."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.extraction.blocks import Blocks
from newsmill_enrich.extraction.choice import Draft
from newsmill_enrich.extraction.dates import Context
from newsmill_enrich.extraction.features import Features, menu_like
from newsmill_enrich.extraction.model import Forest
from newsmill_enrich.extraction.post_rules import apply_rules

__all__ = ["MainText", "read_main_text"]

THRESHOLD = 0.55
"""Of a block's probability; measured out of fold, flat between .4 and .65."""

LONG = 60
"""Characters of a block that stands in a text only once."""


@dataclass(frozen=True, slots=True)
class MainText:
    """The article's blocks, and what speaks for and against them."""

    paragraphs: tuple[str, ...]
    kept: tuple[int, ...]
    """Numbers of the kept blocks."""
    reasons: dict[int, str]
    """Number of a block that a rule dropped -> the rule."""
    teasers: range
    """Numbers of blocks of teasers: no other reading of the page brings them back."""
    probabilities: NDArray[np.float64]
    confidence: float
    """0 to 1: how far from a coin toss the model was, by letters near the article,
    teasers aside."""

    def dropped(self) -> dict[str, int]:
        """How many blocks each rule dropped, the model's own verdicts included."""
        counts = Counter(self.reasons.values())
        counts["model"] = len(self.probabilities) - len(self.kept) - counts.total()
        return dict(counts)


def _confidence(probabilities: NDArray[np.float64], sizes: NDArray[np.float64]) -> float:
    doubtful = np.maximum(probabilities, 0.05) * sizes
    margin = np.abs(probabilities - 0.5) * 2
    total = doubtful.sum()
    return float((margin * doubtful).sum() / total) if total else 0.0


def _once(texts: Sequence[str]) -> tuple[str, ...]:
    seen: set[str] = set()
    found = []
    for text in texts:
        if len(text) > LONG:
            if text in seen:
                continue
            seen.add(text)
        found.append(text)
    return tuple(found)


def read_main_text(
    page: Blocks, features: Features, forest: Forest, title: str, context: Context
) -> MainText:
    """Return the article among a page's blocks, by the model and then by the rules."""
    asked = ~menu_like(features.matrix)
    probabilities = np.zeros(len(page.blocks))
    probabilities[asked] = forest.probabilities(features.matrix[asked])
    draft = Draft(
        page=page,
        kept=(probabilities > THRESHOLD).tolist(),
        title=title,
        context=context,
        link_share=features.link_share.tolist(),
    )
    apply_rules(draft)
    kept = draft.places()
    sizes = np.array([len(block.text) for block in page.blocks], dtype=np.float64)
    sizes[draft.teasers.start : draft.teasers.stop] = 0.0
    return MainText(
        paragraphs=_once([page.blocks[i].text for i in kept]),
        kept=tuple(kept),
        reasons=draft.reasons,
        teasers=draft.teasers,
        probabilities=probabilities,
        confidence=_confidence(probabilities, sizes),
    )
