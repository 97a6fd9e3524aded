"""Trains a model on the product's lists and an operator's own labelled articles."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.artefact import Contents, Model, made
from newsmill_enrich.topics.making.background import Background
from newsmill_enrich.topics.making.build import Example, MediaTopic, build
from newsmill_enrich.topics.making.fitting import fit_join
from newsmill_enrich.topics.making.lists import TopicList
from newsmill_enrich.topics.making.measures import Labelled, Measures, measure, scores_of
from newsmill_enrich.topics.scoring import Join
from newsmill_enrich.topics.taxonomy import TOPICS
from newsmill_enrich.topics.weighing import read_tokens, weigh

__all__ = ["FEWEST", "Ingredients", "Trained", "train"]

FEWEST = 30
"""Fewer labelled articles than this cannot be split into a part to learn from and one kept out."""

_KEPT_OUT = 0.25
_FOLDS = 2
_WEIGHT = 200.0
"""An article says as much as this many listed words: 150 articles then lift English 74 to 80 %."""

_NOISE = 0.02
"""A figure may fall by this much where the other rises: few articles are kept out."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What every model is made from."""

    lists: Sequence[TopicList]
    topics: Sequence[MediaTopic]
    background: Background
    join: Join


@dataclass(frozen=True, slots=True)
class Trained:
    """A new model, and how it and the installed one do on the articles kept out."""

    contents: Contents
    before: Measures
    after: Measures

    @property
    def worse(self) -> bool:
        """Whether the new model is worse: in sum, or in one figure by more than noise."""
        right = self.after.best_right - self.before.best_right
        sure = self.after.f1 - self.before.f1
        return right + sure < 0 or min(right, sure) < -_NOISE


def train(
    labelled: Sequence[Labelled], installed: Model, made_from: Ingredients, *, seed: int
) -> Trained:
    """Return a model that has learned from three quarters of the articles.

    The numbers that join its parts are fitted on articles that the linear model has not seen, in
    two folds; the last quarter judges.

    Raises:
        ValueError: There are fewer than ``FEWEST`` articles.
    """
    if len(labelled) < FEWEST:
        raise ValueError(f"{len(labelled)} labelled articles: at least {FEWEST} are needed")
    mixed = list(labelled)
    random.Random(seed).shuffle(mixed)
    cut = int(len(mixed) * _KEPT_OUT)
    kept_out, learned = mixed[:cut], mixed[cut:]
    join = _cross_fitted(learned, made_from)
    contents = _built(learned, made_from, join)
    return Trained(
        contents,
        before=measure(scores_of(installed, kept_out), kept_out),
        after=measure(scores_of(made(contents), kept_out), kept_out),
    )


def _built(labelled: Sequence[Labelled], made_from: Ingredients, join: Join) -> Contents:
    examples = []
    for each in labelled:
        title, text = read_tokens(each.story)
        examples.append(Example((*title, *title, *text), frozenset(each.topics), _WEIGHT))
    return build(made_from.lists, made_from.topics, made_from.background, join, examples)


def _cross_fitted(labelled: Sequence[Labelled], made_from: Ingredients) -> Join:
    """Fit the join on parts that models computed for articles they had not seen."""
    parts: list[NDArray[np.float64]] = []
    truth: list[list[bool]] = []
    for fold in range(_FOLDS):
        seen = [each for at, each in enumerate(labelled) if at % _FOLDS != fold]
        model = made(_built(seen, made_from, made_from.join))
        for each in labelled[fold::_FOLDS]:
            weighed = weigh(model, each.story).parts
            parts.append(np.stack([weighed.model, weighed.lexicon, weighed.signals], axis=1))
            truth.append([place in each.topics for place in range(len(TOPICS))])
    judged = np.ones((len(parts), len(TOPICS)))
    return fit_join(np.array(parts), np.array(truth), judged, made_from.join)
