"""The passages that two texts share, as places in both."""

from collections import defaultdict
from dataclasses import dataclass

from newsmill_enrich.duplicates.scripts import PROFILES
from newsmill_enrich.duplicates.tokens import Tokens, tokenise, window_hashes

__all__ = ["Passage", "shared_passages"]

_MOST_PLACES = 16
"""A run that stands in more places of a text is followed from these alone."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Where both texts say the same: half-open ranges of characters."""

    start_a: int
    end_a: int
    start_b: int
    end_b: int


def shared_passages(text_a: str, text_b: str) -> tuple[Passage, ...]:
    """Return the passages that both texts share, in the order of the first.

    A passage is a run of at least eight words (12 ideographs, 30 letters of Thai and its like)
    that both texts have; case, punctuation and spaces between them make no difference. No
    character of the first text lies in two passages.
    """
    a, b = tokenise(text_a), tokenise(text_b)
    least = PROFILES[a.script].passage
    places = _places(b, least)
    runs = window_hashes(a.hashes, least).tolist() if len(a.hashes) >= least else []
    hashes_a, hashes_b = a.hashes.tolist(), b.hashes.tolist()
    passages = []
    at = follow = 0
    while at < len(runs):
        length, start = max(
            (
                (_common_length(hashes_a, at, hashes_b, place), place)
                for place in places.get(runs[at], ())
            ),
            # Of equally long ones, that which goes on from the last passage.
            key=lambda found: (found[0], found[1] >= follow, -found[1]),
            default=(0, 0),
        )
        if length < least:
            at += 1
            continue
        passages.append(
            Passage(
                *_range(text_a, a, at, at + length),
                *_range(text_b, b, start, start + length),
            )
        )
        at += length
        follow = start + length
    return tuple(passages)


def _places(tokens: Tokens, length: int) -> dict[int, list[int]]:
    places: dict[int, list[int]] = defaultdict(list)
    if len(tokens.hashes) >= length:
        for place, run in enumerate(window_hashes(tokens.hashes, length).tolist()):
            if len(places[run]) < _MOST_PLACES:
                places[run].append(place)
    return places


def _common_length(a: list[int], at: int, b: list[int], place: int) -> int:
    most = min(len(a) - at, len(b) - place)
    return next((i for i in range(most) if a[at + i] != b[place + i]), most)


def _range(text: str, tokens: Tokens, first: int, end: int) -> tuple[int, int]:
    """Return the characters from one token's first to another's last."""
    positions = tokens.positions
    stop = int(positions[end]) if end < len(positions) else len(text)
    last = int(positions[end - 1])
    # Up to the next token, less what separates the two.
    while stop > last + 1 and not _belongs(text[stop - 1]):
        stop -= 1
    return int(positions[first]), stop


def _belongs(character: str) -> bool:
    return len(tokenise(character).hashes) > 0
