"""Measures a model on labelled articles."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.artefact import Model
from newsmill_enrich.topics.scoring import SURE
from newsmill_enrich.topics.taxonomy import BY_ID, TOPICS
from newsmill_enrich.topics.weighing import Story, weigh
from newsmill_shared.errors import NewsmillError

__all__ = ["Labelled", "LabelledError", "Measures", "measure", "read_labelled", "scores_of"]


class LabelledError(NewsmillError):
    """A file of labelled articles cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article and its topics (places in ``TOPICS``), the main one first."""

    story: Story
    topics: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """How a model does.

    Attributes:
        documents: Number of articles.
        best_right: Share whose best topic is one of the labels, 0-1.
        precision: Of the topics that are sure, all articles together.
        recall: Likewise.
        f1: Their harmonic mean.
        calibration_error: Mean distance between the best score and its being right, in ten bins.
    """

    documents: int
    best_right: float
    precision: float
    recall: float
    f1: float
    calibration_error: float


def read_labelled(path: Path) -> tuple[Labelled, ...]:
    """Return the articles of a JSONL file: ``{title, text, lang, labels[, section, signals]}``.

    A label is a Media Topic id (``medtop:15000000``) or a topic's short name (``sport``).

    Raises:
        LabelledError: A line is no such object, or a label no top topic.
    """
    slugs = {topic.slug: place for place, topic in enumerate(TOPICS)}
    known = {**slugs, **BY_ID}
    found = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise LabelledError(f"{path}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            story = Story(
                row.get("title") or "",
                row["text"],
                row.get("lang") or "und",
                row.get("section"),
                {place: tuple(values) for place, values in (row.get("signals") or {}).items()},
            )
            topics = tuple(known[label] for label in row["labels"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LabelledError(f"{path}, line {number}: {error!r}") from error
        found.append(Labelled(story, topics))
    return tuple(found)


def scores_of(model: Model, labelled: Iterable[Labelled]) -> NDArray[np.float64]:
    """Return the model's scores, one row an article, one column a topic."""
    return np.array([model.join.scores(weigh(model, each.story).parts) for each in labelled])


def measure(scores: NDArray[np.float64], labelled: Sequence[Labelled]) -> Measures:
    """Return how scores meet the labels."""
    best = scores.argmax(axis=1)
    right = np.array([place in each.topics for place, each in zip(best, labelled, strict=True)])
    truth = np.zeros(scores.shape, dtype=bool)
    for row, each in enumerate(labelled):
        truth[row, list(each.topics)] = True
    sure = scores >= SURE
    hits = float((sure & truth).sum())
    precision = hits / max(1.0, float(sure.sum()))
    recall = hits / max(1.0, float(truth.sum()))
    return Measures(
        documents=len(labelled),
        best_right=float(right.mean()),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if hits else 0.0,
        calibration_error=_calibration_error(scores.max(axis=1), right),
    )


def _calibration_error(best: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bins = np.minimum(9, (best * 10).astype(int))
    gaps: Mapping[int, float] = {
        each: abs(float((best[bins == each] - right[bins == each]).sum())) for each in range(10)
    }
    return sum(gaps.values()) / len(best)
