"""From text to one hash a token, in a few passes over whole arrays."""

import html
import re
import unicodedata
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.duplicates.scripts import UNSPACED

__all__ = ["Hashes", "normalise", "token_hashes", "window_hashes"]

Hashes: TypeAlias = NDArray[np.uint64]

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")

# Character classes: 0 separates tokens, 1 belongs to a word, 2 is a token of its own.
_WORD, _ALONE = 1, 2
_CODE_POINTS = 0x32000
_LONGEST_TOKEN = 64

_PRIME = np.uint64(0x100000001B3)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_OFFSET = np.uint64(0x9E37)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


def normalise(text: str) -> str:
    """Return ``text`` without what re-publishing changes: entities, invisible characters, case."""
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return text.casefold()


def token_hashes(normalised: str) -> Hashes:
    """Return a 64-bit hash for every token of a normalised text, in order.

    A token is a run of letters, digits and marks; in scripts without spaces every character is.
    """
    if not normalised:
        return np.zeros(0, np.uint64)
    points = np.frombuffer(normalised.encode("utf-32-le", "surrogatepass"), np.uint32)
    classes = _classes()[np.minimum(points, _CODE_POINTS - 1)]
    where = np.flatnonzero(classes)
    if not len(where):
        return np.zeros(0, np.uint64)
    kinds = classes[where]
    starts = np.empty(len(where), bool)
    starts[0] = True
    starts[1:] = (where[1:] - where[:-1] > 1) | (kinds[1:] == _ALONE) | (kinds[:-1] == _ALONE)
    first = np.flatnonzero(starts)
    lengths = np.diff(first, append=len(where))
    place = np.arange(len(where)) - np.repeat(first, lengths)
    powers = _powers()[np.minimum(place, _LONGEST_TOKEN - 1)]
    hashes = np.add.reduceat((points[where].astype(np.uint64) + _OFFSET) * powers, first)
    hashes ^= hashes >> _27
    hashes *= _MIX_1
    hashes ^= hashes >> _31
    return hashes


def window_hashes(tokens: Hashes, length: int) -> Hashes:
    """Return a 64-bit hash for every run of ``length`` tokens; of all of them if they are fewer."""
    length = min(length, len(tokens))
    if length == 0:
        return tokens
    hashes = _runs(tokens, length)
    hashes = hashes ^ (hashes >> _30)
    hashes *= _MIX_1
    hashes ^= hashes >> _27
    hashes *= _MIX_2
    hashes ^= hashes >> _31
    return hashes


def _runs(tokens: Hashes, length: int) -> Hashes:
    """Polynomial hash of every run, put together from halves: log2(length) passes."""
    if length == 1:
        return tokens * _MULTIPLIER
    right = length // 2
    left = length - right
    heads = _runs(tokens, left)
    tails = heads if left == right else _runs(tokens, right)
    count = len(tokens) - length + 1
    return heads[:count] * _multiplier_power(right) + tails[left : left + count]


@cache
def _multiplier_power(exponent: int) -> np.uint64:
    return np.uint64(pow(int(_MULTIPLIER), exponent, 1 << 64))


@cache
def _powers() -> Hashes:
    return np.array([pow(int(_PRIME), i, 1 << 64) for i in range(_LONGEST_TOKEN)], np.uint64)


@cache
def _classes() -> NDArray[np.uint8]:
    """The class of every code point; what lies beyond the table counts as its last entry."""
    table = np.fromiter(
        (unicodedata.category(chr(point))[0] in "LNM" for point in range(_CODE_POINTS)),
        np.uint8,
        _CODE_POINTS,
    )
    for low, high in UNSPACED:
        part = table[low : high + 1]
        part[part == _WORD] = _ALONE
    return table
