"""The passages that two texts share, as places in both."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["HAN", "SOUTHEAST", "Passage", "shared_passages"]

SOUTHEAST = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))
HAN = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x31FFF))
"""Code point ranges (inclusive) written without spaces: every character is a token of its own."""

_LEAST_TOKENS = {SOUTHEAST: 30, HAN: 12}
_LEAST_WORDS = 8
_HEAD_CHARACTERS = 1500
_HEAD_SHARE = 0.3
_MOST_PLACES = 16
"""A run that stands in more places of a text is followed from these alone."""

_APART = ""
"""Stands for what separates tokens."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Where both texts say the same: half-open ranges of characters."""

    start_a: int
    end_a: int
    start_b: int
    end_b: int


@dataclass(frozen=True, slots=True)
class _Token:
    folded: str
    start: int
    end: int


def shared_passages(text_a: str, text_b: str) -> tuple[Passage, ...]:
    """Return the passages that both texts share, in the order of the first.

    A passage is a run of at least eight words (12 ideographs, 30 letters of Thai and its like)
    that both texts have; case, punctuation and spaces between them make no difference. No
    character of the first text lies in two passages. Takes a time that grows with the length of
    the texts, whatever they say.
    """
    a, b = list(_tokens(text_a)), list(_tokens(text_b))
    words_a, words_b = [one.folded for one in a], [one.folded for one in b]
    least = _least_tokens(text_a)
    places = _places(words_b, least)
    passages = []
    at = follow = 0
    while at <= len(a) - least:
        length, start = max(
            (
                (_common_length(words_a, at, words_b, place), place)
                for place in places.get(tuple(words_a[at : at + least]), ())
            ),
            # Of equally long ones, that which goes on from the last passage.
            key=lambda found: (found[0], found[1] >= follow, -found[1]),
            default=(0, 0),
        )
        if not length:
            at += 1
            continue
        follow = start + length
        passages.append(
            Passage(a[at].start, a[at + length - 1].end, b[start].start, b[follow - 1].end)
        )
        at += length
    return tuple(passages)


class _Characters(dict[str, tuple[str, bool]]):
    """What each character is, folded, and whether it is special.

    A letter that is special is a token of its own; what is no letter and special is not there.
    """

    def __missing__(self, character: str) -> tuple[str, bool]:
        category = unicodedata.category(character)
        if category[0] not in "LNM":
            found = (_APART, category == "Cf")
        else:
            point = ord(character)
            folded = unicodedata.normalize("NFKC", character).casefold()
            found = (folded, any(low <= point <= high for low, high in (*HAN, *SOUTHEAST)))
        self[character] = found
        return found


_CHARACTERS = _Characters()


def _tokens(text: str) -> Iterator[_Token]:
    """Give the tokens: runs of letters, digits and marks, or single characters."""
    start = end = -1
    run: list[str] = []
    for place, character in enumerate(text):
        folded, special = _CHARACTERS[character]
        if folded and not special:
            if not run:
                start = place
            run.append(folded)
            end = place + 1
        elif folded or not special:
            if run:
                yield _Token("".join(run), start, end)
                run = []
            if folded:
                yield _Token(folded, place, place + 1)
        # Else it is a character that is not there: it parts no word.
    if run:
        yield _Token("".join(run), start, end)


def _least_tokens(text: str) -> int:
    """Return how long a passage must be, by how the beginning of the text is written."""
    head = text[:_HEAD_CHARACTERS]
    for ranges, least in _LEAST_TOKENS.items():
        alone = sum(any(low <= ord(one) <= high for low, high in ranges) for one in head)
        if alone > _HEAD_SHARE * len(head):
            return least
    return _LEAST_WORDS


def _places(words: Sequence[str], length: int) -> dict[tuple[str, ...], list[int]]:
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place in range(len(words) - length + 1):
        known = places[tuple(words[place : place + length])]
        if len(known) < _MOST_PLACES:
            known.append(place)
    return places


def _common_length(a: Sequence[str], at: int, b: Sequence[str], place: int) -> int:
    most = min(len(a) - at, len(b) - place)
    return next((i for i in range(most) if a[at + i] != b[place + i]), most)
