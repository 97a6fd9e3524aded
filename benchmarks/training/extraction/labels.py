"""Which blocks of a page belong to its article: from gold texts, or from extractors that agree."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from benchmarks.training.extraction.pages import LearningPage, tokens

__all__ = ["Labels", "assemble", "from_gold", "from_votes"]

Labels = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Label (0 or 1) and weight of each block."""

SILVER_WEIGHT = 0.15
AGREEMENT = 0.8
"""A page counts as silver if this share of its tokens is labelled by agreement."""


def _shingles(words: Sequence[str], size: int = 4) -> set[tuple[str, ...]]:
    if len(words) < size:
        return {tuple(words)} if words else set()
    return set(zip(*(islice(words, i, None) for i in range(size)), strict=False))


def _in_text(page: LearningPage, text: str) -> NDArray[np.float64]:
    """The share of each block that the text holds; short blocks count where lines equal them."""
    whole = tokens(text)
    known = _shingles(whole)
    lines = {tuple(tokens(line)) for line in text.splitlines()}
    pairs = {tuple(whole[i : i + n]) for n in (1, 2, 3) for i in range(len(whole) - n + 1)}
    shares = np.zeros(len(page.blocks))
    for i, words in enumerate(page.tokens):
        if not words:
            continue
        if len(words) >= 4:
            own = _shingles(words)
            shares[i] = len(own & known) / len(own)
        elif tuple(words) in lines:
            shares[i] = 1.0
        elif tuple(words) in pairs:
            shares[i] = 0.4  # may be chance: see below
    # A short block within the text is of the text: words that a link or a break set apart.
    for i in np.flatnonzero(shares == 0.4).tolist():
        around = (*shares[max(0, i - 1) : i], *shares[i + 1 : i + 2])
        shares[i] = 1.0 if len(around) == 2 and min(around) > 0.5 else 0.0
    return shares


def _weights(page: LearningPage) -> NDArray[np.float64]:
    return np.sqrt([len(words) for words in page.tokens]) + 0.05


def _without_copies(page: LearningPage, labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of equal blocks only the one in the best company is of the article."""
    company = np.convolve(labels, np.ones(9), mode="same")
    best: dict[tuple[str, ...], int] = {}
    for i, words in enumerate(page.tokens):
        key = tuple(words)
        if labels[i] and (key not in best or company[i] > company[best[key]]):
            best[key] = i
    kept = set(best.values())
    return np.array([float(i in kept) for i in range(len(labels))])


def from_gold(page: LearningPage, weight: float = 1.0) -> Labels:
    """Labels from the page's gold text."""
    shares = _in_text(page, str(page.gold["text"]))
    labels = _without_copies(page, (shares > 0.5).astype(np.float64))
    return labels, _weights(page) * weight


def from_votes(page: LearningPage, texts: Sequence[str]) -> Labels | None:
    """Labels where all extractors agree and no human snippet objects; None if they rarely do."""
    votes = np.stack([_in_text(page, text) > 0.5 for text in texts]).sum(axis=0)
    labels = (votes == len(texts)).astype(np.float64)
    agreed = (votes == 0) | (votes == len(texts))
    sizes = np.array([len(words) for words in page.tokens], dtype=np.float64)
    touched = votes > 0
    if not labels.any() or (sizes * agreed * touched).sum() < AGREEMENT * (sizes * touched).sum():
        return None
    weights = _weights(page) * SILVER_WEIGHT * agreed
    for name, label in (("with", 1.0), ("without", 0.0)):
        for snippet in page.gold.get(name, ()):  # type: ignore[attr-defined]
            for i, text in enumerate(page.blocks):
                if str(snippet) in text and (label or len(str(snippet)) > 0.3 * len(text)):
                    labels[i] = label
                    weights[i] = _weights(page)[i]
    return _without_copies(page, labels), weights


def assemble(page: LearningPage, kept: NDArray[np.bool_]) -> str:
    """The text that keeping these blocks gives; long blocks count once."""
    lines: dict[str, None] = {}
    for text, keep in zip(page.blocks, kept, strict=True):
        if keep:
            lines.setdefault(text)
    return "\n".join(lines)
