"""The fitted part: weights that turn signals into probabilities, and those into confidence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from newsmill_enrich.language.features import (
    CANDIDATE_FEATURES,
    WINNER_FEATURES,
    AnswerTable,
    Typical,
    candidate_features,
    winner_features,
)
from newsmill_enrich.language.resources import DATA
from newsmill_enrich.language.signals import Signals
from newsmill_enrich.language.trees import Trees

__all__ = ["Fusion", "Reliability", "fuse"]


def fuse(
    signals: Signals,
    weights: npt.NDArray[np.float64],
    answers: AnswerTable,
    favours: Mapping[str, float],
) -> dict[str, float]:
    """Probabilities of the signals' candidates: a conditional logit over their features.

    Args:
        signals: of one passage.
        weights: one for each of ``CANDIDATE_FEATURES``.
        answers: what CLD2's answers meant where they were counted.
        favours: log-odds to add for a language.
    """
    if not signals.candidates:
        return {}
    scores = np.asarray(candidate_features(signals, answers)) @ weights
    scores += [favours.get(language, 0.0) for language in signals.candidates]
    odds = np.exp(scores - scores.max())
    return dict(zip(signals.candidates, (odds / odds.sum()).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far a winner can be trusted."""

    known: float
    """Probability that the passage is in the winner or a neighbour it is confused with."""
    confidence: float
    """Probability that the winner is right."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights, counts and trees, as fitted."""

    weights: npt.NDArray[np.float64]
    answers: AnswerTable
    typical: Mapping[str, Typical]
    known: Trees
    right: Trees
    threshold: float
    """Below this probability of being known, a passage's language cannot be told."""

    @classmethod
    def load(cls) -> Self:
        """The fusion of ``fusion.json`` and ``reliability.json``."""
        fusion = json.loads((DATA / "fusion.json").read_text(encoding="utf-8"))
        reliability = json.loads((DATA / "reliability.json").read_text(encoding="utf-8"))
        if reliability["features"] != list(WINNER_FEATURES):
            raise ValueError("reliability.json was fitted on other features than these")
        return cls(
            weights=np.array([fusion["weights"][name] for name in CANDIDATE_FEATURES]),
            answers=fusion["answers"],
            typical={
                language: Typical(*numbers) for language, numbers in fusion["typical"].items()
            },
            known=Trees.load(reliability["known"]),
            right=Trees.load(reliability["right"]),
            threshold=reliability["threshold"],
        )

    def probabilities(self, signals: Signals, favours: Mapping[str, float]) -> dict[str, float]:
        """Probabilities of the signals' candidates."""
        return fuse(signals, self.weights, self.answers, favours)

    def reliability(self, signals: Signals, winner: str, probability: float) -> Reliability:
        """How far the likeliest candidate can be trusted."""
        features = winner_features(signals, winner, probability, self.typical)
        return Reliability(self.known.probability(features), self.right.probability(features))
