"""From text to one hash a token, in a few passes over whole arrays."""

import html
import unicodedata
from functools import cache
from itertools import chain
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.duplicates.scripts import Script
from newsmill_shared.passages import HAN, SOUTHEAST

__all__ = ["Hashes", "Tokens", "Windows", "normalise", "run_hashes", "tokenise"]

Hashes: TypeAlias = NDArray[np.uint64]

# An entry of the table is 0 for what separates tokens, _DROPPED for what is not there, _BEYOND for
# what is not in the table, else the folded character with flags. The flags are in an order: the
# highest entry of a text tells which of them it has.
_WORD = 1 << 24
_DIGIT = 1 << 25
_HAN = 1 << 26
_SOUTHEAST = 1 << 27
_DROPPED = 1 << 28
_BEYOND = 1 << 29
_ALONE = _HAN | _SOUTHEAST
_PLANE = 1 << 16
_UNIFORM = ((0x3400, 0x9FFF), (0xAC00, 0xD7A3))
"""Ranges of letters that fold to themselves: ideographs and Hangul."""
_UNUSED = (0xD800, 0xF8FF)
_UNSPACED = {_HAN: HAN, _SOUTHEAST: SOUTHEAST}
_HEAD_CHARACTERS = 1500
_HEAD_SHARE = 0.3

_MULTIPLIER = 0x9E3779B97F4A7C15
_INVERSE = pow(_MULTIPLIER, -1, 1 << 64)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_29, _32 = np.uint64(29), np.uint64(32)


class Tokens(NamedTuple):
    """The tokens of a text, in order."""

    hashes: Hashes
    """64 bits each."""
    numeric: NDArray[np.bool_]
    """Which of them begin with a digit."""
    positions: NDArray[np.intp]
    """Where in the text each begins."""
    script: Script
    """How most of the text's beginning is written."""

    def select(self, which: slice | NDArray[np.bool_]) -> "Tokens":
        """Return some of the tokens."""
        return Tokens(self.hashes[which], self.numeric[which], self.positions[which], self.script)


def normalise(text: str) -> str:
    """Return ``text`` without entities and with composed characters."""
    if "&" in text:
        text = html.unescape(text)
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", text)


def tokenise(text: str) -> Tokens:
    """Return the tokens of a normalised text.

    A token is a run of letters, digits and marks; in scripts without spaces every character is.
    Case, width and invisible characters make no difference.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    entries = _table().take(points, mode="clip")
    highest = entries.max(initial=0)
    if highest >= _BEYOND:
        for place in (entries == _BEYOND).nonzero()[0].tolist():
            entries[place] = _entry(int(points[place]))
        highest = entries.max()
    if highest < _DROPPED:
        return _tokens(entries, spaced=bool(highest < _HAN))
    # Characters that are not there part no word.
    there = (entries != _DROPPED).nonzero()[0]
    tokens = _tokens(entries[there], spaced=False)
    return tokens._replace(positions=there[tokens.positions])


class Windows:
    """Hashes of the runs of some tokens; runs of one length are put together from shorter ones."""

    def __init__(self, tokens: Hashes) -> None:
        self._count = len(tokens)
        self._known = {1: tokens}

    def of(self, length: int) -> Hashes:
        """Return a 64-bit hash for every run of ``length`` tokens; of all if they are fewer.

        It is the polynomial hash of the run, whatever it was put together from: log2(length)
        passes.
        """
        return self._known[1] if self._count == 0 else self._runs(min(length, self._count))

    def _runs(self, length: int) -> Hashes:
        known = self._known.get(length)
        if known is not None:
            return known
        right = length // 2
        left = length - right
        count = self._count - length + 1
        hashes = self._runs(left)[:count] * _power(right)
        hashes += self._runs(right)[left : left + count]
        self._known[length] = hashes
        return hashes


def run_hashes(tokens: Hashes, places: NDArray[np.intp], length: int) -> Hashes:
    """Return the hashes of the runs that begin at some places only, as ``Windows`` has them."""
    hashes = tokens[places]
    for further in range(1, length):
        hashes *= _power(1)
        hashes += tokens[places + further]
    return hashes


def _tokens(entries: NDArray[np.uint32], *, spaced: bool) -> Tokens:
    """Join neighbouring characters to tokens, unless they stand alone."""
    script = Script.SPACED
    begins = entries != 0
    joined = begins[:-1]
    if not spaced:
        script = _script(entries)
        alone = entries & _ALONE != 0
        joined = joined & ~(alone[:-1] | alone[1:])
    begins[1:] &= ~joined
    first = begins.nonzero()[0]
    if not len(first):
        return Tokens(np.zeros(0, np.uint64), np.zeros(0, np.bool_), first, script)
    # What separates tokens counts 0, so that a sum up to the next token's beginning is a token's.
    powers, inverses = _power_tables(len(entries).bit_length())
    hashes = np.add.reduceat(entries * powers[: len(entries)], first)
    hashes *= inverses[first]
    hashes ^= hashes >> _29
    hashes *= _MIX
    hashes ^= hashes >> _32
    return Tokens(hashes, entries[first] & _DIGIT != 0, first, script)


def _script(entries: NDArray[np.uint32]) -> Script:
    """Tell how a text is written by its first 1,500 characters."""
    head = entries[:_HEAD_CHARACTERS]
    limit = _HEAD_SHARE * len(head)
    if np.count_nonzero(head & _SOUTHEAST) > limit:
        return Script.SOUTHEAST
    return Script.HAN if np.count_nonzero(head & _HAN) > limit else Script.SPACED


@cache
def _table() -> NDArray[np.uint32]:
    """The entry of every character of the first plane."""
    table = np.zeros(_PLANE, np.uint32)
    for low, high in _UNIFORM:
        table[low : high + 1] = np.arange(low, high + 1) | (_entry(low) & ~0xFFFF)
    (first, last), (first_hangul, last_hangul) = _UNIFORM
    ranges = (
        range(first),
        range(last + 1, first_hangul),
        range(last_hangul + 1, _UNUSED[0]),
        range(_UNUSED[1] + 1, _PLANE),
    )
    for point in chain.from_iterable(ranges):
        table[point] = _entry(point)
    # The last is no character: what lies beyond is looked up there.
    table[_PLANE - 1] = _BEYOND
    return table


def _entry(point: int) -> int:
    """Look a character up in the Unicode tables."""
    character = chr(point)
    category = unicodedata.category(character)
    if category == "Cf":
        return _DROPPED
    if category[0] not in "LNM":
        return 0
    folded = unicodedata.normalize("NFKC", character).casefold()
    if len(folded) > 1 and all(unicodedata.combining(mark) for mark in folded[1:]):
        folded = folded[0]
    kind = _DIGIT if category == "Nd" else _WORD
    for flag, unspaced in _UNSPACED.items():
        if any(low <= point <= high for low, high in unspaced):
            kind |= flag
    return kind | (ord(folded) if len(folded) == 1 else point)


@cache
def _power_tables(bits: int) -> tuple[Hashes, Hashes]:
    """Powers of the multiplier and of its inverse, for up to ``1 << bits`` characters."""
    powers, inverses = np.empty(1 << bits, np.uint64), np.empty(1 << bits, np.uint64)
    powers[0] = inverses[0] = 1
    powers[1:], inverses[1:] = _MULTIPLIER, _INVERSE
    return np.multiply.accumulate(powers), np.multiply.accumulate(inverses)


@cache
def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_MULTIPLIER, exponent, 1 << 64))
