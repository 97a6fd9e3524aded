"""How a text is cut up depends on how it is written: with spaces between words, or without."""

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["PROFILES", "Profile", "Script"]


class Script(IntEnum):
    """The three ways of writing that need lengths of their own."""

    SPACED = 0
    HAN = 1
    SOUTHEAST = 2


@dataclass(frozen=True, slots=True)
class Profile:
    """Lengths for one way of writing, in tokens unless said otherwise."""

    shingle: int
    """Of the pieces that two texts are compared by."""
    passage: int
    """Of the pieces that candidates are found by."""
    lead: int
    """How much of the body's beginning counts as its lead."""
    openings: tuple[int, int]
    """The beginnings that get passage keys of their own, so that a cut copy is found."""
    tokens_per_word: float
    """Tokens that say about as much as one English word."""
    number_context: tuple[int, int]
    """How many tokens before and after a number say what it counts."""
    short_line_characters: int
    """A line up to this long is prose only if it ends like a sentence or carries a number."""
    headline_characters: int
    """Lines up to this long, several in a row and none a sentence, are headlines."""
    story_characters: int
    """So much prose is a story, whatever stands around it."""
    sentence_ends: frozenset[str]
    """The marks that a sentence ends with, and no headline."""


_SENTENCE_ENDS = frozenset('.!?。！？…"”»)]؟۔।։።།')
_SOUTHEAST_SENTENCE_ENDS = frozenset("။។")
"""Burmese and Khmer; Thai and Lao have none, and close headlines with brackets."""

PROFILES = {
    Script.SPACED: Profile(3, 8, 60, (50, 120), 1.0, (2, 1), 110, 130, 350, _SENTENCE_ENDS),
    Script.HAN: Profile(4, 12, 110, (120, 240), 1.8, (4, 2), 40, 60, 120, _SENTENCE_ENDS),
    Script.SOUTHEAST: Profile(
        8, 30, 240, (150, 420), 4.0, (8, 4), 150, 220, 240, _SOUTHEAST_SENTENCE_ENDS
    ),
}
