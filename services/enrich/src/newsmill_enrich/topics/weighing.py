"""Weighs an article: reads it with list, model and section names, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from newsmill_enrich.topics.artefact import Model
from newsmill_enrich.topics.lexicon import Findings, shares
from newsmill_enrich.topics.linear import Reading
from newsmill_enrich.topics.scoring import Parts
from newsmill_enrich.topics.sections import Mapped
from newsmill_enrich.topics.words import MAX_CHARACTERS, fold, tokens

__all__ = ["TEXT_WORDS", "TITLE_WORDS", "Story", "Weighed", "read_tokens", "weigh"]

TITLE_WORDS = 40
"""Words of a title that are read; it counts twice."""

TEXT_WORDS = 400
"""Words of a text that are read: further ones made no decision better."""


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of an article.

    Attributes:
        title: Its title.
        text: The extracted article, never the whole page.
        language: BCP 47 tag of its text, ``und`` when unknown.
        section: The section line it shows, as it is; only a topic's name counts.
        signals: What machine-readable places of the page say, by place.
    """

    title: str
    text: str
    language: str = "und"
    section: str | None = None
    signals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What each reader found, and the parts that follow from it."""

    reading: Reading
    findings: Findings
    mapped: Mapped
    parts: Parts


def read_tokens(story: Story) -> tuple[list[str], list[str]]:
    """Return the words of title and text that are read."""
    return (
        tokens(fold(story.title[:MAX_CHARACTERS]), TITLE_WORDS),
        tokens(fold(story.text[:MAX_CHARACTERS]), TEXT_WORDS),
    )


def weigh(model: Model, story: Story) -> Weighed:
    """Return what an article's words and its publisher's words say."""
    title, text = read_tokens(story)
    reading = model.linear.read([*title, *title, *text])
    findings = model.lexicon.read(title, text, story.language)
    mapped = model.names.read(story.section, story.signals)
    return Weighed(
        reading, findings, mapped, Parts(reading.scores, shares(findings.totals), mapped.shares)
    )
