"""A tiny linear model: one weight per word and topic, learned from the lists themselves.

It adds what look-up cannot do: word forms that share their first letters with a listed word.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import log

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.words import features

__all__ = ["Linear", "Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the model sees it.

    Attributes:
        scores: Per topic, in standard deviations from the mean over mixed news.
        words: The features it knows, at the same places as ``values``.
        values: Their shares in the text (a vector of length 1).
    """

    scores: NDArray[np.float64]
    words: tuple[str, ...]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """The model's arrays; rows of ``weights`` are features, columns are topics.

    Attributes:
        rows: The row of each feature.
        weights: Signed bytes; times ``scale`` (per topic) they are the weights.
        rarity: Inverse document frequency of each feature.
        bias: Per topic.
        mean: Per topic, of the raw score over mixed news.
        deviation: Likewise, its standard deviation.
    """

    rows: dict[str, int]
    weights: NDArray[np.int8]
    scale: NDArray[np.float64]
    rarity: NDArray[np.float64]
    bias: NDArray[np.float64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def read(self, tokens: Sequence[str]) -> Reading:
        """Return the topic scores of a text's tokens; without a known word, the bias alone."""
        counts = Counter(chain.from_iterable(map(features, tokens)))
        known = [
            (word, row, n) for word, n in counts.items() if (row := self.rows.get(word)) is not None
        ]
        if not known:
            return Reading((self.bias - self.mean) / self.deviation, (), np.zeros(0))
        rows = [row for _, row, _ in known]
        values = np.array([1 + log(n) for _, _, n in known]) * self.rarity[rows]
        values /= np.sqrt(values @ values)
        raw = (values @ self.weights[rows]) * self.scale + self.bias
        return Reading(
            (raw - self.mean) / self.deviation, tuple(word for word, _, _ in known), values
        )

    def strongest(self, reading: Reading, topic: int, count: int) -> dict[str, float]:
        """Return the features that speak most for a topic, in the unit of its score."""
        rows = [self.rows[word] for word in reading.words]
        parts = (
            reading.values * self.weights[rows, topic] * self.scale[topic] / self.deviation[topic]
        )
        order = np.argsort(-parts, kind="stable")[:count]
        return {reading.words[at]: round(float(parts[at]), 4) for at in order if parts[at] > 0}
