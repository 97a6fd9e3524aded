"""Checks the topic lists: what a person who edits them wants to be told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from newsmill_enrich.topics.making.lists import Term, TopicList
from newsmill_enrich.topics.taxonomy import TOPICS

__all__ = ["FEWEST_WORDS", "Finding", "check"]

FEWEST_WORDS = 8
"""A language with fewer words for a topic than this hardly ever finds it."""

_MOST_TOPICS = 2
_CORE = ("arts", "economy", "health", "politics", "science", "sport")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a list: an ``error`` makes decisions wrong, a ``note`` is for information."""

    level: Literal["error", "note"]
    language: str
    text: str


def check(lists: Sequence[TopicList]) -> tuple[Finding, ...]:
    """Return what is wrong or noteworthy in the lists, by language.

    Errors: a word or section under more than two topics, a related language without a list, a word
    of one character. Notes: a word or section under two topics (each counts half, the section not
    at all), a word that begins like a stem of another topic, a core topic with few words.
    """
    known = {each.language for each in lists}
    return tuple(
        finding
        for each in lists
        for finding in (
            *_several_topics(each),
            *_unknown_relations(each, known),
            *_short(each),
            *_covered(each),
            *_coverage(each),
        )
    )


def _several_topics(each: TopicList) -> Iterator[Finding]:
    slugs: dict[str, list[str]] = {}
    for topic, terms in each.words.items():
        for term in terms:
            slugs.setdefault(f"word {_shown(term)!r}", []).append(TOPICS[topic].slug)
    for topic, names in each.sections.items():
        for name in names:
            if not name.startswith("="):
                slugs.setdefault(f"section {name!r}", []).append(TOPICS[topic].slug)
    for what, found in slugs.items():
        if len(found) > _MOST_TOPICS:
            yield Finding("error", each.language, f"{what}: {', '.join(found)}")
        elif len(found) > 1:
            yield Finding("note", each.language, f"{what}: {', '.join(found)}")


def _shown(term: Term) -> str:
    return term.text + "*" if term.stem else term.text


def _unknown_relations(each: TopicList, known: Iterable[str]) -> Iterator[Finding]:
    for language in each.related:
        if language not in known:
            yield Finding("error", each.language, f"related to {language}, which has no list")


def _short(each: TopicList) -> Iterator[Finding]:
    for topic, terms in each.words.items():
        for term in terms:
            if len(term.text) < 2:
                yield Finding(
                    "error", each.language, f"{term.text!r} ({TOPICS[topic].slug}): too short"
                )


def _covered(each: TopicList) -> Iterator[Finding]:
    stems = {term.text: topic for topic, terms in each.words.items() for term in terms if term.stem}
    for topic, terms in each.words.items():
        for term in terms:
            for size in range(2, len(term.text)):
                owner = stems.get(term.text[:size])
                if owner is not None and owner != topic:
                    yield Finding(
                        "note",
                        each.language,
                        f"{term.text!r} ({TOPICS[topic].slug}) begins with {term.text[:size]}* "
                        f"({TOPICS[owner].slug})",
                    )


def _coverage(each: TopicList) -> Iterator[Finding]:
    if each.language == "und":
        return
    counts = Counter({TOPICS[topic].slug: len(terms) for topic, terms in each.words.items()})
    poor = [f"{slug} {counts[slug]}" for slug in _CORE if counts[slug] < FEWEST_WORDS]
    if poor:
        yield Finding("note", each.language, f"few words: {', '.join(poor)}")
