"""Makes the model's contents from the topic lists."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.artefact import Contents
from newsmill_enrich.topics.lexicon import Entry, ListData
from newsmill_enrich.topics.linear import Linear
from newsmill_enrich.topics.making.background import Background
from newsmill_enrich.topics.making.lists import DATA, Term, TopicList
from newsmill_enrich.topics.scoring import Join
from newsmill_enrich.topics.sections import NamedTopic, normalized
from newsmill_enrich.topics.taxonomy import BY_ID, TOPICS
from newsmill_enrich.topics.words import features, fold, tokens

__all__ = ["Example", "MediaTopic", "build", "media_topics"]

_FEATURES = 40_000
"""The model keeps this many features, those that weigh most."""

_CONTEXT = 2
"""A listed word is shown to the linear model among this many neighbours on each side."""


@dataclass(frozen=True, slots=True)
class MediaTopic:
    """A Media Topic of any level.

    Attributes:
        id: Its id.
        title: Its English name.
        top: The place of its top topic in ``TOPICS``.
        depth: 1 for a top topic.
        names: Its names in all languages.
    """

    id: str
    title: str
    top: int
    depth: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """Words and the topics they stand for, which the linear model learns from."""

    words: tuple[str, ...]
    topics: frozenset[int]
    weight: float = 1.0


def media_topics(path: Path = DATA / "mediatopics.json") -> tuple[MediaTopic, ...]:
    """Return all Media Topics, with their place under the top topics."""
    raw = json.loads(path.read_text("utf-8"))["topics"]

    def ancestors(topic: str) -> list[str]:
        line = [topic]
        while (parent := raw[line[-1]]["parent"]) is not None:
            line.append(parent)
        return line

    return tuple(
        MediaTopic(
            topic,
            raw[topic]["names"]["en"],
            BY_ID[line[-1]],
            len(line),
            tuple(raw[topic]["names"].values()),
        )
        for topic in raw
        for line in [ancestors(topic)]
    )


def build(
    lists: Sequence[TopicList],
    topics: Sequence[MediaTopic],
    background: Background,
    join: Join,
    extra: Sequence[Example] = (),
) -> Contents:
    """Return the model that follows from lists, Media Topics and background figures.

    Args:
        lists: The topic lists.
        topics: All Media Topics.
        background: Figures of mixed news.
        join: How the parts become one score.
        extra: Labelled articles that the linear model learns from besides the lists.
    """
    return Contents(
        lists=tuple(_list_data(each, background) for each in lists),
        linear=_linear([*_examples(lists, topics), *extra], background),
        names=_names(lists),
        media_topics=_media_topic_names(topics, frozenset().union(*(e.ignored for e in lists))),
        join=join,
    )


def _list_data(each: TopicList, background: Background) -> ListData:
    topics_of: dict[Term, list[int]] = defaultdict(list)
    for topic, terms in each.words.items():
        for term in terms:
            topics_of[term].append(topic)
    return ListData(
        language=each.language,
        related=each.related,
        leading=each.leading,
        entries=tuple(
            Entry(
                term.text,
                term.stem,
                tuple(
                    (topic, round(background.weight(each.language, term) / len(places), 2))
                    for topic in places
                ),
            )
            for term, places in topics_of.items()
        ),
    )


def _names(lists: Iterable[TopicList]) -> dict[str, int]:
    """Return the section names of all languages that speak for one topic only."""
    topics_of: dict[str, set[int]] = defaultdict(set)
    for each in lists:
        for topic, names in each.sections.items():
            for name in names:
                topics_of[name].add(topic)
    return {name: min(topics) for name, topics in topics_of.items() if len(topics) == 1}


def _media_topic_names(
    topics: Iterable[MediaTopic], ignored: frozenset[str]
) -> dict[str, NamedTopic]:
    """Return the names of Media Topics; of two with one name the higher one has it."""
    found: dict[str, NamedTopic] = {}
    for topic in sorted(topics, key=lambda each: each.depth):
        for name in topic.names:
            key = normalized(name.partition("(")[0])
            if len(key) > 1 and key not in ignored:
                found.setdefault(key, NamedTopic(topic.id, topic.title, topic.top))
    return found


def _examples(lists: Iterable[TopicList], topics: Iterable[MediaTopic]) -> Iterator[Example]:
    """Yield what the lists teach: names, and words among their neighbours."""
    for media_topic in topics:
        for name in media_topic.names:
            yield Example(tuple(tokens(fold(name), 20)), frozenset({media_topic.top}))
    for each in lists:
        for topic, names in each.sections.items():
            for name in names:
                if not name.startswith("="):
                    yield Example(tuple(tokens(name, 20)) * 2, frozenset({topic}))
        for topic, terms in each.words.items():
            for at, term in enumerate(terms):
                near = terms[max(0, at - _CONTEXT) : at + _CONTEXT + 1]
                words = [term.text, term.text, *(other.text for other in near)]
                yield Example(tuple(t for word in words for t in word.split()), frozenset({topic}))


def _linear(examples: Sequence[Example], background: Background) -> Linear:
    """Train one linear support vector machine per topic, and round its weights to bytes."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - training libraries are an extra
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    counted = [Counter(chain.from_iterable(map(features, each.words))) for each in examples]
    frequency = Counter(chain.from_iterable(counted))
    names = sorted(feature for feature, n in frequency.items() if n > 1)
    rows = {feature: row for row, feature in enumerate(names)}
    rarity = np.log((1 + len(counted)) / (1 + np.array([frequency[f] for f in names]))) + 1
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for counts in counted:
        known = [(rows[f], n) for f, n in counts.items() if f in rows]
        vector = np.array([1 + np.log(n) for _, n in known]) * rarity[[row for row, _ in known]]
        columns += [row for row, _ in known]
        values += list(vector / (np.sqrt(vector @ vector) or 1.0))
        ends.append(len(columns))
    matrix = csr_matrix((values, columns, ends), shape=(len(counted), len(names)))
    weight = np.array([each.weight for each in examples])
    weights = np.zeros((len(names), len(TOPICS)))
    bias = np.zeros(len(TOPICS))
    for topic in range(len(TOPICS)):
        target = np.array([topic in each.topics for each in examples])
        if not target.any():
            bias[topic] = -1.0
            continue
        machine = LinearSVC(C=0.3, class_weight="balanced", random_state=0)
        machine.fit(matrix, target, sample_weight=weight)
        weights[:, topic], bias[topic] = machine.coef_[0], machine.intercept_[0]
    kept = np.sort(np.argsort(-np.abs(weights * rarity[:, None]).max(axis=1))[:_FEATURES])
    return _rounded([names[at] for at in kept], weights[kept], rarity[kept], bias, background)


def _rounded(
    names: Sequence[str],
    weights: NDArray[np.float64],
    rarity: NDArray[np.float64],
    bias: NDArray[np.float64],
    background: Background,
) -> Linear:
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127
    mean = np.array(background.mean) if len(background.mean) else np.zeros(len(TOPICS))
    deviation = (
        np.array(background.deviation) if len(background.deviation) else np.ones(len(TOPICS))
    )
    return Linear(
        rows={name: row for row, name in enumerate(names)},
        weights=np.round(weights / scale).astype(np.int8),
        scale=scale,
        rarity=rarity.astype(np.float16).astype(np.float64),
        bias=bias,
        mean=mean,
        deviation=deviation,
    )
