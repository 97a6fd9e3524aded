"""Joins the three parts into one probability per topic, and computes it again from evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

__all__ = ["POSSIBLE", "SURE", "Join", "Parts"]

SURE = 0.5
"""A topic at or above this is a category."""

POSSIBLE = 0.35
"""A topic from here to ``SURE`` is kept as evidence, not as a category."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What speaks for each topic, one array element per topic.

    Attributes:
        model: The linear model's score, in standard deviations.
        lexicon: The topic's share of the list words found, 0-1.
        signals: Its share of what the publisher says, 0-1.
    """

    model: NDArray[np.float64]
    lexicon: NDArray[np.float64]
    signals: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Join:
    """The logistic that makes one score of the parts; the card says what its numbers rest on."""

    model: float
    lexicon: float
    signals: float
    gap: float
    bias: float

    def gaps(self, parts: Parts) -> NDArray[np.float64]:
        """Return how far each topic stays behind the best one (0 or less)."""
        strength = (
            self.model * parts.model + self.lexicon * parts.lexicon + self.signals * parts.signals
        )
        return strength - float(strength.max())

    def scores(self, parts: Parts) -> NDArray[np.float64]:
        """Return the probability of each topic, 0-1."""
        return 1 / (
            1
            + np.exp(
                -(
                    self.model * parts.model
                    + self.lexicon * parts.lexicon
                    + self.signals * parts.signals
                    + self.gap * self.gaps(parts)
                    + self.bias
                )
            )
        )

    def score(self, parts: Mapping[str, float]) -> float:
        """Return one topic's probability from its stored ``parts`` (model, lexicon, ...)."""
        return 1 / (
            1
            + exp(
                -(
                    self.model * parts["model"]
                    + self.lexicon * parts["lexicon"]
                    + self.signals * parts["signals"]
                    + self.gap * parts["gap"]
                    + self.bias
                )
            )
        )
