"""What a document is known by: the keys it is found under and the sketch it is compared with."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import xxhash
from numpy.typing import NDArray

from newsmill_enrich.duplicates.lines import story_lines
from newsmill_enrich.duplicates.scripts import PROFILES, Profile, Script, script_of
from newsmill_enrich.duplicates.sketch import (
    BODY_SIZE,
    LEAD_SIZE,
    NUMBERS_SIZE,
    TITLE_SIZE,
    Sketch,
)
from newsmill_enrich.duplicates.tokens import Hashes, normalise, token_hashes, window_hashes

__all__ = ["Fingerprint", "document_key", "fingerprint"]

BODY_KEYS = 8
OPENING_KEYS = 6
LEAST_WORDS_FOR_PASSAGES = 18
"""A shorter text is found by its exact content only."""
LEAST_WORDS_WITHOUT_TITLE = 24
"""A shorter text is the same only under the same title."""

_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_64_BITS = (1 << 64) - 1
_24_BITS = np.uint64(40)
_LOW_16 = np.uint64(0xFFFF)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A document as the index knows it."""

    document: bytes
    """8 bytes that stand for the page and its exact content."""
    page_key: str
    keys: tuple[int, ...]
    """64-bit hashes of the passages (and of the whole) that the document is found by."""
    sketch: bytes


def document_key(title: str, text: str, *, page_key: str) -> bytes:
    """Return the 8 bytes that stand for this content at this page."""
    digest = hashlib.blake2b(page_key.encode(), digest_size=8)
    for part in (title, text):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.digest()


def fingerprint(title: str, text: str, *, page_key: str) -> Fingerprint:
    """Return what the index keeps of a document.

    The method is bottom-k sampling (Broder, "On the resemblance and containment of documents",
    1997) over token runs: the smallest passage hashes find candidates, the smallest shingle
    hashes estimate containment.

    Args:
        title: The headline.
        text: Paragraphs separated by newlines.
        page_key: The page's key; the same content at another page is another document.
    """
    reading = _read(title, text)
    return Fingerprint(
        document=document_key(title, text, page_key=page_key),
        page_key=page_key,
        keys=tuple(sorted(_keys(reading))),
        sketch=_sketch(reading).pack(),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """A document taken apart, each part computed once."""

    script: Script
    title: str
    story: str
    title_tokens: Hashes
    tokens: Hashes
    content: int
    title_hash: int

    @property
    def profile(self) -> Profile:
        return PROFILES[self.script]

    @property
    def words(self) -> float:
        return len(self.tokens) / self.profile.tokens_per_word


def _read(title: str, text: str) -> _Reading:
    script = script_of(text)
    lines = story_lines(text, PROFILES[script])
    plain_title, story = normalise(title), normalise("\n".join(lines))
    title_tokens, tokens = token_hashes(plain_title), token_hashes(story)
    whole = tokens if len(lines) == text.count("\n") + 1 else token_hashes(normalise(text))
    return _Reading(
        script, plain_title, story, title_tokens, tokens, _digest(whole), _digest(title_tokens)
    )


def _keys(reading: _Reading) -> set[int]:
    content = reading.content
    if reading.words < LEAST_WORDS_WITHOUT_TITLE:
        content = (content * 31 + reading.title_hash) & _64_BITS
    keys = {content}
    if reading.words >= LEAST_WORDS_FOR_PASSAGES:
        profile = reading.profile
        passages = window_hashes(reading.tokens, profile.passage)
        opening = passages[: profile.opening - profile.passage + 1]
        keys.update(_smallest(passages, BODY_KEYS).tolist())
        keys.update(_smallest(opening, OPENING_KEYS).tolist())
    return keys


def _sketch(reading: _Reading) -> Sketch:
    length = reading.profile.shingle
    shingles = window_hashes(np.concatenate([reading.title_tokens, reading.tokens]), length)
    lead = window_hashes(reading.tokens[: reading.profile.lead], length)
    found = _NUMBER.findall(f"{reading.title} {reading.story}")
    numbers = sorted({_number_hash(number) for number in found})
    spaced = reading.script is Script.SPACED
    pieces = reading.title_tokens if spaced else window_hashes(reading.title_tokens, 4)
    return Sketch(
        script=reading.script,
        words=min(0xFFFF, round(reading.words)),
        shingles=min(0xFFFF, len(shingles)),
        content=reading.content,
        title_hash=reading.title_hash & 0xFFFFFFFF,
        body=_sample(shingles, BODY_SIZE),
        lead=_sample(lead, LEAD_SIZE),
        numbers_seen=min(0xFF, len(numbers)),
        numbers=np.array(numbers[:NUMBERS_SIZE], np.uint16),
        title=_distinct((pieces & _LOW_16).astype(np.uint16))[:TITLE_SIZE],
    )


def _digest(tokens: Hashes) -> int:
    return int(xxhash.xxh3_64_intdigest(tokens.tobytes()))


@lru_cache(maxsize=1 << 16)
def _number_hash(number: str) -> int:
    return int(xxhash.xxh3_64_intdigest(number.encode())) & 0xFFFF


def _sample(hashes: Hashes, size: int) -> NDArray[np.uint32]:
    return _smallest((hashes >> _24_BITS).astype(np.uint32), size)


def _smallest(values: NDArray[np.unsignedinteger], size: int) -> NDArray[np.unsignedinteger]:
    """Return the ``size`` smallest distinct values, sorted."""
    few = 4 * size
    if len(values) > 2 * few:
        near = _distinct(np.partition(values, few)[:few])
        if len(near) >= size:
            return near[:size]
    return _distinct(values)[:size]


def _distinct(values: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    ordered = np.sort(values)
    fresh = np.empty(len(ordered), bool)
    fresh[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return ordered[fresh]
