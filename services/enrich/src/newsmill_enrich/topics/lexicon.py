"""Finds the words of the topic lists in a text and adds up what they say."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.taxonomy import TOPICS
from newsmill_enrich.topics.words import is_run

__all__ = ["SMOOTHING", "Entry", "Findings", "Lexicon", "ListData", "list_of", "shares"]

SMOOTHING = 12.0
"""Added to the sum of all weights before shares are taken: a lone word proves little."""

_PHRASE_WORDS = 3
_HEAD = 3
_TITLE_COUNTS = 2
_INTERNATIONAL = "und"
_REMEMBERED = 8192
_LENT = {"en"}
"""Lists that lend to languages of other families: there only their whole words count."""

_SAME_LIST = {
    "nb": "no",
    "nn": "no",
    "bs": "hr",
    "sh": "sr",
    "cnr": "sr",
    "iw": "he",
    "in": "id",
    "cmn": "zh",
    "yue": "zh",
    "wuu": "zh",
    "prs": "fa",
    "gaz": "om",
    "arz": "ar",
    "arb": "ar",
    "azj": "az",
    "uzn": "uz",
    "swh": "sw",
    "pes": "fa",
}
_LONG_CODES = {
    "amh": "am",
    "hau": "ha",
    "ibo": "ig",
    "lug": "lg",
    "lin": "ln",
    "orm": "om",
    "run": "rn",
    "kin": "rw",
    "sna": "sn",
    "som": "so",
    "swa": "sw",
    "tir": "ti",
    "xho": "xh",
    "yor": "yo",
    "zul": "zu",
    "kir": "ky",
    "kaz": "kk",
    "uzb": "uz",
}


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A word of a list and the weight with which it speaks for topics (places in ``TOPICS``)."""

    term: str
    stem: bool
    weights: tuple[tuple[int, float], ...]

    @property
    def shown(self) -> str:
        """The word as it is written in the lists, a stem with its star."""
        return self.term + "*" if self.stem else self.term


@dataclass(frozen=True, slots=True)
class ListData:
    """One language's list as the model file holds it.

    Attributes:
        language: The BCP 47 tag of the list; ``und`` is the international one.
        related: Lists to ask for words that this one lacks.
        leading: What may be written together with, and before, a word (articles, prefixes).
        entries: The words.
    """

    language: str
    related: tuple[str, ...]
    leading: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the lists found: the weight per topic, and per topic the terms behind it."""

    totals: NDArray[np.float64]
    terms: tuple[Mapping[str, float], ...]


def shares(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each topic's share of all weight found, 0 to below 1."""
    return totals / (float(totals.sum()) + SMOOTHING)


@dataclass(slots=True)
class _Index:
    """A list ready for look-up: by whole word or phrase, and by the first letters of a stem."""

    words: dict[str, Entry] = field(default_factory=dict)
    stems: dict[str, list[Entry]] = field(default_factory=dict)
    heads: set[str] = field(default_factory=set)
    longest: int = 1
    leading: tuple[str, ...] = ()

    def add(self, entry: Entry) -> None:
        term = entry.term
        if entry.stem and not is_run(term):
            bucket = self.stems.setdefault(term[:_HEAD], [])
            bucket.append(entry)
            bucket.sort(key=lambda known: -len(known.term))
        else:
            self.words.setdefault(term, entry)
        head, blank, _ = term.partition(" ")
        if blank:
            self.heads.add(head)
        elif is_run(term):
            self.longest = max(self.longest, len(term))

    def whole(self, term: str) -> Entry | None:
        """Return the entry for a word or phrase as it stands."""
        if (entry := self.words.get(term)) is not None:
            return entry
        for size in range(min(len(term), _HEAD), 1, -1):
            for entry in self.stems.get(term[:size], ()):
                if term.startswith(entry.term):
                    return entry
        return None

    def word(self, token: str) -> Entry | None:
        """Return the entry for one word, if need be without what is written before it."""
        if (entry := self.whole(token)) is not None:
            return entry
        for prefix in self.leading:
            if token.startswith(prefix) and len(token) - len(prefix) >= _HEAD:
                entry = self.whole(token[len(prefix) :])
                if entry is not None:
                    return entry
        return None


class _Chain:
    """The lists that are asked for a text, in this order; the first that knows a word decides."""

    def __init__(self, indexes: Sequence[_Index]) -> None:
        self._indexes = indexes
        self._longest = max(index.longest for index in indexes)
        self._heads = frozenset().union(*(index.heads for index in indexes))
        self.word = lru_cache(_REMEMBERED)(self._word)

    def _word(self, token: str) -> Entry | None:
        return next((entry for index in self._indexes if (entry := index.word(token))), None)

    def matches(self, tokens: Sequence[str]) -> Iterator[Entry]:
        """Yield the entries from left to right, the longest at each place, none overlapping."""
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if is_run(token):
                yield from self._in_run(token)
                at += 1
                continue
            words, entry = self._phrase(tokens, at) if token in self._heads else (1, None)
            entry = entry or self.word(token)
            if entry is not None:
                yield entry
            at += words

    def _phrase(self, tokens: Sequence[str], at: int) -> tuple[int, Entry | None]:
        for index in self._indexes:
            if tokens[at] in index.heads:
                for size in range(min(_PHRASE_WORDS, len(tokens) - at), 1, -1):
                    entry = index.whole(" ".join(tokens[at : at + size]))
                    if entry is not None and " " in entry.term:
                        return size, entry
        return 1, None

    def _in_run(self, run: str) -> Iterator[Entry]:
        """Yield the entries in a run of a script without spaces."""
        at = 0
        while at < len(run):
            for size in range(min(self._longest, len(run) - at), 1, -1):
                piece = run[at : at + size]
                entry = next((e for index in self._indexes if (e := index.words.get(piece))), None)
                if entry is not None:
                    yield entry
                    at += size
                    break
            else:
                at += 1


class Lexicon:
    """The topic lists of all languages.

    A text is read with the list of its language, then the international one and those of related
    languages; a text in a language without a list is read with all lists at once.
    """

    def __init__(self, lists: Iterable[ListData]) -> None:
        data = {each.language: each for each in lists}
        own = {language: _indexed(each.entries, each.leading) for language, each in data.items()}
        lent = {
            **own,
            **{name: _indexed(map(_whole, data[name].entries), ()) for name in _LENT & own.keys()},
        }
        self._chains = {
            language: _Chain(
                [
                    own[language],
                    *(lent[name] for name in (_INTERNATIONAL, *each.related) if name in lent),
                ]
            )
            for language, each in data.items()
        }
        self._everything = _Chain([_indexed(_agreed(data.values()), ())])

    def knows(self, language: str) -> bool:
        """Whether there is a list for the language (a BCP 47 tag; only its first part counts)."""
        return list_of(language) in self._chains and language != _INTERNATIONAL

    def read(self, title: Sequence[str], text: Sequence[str], language: str) -> Findings:
        """Return what the lists find in the title's and the text's tokens.

        A word of the title counts as two; a word said n times counts 1 + ln n times.
        """
        chain = self._everything
        if self.knows(language):
            chain = self._chains[list_of(language)]
        counts: Counter[Entry] = Counter()
        for entry in chain.matches(title):
            counts[entry] += _TITLE_COUNTS
        counts.update(chain.matches(text))
        totals = np.zeros(len(TOPICS))
        terms: tuple[dict[str, float], ...] = tuple({} for _ in TOPICS)
        for entry, count in counts.items():
            times = 1 + log(count)
            for topic, weight in entry.weights:
                totals[topic] += weight * times
                terms[topic][entry.shown] = terms[topic].get(entry.shown, 0.0) + weight * times
        return Findings(totals, terms)


def _whole(entry: Entry) -> Entry:
    return Entry(entry.term, False, entry.weights)


def list_of(language: str) -> str:
    """Return which list serves a BCP 47 tag: its first part, or a language that reads alike."""
    primary = language.partition("-")[0].lower()
    return _SAME_LIST.get(primary) or _LONG_CODES.get(primary) or primary


def _indexed(entries: Iterable[Entry], leading: tuple[str, ...]) -> _Index:
    index = _Index(leading=leading)
    for entry in entries:
        index.add(entry)
    return index


def _agreed(lists: Iterable[ListData]) -> Iterator[Entry]:
    """Yield the words on whose topics all languages that have them agree."""
    found: dict[tuple[str, bool], list[Entry]] = {}
    for each in lists:
        for entry in each.entries:
            found.setdefault((entry.term, entry.stem), []).append(entry)
    for entries in found.values():
        if len({tuple(topic for topic, _ in entry.weights) for entry in entries}) == 1:
            yield min(entries, key=lambda entry: entry.weights)
