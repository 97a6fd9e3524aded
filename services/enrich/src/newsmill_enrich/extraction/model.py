"""The block model: gradient-boosted trees evaluated in numpy, without their training library.

Evaluation follows QuickScorer (Lucchese et al., SIGIR 2015): each split of a tree holds a bit mask
of the leaves that remain possible when its test fails; the leaf reached is the lowest bit left.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import IO

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.extraction.features import VERSION

__all__ = ["LEAVES", "Forest", "load_model", "read_forest"]

LEAVES = 16
"""Of a tree, at most: as many as the mask has bits."""

_ALL = np.uint16(0xFFFF)
_LOWEST_BIT = np.zeros(1 << LEAVES, dtype=np.uint8)
for _bit in reversed(range(LEAVES)):
    _LOWEST_BIT[1 << _bit :: 1 << (_bit + 1)] = _bit

_BATCH = 512
"""Blocks evaluated at once: bounds the memory of a page with very many."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees as arrays of shape (trees, splits); unused splits let everything pass."""

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    mask: NDArray[np.uint16]
    value: NDArray[np.float32]
    """(trees, leaves): what a leaf adds to the log odds."""
    version: int
    """The version of the features that the trees were trained on."""

    def probabilities(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return each row's probability of belonging to the article."""
        parts = [self._score(matrix[i : i + _BATCH]) for i in range(0, len(matrix), _BATCH)]
        odds = np.concatenate(parts) if parts else np.zeros(0)
        chances: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
        return chances

    def _score(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        trees, splits = self.feature.shape
        passes = rows[:, self.feature.ravel()] <= self.threshold.ravel()
        left = self.mask.ravel() | (_ALL * passes)
        possible = np.bitwise_and.reduce(left.reshape(len(rows), trees, splits), axis=2)
        leaf = _LOWEST_BIT[possible]
        values: NDArray[np.float32] = self.value[np.arange(trees), leaf]
        total: NDArray[np.float64] = values.sum(axis=1, dtype=np.float64)
        return total


def read_forest(file: IO[bytes]) -> Forest:
    """Read a model file (``.npz`` without pickled objects).

    Raises:
        ValueError: The file holds no forest of this shape.
    """
    with np.load(file, allow_pickle=False) as arrays:
        forest = Forest(
            feature=arrays["feature"].astype(np.int16),
            threshold=arrays["threshold"].astype(np.float32),
            mask=arrays["mask"].astype(np.uint16),
            value=arrays["value"].astype(np.float32),
            version=int(arrays["version"]),
        )
    if forest.feature.shape != forest.mask.shape or forest.value.shape[1] != LEAVES:
        raise ValueError("the arrays of the model do not fit together")
    return forest


@cache
def load_model() -> tuple[Forest, str]:
    """Return the model that ships with the product, and its name for the evidence.

    Raises:
        ValueError: The file is not the one that its card describes.
    """
    folder = resources.files(__package__)
    data = folder.joinpath("blocks.npz").read_bytes()
    card = json.loads(folder.joinpath("blocks.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(data).hexdigest()
    if digest != card["sha256"]:
        raise ValueError("the block model is not the one that its card describes")
    with folder.joinpath("blocks.npz").open("rb") as file:
        forest = read_forest(file)
    if forest.version != VERSION:
        raise ValueError("the block model was trained on other features than these")
    return forest, f"blocks-{card['version']}+sha256:{digest[:12]}"
