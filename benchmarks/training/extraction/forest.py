"""Fits gradient-boosted trees and writes them as the arrays that the product evaluates."""

from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.extraction.features import VERSION
from newsmill_enrich.extraction.model import LEAVES, Forest

__all__ = ["fit", "to_forest"]

TREES = 200
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": LEAVES,
    "learning_rate": 0.06,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "num_threads": 1,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def fit(
    matrix: NDArray[np.float32],
    labels: NDArray[np.float64],
    weights: NDArray[np.float64],
    trees: int = TREES,
) -> Forest:
    """Fit a forest; the same data give the same forest."""
    data = lightgbm.Dataset(matrix, labels, weight=weights)
    return to_forest(lightgbm.train(PARAMETERS, data, trees))


def to_forest(booster: lightgbm.Booster) -> Forest:
    """Rewrite trees as splits with masks of the leaves that remain when a test fails."""
    trees = [info["tree_structure"] for info in booster.dump_model()["tree_info"]]
    shape = (len(trees), LEAVES - 1)
    feature = np.zeros(shape, dtype=np.int16)
    threshold = np.full(shape, np.inf, dtype=np.float32)
    mask = np.full(shape, 0xFFFF, dtype=np.uint16)
    value = np.zeros((len(trees), LEAVES), dtype=np.float32)
    for i, root in enumerate(trees):
        leaves = splits = 0

        def visit(node: dict[str, Any], tree: int = i) -> tuple[int, int]:
            """Number the leaves from left to right; return the range below a node."""
            nonlocal leaves, splits
            if "leaf_value" in node:
                value[tree, leaves] = node["leaf_value"]
                leaves += 1
                return leaves - 1, leaves
            at = splits
            splits += 1
            first, middle = visit(node["left_child"])
            _, last = visit(node["right_child"])
            feature[tree, at] = node["split_feature"]
            threshold[tree, at] = _below(node["threshold"])
            mask[tree, at] = 0xFFFF & ~sum(1 << leaf for leaf in range(first, middle))
            return first, last

        visit(root)
    return Forest(feature, threshold, mask, value, VERSION)


def _below(threshold: float) -> np.float32:
    """The largest 32-bit number that is not above: inputs have 32 bits, thresholds 64."""
    near = np.float32(threshold)
    return near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf))
