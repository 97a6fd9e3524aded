"""Finds the words of the topic lists in a text and adds up what they say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.taxonomy import TOPICS
from newsmill_enrich.topics.words import is_run

__all__ = ["SMOOTHING", "Entry", "Findings", "Lexicon", "ListData", "shares"]

SMOOTHING = 12.0
"""Added to the sum of all weights before shares are taken: a lone word proves little."""

_PHRASE_WORDS = 3
_HEAD = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of a list and the weight with which it speaks for topics (places in ``TOPICS``)."""

    term: str
    stem: bool
    weights: tuple[tuple[int, float], ...]


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
        if (entry := self.words.get(term)) is not None:
            return entry
        for size in range(min(len(term), _HEAD), 1, -1):
            for entry in self.stems.get(term[:size], ()):
                if term.startswith(entry.term):
                    return entry
        return None

    def word(self, token: str) -> Entry | None:
        if (entry := self.whole(token)) is not None:
            return entry
        for prefix in self.leading:
            if token.startswith(prefix) and len(token) - len(prefix) >= _HEAD:
                entry = self.whole(token[len(prefix) :])
                if entry is not None:
                    return entry
        return None


class Lexicon:
    """The topic lists of all languages.

    A text is read with the list of its language, then the international one and those of related
    languages; a text in a language without a list is read with all lists at once.
    """

    def __init__(self, lists: Iterable[ListData]) -> None:
        data = {each.language: each for each in lists}
        own = {language: _indexed(each.entries, each.leading) for language, each in data.items()}
        self._chains = {
            language: tuple(own[name] for name in (language, "und", *each.related) if name in own)
            for language, each in data.items()
        }
        self._everything = (_indexed(_agreed(data.values()), ()),)

    def knows(self, language: str) -> bool:
        """Whether there is a list for the language (a BCP 47 tag; only its first part counts)."""
        return language.partition("-")[0] in self._chains and language != "und"

    def read(self, title: Sequence[str], text: Sequence[str], language: str) -> Findings:
        """Return what the lists find in the title's and the text's tokens.

        A word of the title counts as two; a word said n times counts 1 + ln n times.
        """
        chain: Sequence[_Index] = self._everything
        if self.knows(language):
            chain = self._chains[language.partition("-")[0]]
        counts: dict[int, list[float]] = {}
        entries: dict[int, Entry] = {}
        for tokens, worth in ((title, 2.0), (text, 1.0)):
            for entry in _matches(tokens, chain):
                key = id(entry)
                entries[key] = entry
                counts.setdefault(key, []).append(worth)
        totals = np.zeros(len(TOPICS))
        terms: tuple[dict[str, float], ...] = tuple({} for _ in TOPICS)
        for key, worths in counts.items():
            entry = entries[key]
            times = 1 + log(sum(worths))
            shown = entry.term + "*" if entry.stem else entry.term
            for topic, weight in entry.weights:
                totals[topic] += weight * times
                terms[topic][shown] = terms[topic].get(shown, 0.0) + weight * times
        return Findings(totals, terms)


def _indexed(entries: Iterable[Entry], leading: tuple[str, ...]) -> _Index:
    index = _Index(leading=leading)
    for entry in entries:
        index.add(entry)
    return index


def _agreed(lists: Iterable[ListData]) -> Iterator[Entry]:
    """Yield the words on whose topic all languages that have them agree."""
    found: dict[tuple[str, bool], set[tuple[tuple[int, float], ...]]] = {}
    for each in lists:
        for entry in each.entries:
            found.setdefault((entry.term, entry.stem), set()).add(entry.weights)
    for (term, stem), weights in found.items():
        if len({tuple(topic for topic, _ in each) for each in weights}) == 1:
            yield Entry(term, stem, min(weights))


def _matches(tokens: Sequence[str], chain: Sequence[_Index]) -> Iterator[Entry]:
    """Yield the entries met from left to right, the longest at each place, none overlapping."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if is_run(token):
            yield from _in_run(token, chain)
            at += 1
            continue
        used, entry = _longest(tokens, at, chain)
        if entry is not None:
            yield entry
        at += used


def _longest(tokens: Sequence[str], at: int, chain: Sequence[_Index]) -> tuple[int, Entry | None]:
    for index in chain:
        if tokens[at] in index.heads:
            for size in range(min(_PHRASE_WORDS, len(tokens) - at), 1, -1):
                entry = index.whole(" ".join(tokens[at : at + size]))
                if entry is not None and " " in entry.term:
                    return size, entry
    for index in chain:
        entry = index.word(tokens[at])
        if entry is not None:
            return 1, entry
    return 1, None


def _in_run(run: str, chain: Sequence[_Index]) -> Iterator[Entry]:
    """Yield the entries in a run of a script without spaces, longest first."""
    longest = max(index.longest for index in chain)
    at = 0
    while at < len(run):
        for size in range(min(longest, len(run) - at), 0, -1):
            piece = run[at : at + size]
            entry = next((e for index in chain if (e := index.words.get(piece))), None)
            if entry is not None:
                yield entry
                at += size
                break
        else:
            at += 1
