"""Maps what a publisher says about an article (section, breadcrumb, tag, ...) to topics.

Half of what publishers say is not a topic: a place, a column, "home", "latest". That is kept as
it is and adds nothing.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.taxonomy import TOPICS
from newsmill_enrich.topics.words import MARKS, fold, is_run

__all__ = ["WEIGHTS", "Exact", "Mapped", "Named", "NamedTopic", "SectionNames", "normalized"]

WEIGHTS: dict[str, float] = {
    "meta_section": 3.0,
    "jsonld_section": 3.0,
    "breadcrumb": 2.5,
    "url_path": 2.5,
    "section": 2.0,
    "category_class": 1.5,
    "article_tag": 0.7,
    "keywords": 0.6,
    "rel_category": 0.5,
}
"""How much each place counts, by how often it named the right topic on pages of 181 publishers.

``section`` is the visible section line, when no machine-readable place says the same.
"""

_LISTS = frozenset({"article_tag", "keywords"})
_MOST_VALUES = 25
_LONGEST_NAME = 5
_SEPARATORS = re.compile(r"[_\-–—/|»›>:·•#+.,]+")
_DROPPED = re.compile(rf"[^\w\s{MARKS}]")


@dataclass(frozen=True, slots=True)
class NamedTopic:
    """A Media Topic of any level; ``top`` is the place of its top topic in ``TOPICS``."""

    id: str
    name: str
    top: int


@dataclass(frozen=True, slots=True)
class Named:
    """What a name maps to: a place in ``TOPICS``, and the Media Topic if it is one's own name."""

    topic: int
    exact: NamedTopic | None = None


@dataclass(frozen=True, slots=True)
class Exact:
    """A Media Topic below the top level that the publisher names, and where."""

    topic: NamedTopic
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Mapped:
    """What the publisher's words say.

    Attributes:
        shares: Per topic, 0 to below 1.
        words: Per topic, ``place: value`` and its weight.
        exact: Media Topics below the top level that a section or keyword names, best first.
        unmapped: Sections that are no topic: places, columns.
    """

    shares: NDArray[np.float64]
    words: tuple[Mapping[str, float], ...]
    exact: tuple[Exact, ...]
    unmapped: tuple[str, ...]


def normalized(name: str) -> str:
    """Return a section name in the form in which names are compared."""
    folded = fold(html.unescape(name)).replace("&", " and ")
    return " ".join(_DROPPED.sub("", _SEPARATORS.sub(" ", folded)).split())


class SectionNames:
    """The names that publishers and the IPTC give to topics."""

    def __init__(self, names: Mapping[str, int], media_topics: Mapping[str, NamedTopic]) -> None:
        self._names = names
        self._media_topics = media_topics

    def find(self, name: str) -> Named | None:
        """Return what a name maps to, or None for a place, a column or anything unknown.

        A whole name counts first; a name of a few words is decided by the words in it that are
        names themselves, if all of them say the same or one topic has most.
        """
        key = normalized(name)
        if not key:
            return None
        exact = self._media_topics.get(key)
        if (topic := self._names.get(key)) is not None:
            return Named(topic, exact if exact and exact.top == topic else None)
        if exact is not None:
            return Named(exact.top, exact)
        topic = self._vote(key)
        return None if topic is None else Named(topic)

    def _vote(self, key: str) -> int | None:
        words = key.split()
        if not 1 < len(words) <= _LONGEST_NAME or is_run(key):
            return None
        votes = [topic for word in words if (topic := self._names.get("=" + word)) is not None]
        if not votes:
            return None
        return max(votes, key=lambda topic: (votes.count(topic), -votes.index(topic)))

    def read(self, section: str | None, signals: Mapping[str, tuple[str, ...]]) -> Mapped:
        """Return what section line and machine-readable places say together."""
        totals = np.zeros(len(TOPICS))
        words: tuple[dict[str, float], ...] = tuple({} for _ in TOPICS)
        exact: dict[NamedTopic, dict[str, float]] = {}
        unmapped: dict[str, None] = {}
        for place, value, weight in _values(section, signals):
            named = self.find(value)
            if named is None:
                if place not in _LISTS:
                    unmapped.setdefault(value)
                continue
            totals[named.topic] += weight
            label = f"{place}: {value}"
            words[named.topic][label] = round(words[named.topic].get(label, 0.0) + weight, 4)
            if named.exact is not None and named.exact.id != TOPICS[named.topic].id:
                exact.setdefault(named.exact, {})[label] = round(weight, 4)
        best_first = sorted(exact.items(), key=lambda item: -sum(item[1].values()))
        return Mapped(
            totals / (float(totals.sum()) + 1),
            words,
            tuple(Exact(topic, signals) for topic, signals in best_first),
            tuple(unmapped),
        )


def _values(
    section: str | None, signals: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, float]]:
    """Yield place, value and weight of everything said; later values of a list count less."""
    said: set[str] = set()
    for place, values in signals.items():
        weight = WEIGHTS.get(place)
        if weight is None:
            continue
        for at, value in enumerate(dict.fromkeys(values[:_MOST_VALUES])):
            said.add(normalized(value))
            yield place, value, weight / (1 + 0.3 * at) if place in _LISTS else weight
    if section is not None and normalized(section) not in said:
        yield "section", section, WEIGHTS["section"]
