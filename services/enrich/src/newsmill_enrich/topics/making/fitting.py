"""Fits the numbers that join a model's parts to labelled articles."""

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.scoring import Join

__all__ = ["fit_join"]

_PULL = 0.02
"""Strength of the pull towards the start, so that few articles change little."""


def fit_join(
    parts: NDArray[np.float64],
    truth: NDArray[np.bool_],
    judged: NDArray[np.float64],
    start: Join,
) -> Join:
    """Return the join under which the labels are most likely.

    Args:
        parts: Model, lexicon and signals (last axis) per article and topic.
        truth: Whether the topic is right.
        judged: How much each article and topic counts; 0 where the labels do not say.
        start: Where to begin, and what to stay near to.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - training libraries are an extra

    origin = _numbers(start)

    def loss(numbers: NDArray[np.float64]) -> float:
        strength = parts @ numbers[:3]
        gap = strength - strength.max(axis=1, keepdims=True)
        score = strength + numbers[3] * gap + numbers[4]
        likelihood = (judged * (np.logaddexp(0, score) - truth * score)).sum() / judged.sum()
        drift = (numbers - origin) / (1 + np.abs(origin))
        return float(likelihood + _PULL * (drift @ drift))

    found = minimize(loss, origin, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-7})
    model, lexicon, signals, gap, bias = (round(float(number), 4) for number in found.x)
    return Join(model, lexicon, signals, gap, bias)


def _numbers(join: Join) -> NDArray[np.float64]:
    return np.array([join.model, join.lexicon, join.signals, join.gap, join.bias])
