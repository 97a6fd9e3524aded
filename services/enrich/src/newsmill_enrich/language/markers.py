"""Words and letters that tell neighbouring languages apart, as evidence for and against each."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self, TypedDict

import yaml

from newsmill_enrich.language.resources import DATA

__all__ = ["Hits", "MarkerGroup", "Markers", "WordList", "words_of"]

_WORD = re.compile(r"[^\s\d_.,;:!?\"'’‘()\[\]{}«»“”„…–—/\\|<>=+*&^%$#@~`।॥۔،؛؟¿¡-]+")
_STEM_KEY: Final = 3
_MOST: Final = 4
_MOST_ON_A_LIST: Final = 8


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, vowel signs and other marks included."""
    return _WORD.findall(text.lower())


class WordList:
    """Counts which words of a text are on a list.

    A list has words, stems (``stem*``), endings (``*ending``), parts (``*part*``), pairs
    (``two_words``) and letters.
    """

    def __init__(self, entries: Iterable[str], letters: str = "") -> None:
        entries = list(entries)
        self._words = frozenset(entry for entry in entries if "*" not in entry)
        self._pairs = frozenset(tuple(entry.split("_")) for entry in entries if "_" in entry)
        self._parts = tuple(
            entry[1:-1] for entry in entries if entry.startswith("*") and entry.endswith("*")
        )
        self._endings = tuple(
            entry[1:] for entry in entries if entry.startswith("*") and not entry.endswith("*")
        )
        self._parts_pattern = re.compile("|".join(map(re.escape, self._parts)))
        self._letters = frozenset(letters)
        stems: dict[str, list[str]] = {}
        for entry in entries:
            if entry.endswith("*") and not entry.startswith("*"):
                stems.setdefault(entry[:-1][:_STEM_KEY], []).append(entry[:-1])
        self._stems = {key: tuple(of_key) for key, of_key in stems.items()}

    def hits(self, words: Sequence[str]) -> int:
        """How many of the lower-case words, and pairs of neighbours, are on the list."""
        found = sum(map(self._matches, words))
        if self._pairs:
            found += sum(pair in self._pairs for pair in pairwise(words))
        return found

    def _matches(self, word: str) -> bool:
        if word in self._words or word.startswith(self._stems.get(word[:_STEM_KEY], ())):
            return True
        if self._endings and word.endswith(self._endings) and word not in self._endings:
            return True
        if self._letters and not self._letters.isdisjoint(word):
            return True
        return bool(self._parts) and self._parts_pattern.search(word) is not None


Hits = tuple[tuple[frozenset[str], int], ...]
"""For each list of a group, in order: what it speaks for, and how many hits it has (at most 8)."""


@dataclass(frozen=True, slots=True)
class MarkerGroup:
    """Languages that get confused, and the lists that speak for some of them."""

    languages: tuple[str, ...]
    lists: tuple[tuple[frozenset[str], WordList], ...]

    @property
    def name(self) -> str:
        """The group's languages, joined by hyphens."""
        return "-".join(self.languages)

    def hits(self, words: Sequence[str]) -> Hits:
        """How often the words are on each list."""
        return tuple(
            (speaks_for, min(entries.hits(words), _MOST_ON_A_LIST))
            for speaks_for, entries in self.lists
        )

    def leanings(self, hits: Hits) -> dict[str, float]:
        """How much the hits speak for each language of the group, from -4 to 4."""
        totals = {
            language: sum(count if language in speaks_for else -count for speaks_for, count in hits)
            for language in self.languages
        }
        return {language: float(max(-_MOST, min(_MOST, n))) for language, n in totals.items()}


class _ListContent(TypedDict, total=False):
    words: str
    letters: str


class Markers:
    """All groups of confused languages; stateless."""

    def __init__(self, groups: Iterable[MarkerGroup]) -> None:
        self._groups = tuple(groups)

    @classmethod
    def load(cls) -> Self:
        """The groups of ``markers.yaml``."""
        content = yaml.safe_load((DATA / "markers.yaml").read_text(encoding="utf-8"))
        return cls(
            MarkerGroup(
                tuple(group["group"]),
                tuple((frozenset(entry["for"]), _word_list(entry)) for entry in group["lists"]),
            )
            for group in content
        )

    def at_stake(self, candidates: Collection[str]) -> list[MarkerGroup]:
        """The groups that one of the candidates belongs to."""
        return [
            group
            for group in self._groups
            if any(language in candidates for language in group.languages)
        ]


def _word_list(content: _ListContent) -> WordList:
    return WordList(content.get("words", "").split(), content.get("letters", ""))
