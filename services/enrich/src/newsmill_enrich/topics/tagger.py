"""Names the topics of an article, and stores what each decision rests on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from newsmill_enrich.topics.artefact import load
from newsmill_enrich.topics.evidence import ground, why
from newsmill_enrich.topics.lexicon import list_of
from newsmill_enrich.topics.operator import read_operator
from newsmill_enrich.topics.scoring import POSSIBLE, SURE
from newsmill_enrich.topics.settings import TopicsSettings
from newsmill_enrich.topics.taxonomy import TOPICS
from newsmill_enrich.topics.weighing import Story, Weighed, weigh
from newsmill_shared.messages import Category

__all__ = ["Tagged", "Tagger"]

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Tagged:
    """An article's categories, best first (none: unclassified), and the evidence for them."""

    categories: tuple[Category, ...]
    evidence: dict[str, JsonValue]


class Tagger:
    """Tags articles with IPTC Media Topics.

    Loads its data once; make it before forking. It keeps no state between articles.

    The environment may name another model (``NEWSMILL_TOPICS_MODEL``, a file that ``newsmill tags
    train`` wrote) and the operator's file (``NEWSMILL_TOPICS_RULES``).

    Raises:
        ModelFileError: The model file is missing or damaged.
        SettingsError: The operator's file cannot be read.
    """

    def __init__(self, settings: TopicsSettings | None = None) -> None:
        settings = settings or TopicsSettings()
        self._model = load(settings.topics_model)
        self._operator = (
            None if settings.topics_rules is None else read_operator(settings.topics_rules)
        )

    def categorize(
        self,
        title: str,
        text: str,
        *,
        language: str,
        section_raw: str | None,
        signals: Mapping[str, tuple[str, ...]],
        url: str | None = None,
    ) -> Tagged:
        """Return the categories of an article.

        Args:
            title: Its title.
            text: The extracted article, never the whole page.
            language: BCP 47 tag of its text, ``und`` when unknown.
            section_raw: The section line it shows, as it is; only a topic's name counts.
            signals: What machine-readable places of the page say, by place.
            url: Where it was found, for the operator's rules.
        """
        story = Story(title, text, language, section_raw, signals)
        weighed = weigh(self._model, story)
        found = self._found(weighed)
        sure = tuple(category for category in found if category.score >= SURE)
        sure += _named(weighed, sure)
        evidence: dict[str, JsonValue] = {
            "model": self._model.id,
            "list": list_of(language) if self._model.lexicon.knows(language) else "all",
            "found_weight": round(float(weighed.findings.totals.sum()), 2),
        }
        if self._operator is not None:
            ruling = self._operator.rule(story, sure, url)
            sure = ruling.categories
            evidence["rules"] = list(ruling.rules)
        if not sure:
            evidence["unclassified"] = ground(weighed)
        if possible := [each for each in found if each.score < SURE]:
            evidence["possible"] = [each.model_dump(mode="json") for each in possible]
        if weighed.mapped.unmapped:
            evidence["unmapped"] = list(weighed.mapped.unmapped)
        return Tagged(sure, evidence)

    def scores(self, story: Story) -> dict[str, float]:
        """Return the score of every top topic, best first, sure or not."""
        scores = self._model.join.scores(weigh(self._model, story).parts)
        return {TOPICS[at].id: float(scores[at]) for at in np.argsort(-scores, kind="stable")}

    def _found(self, weighed: Weighed) -> list[Category]:
        """Return sure and possible categories, best first."""
        scores = self._model.join.scores(weighed.parts)
        gaps = self._model.join.gaps(weighed.parts)
        return [
            Category(
                id=TOPICS[at].id,
                name=TOPICS[at].name,
                score=round(float(scores[at]), 4),
                why=why(self._model, weighed, at, float(gaps[at])),
            )
            for at in np.argsort(-scores, kind="stable")
            if scores[at] >= POSSIBLE
        ]


def _named(weighed: Weighed, sure: tuple[Category, ...]) -> tuple[Category, ...]:
    """Return topics below the top level that the publisher names, under a topic that is sure."""
    above = {category.id: category.score for category in sure}
    return tuple(
        Category(
            id=exact.topic.id,
            name=exact.topic.name,
            score=above[TOPICS[exact.topic.top].id],
            why={"signals": dict(exact.signals)},
        )
        for exact in weighed.mapped.exact
        if TOPICS[exact.topic.top].id in above
    )[:_MOST_NAMED]
