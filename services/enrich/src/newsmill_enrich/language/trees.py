"""Boosted regression trees for a probability, stored as plain lists."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypedDict

__all__ = ["Tree", "TreeContent", "Trees", "TreesContent"]


class TreeContent(TypedDict):
    """One tree as JSON, a list entry a node, the root first; a leaf has feature -1."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: list[float]


class TreesContent(TypedDict):
    """Trees as JSON: log-odds to start from, and the trees that add to them."""

    start: float
    trees: list[TreeContent]


@dataclass(frozen=True, slots=True)
class Tree:
    """A binary tree: at each node one feature is compared with a threshold."""

    feature: Sequence[int]
    threshold: Sequence[float]
    left: Sequence[int]
    right: Sequence[int]
    value: Sequence[float]

    def of(self, features: Sequence[float]) -> float:
        """The value of the leaf that the features lead to."""
        node = 0
        while (feature := self.feature[node]) >= 0:
            below = features[feature] <= self.threshold[node]
            node = self.left[node] if below else self.right[node]
        return self.value[node]


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum of trees, in log-odds."""

    start: float
    trees: Sequence[Tree]

    @classmethod
    def load(cls, content: TreesContent) -> Self:
        """The trees of a JSON object."""
        return cls(content["start"], [Tree(**tree) for tree in content["trees"]])

    def probability(self, features: Sequence[float]) -> float:
        """Of the event, given the features in the order of training."""
        log_odds = self.start + sum(tree.of(features) for tree in self.trees)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, log_odds))))
