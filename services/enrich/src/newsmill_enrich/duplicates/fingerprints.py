"""What a document is known by: the keys it is found under and the sketch it is compared with."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import numpy as np
import xxhash
from numpy.typing import NDArray

from newsmill_enrich.duplicates.lines import story_spans
from newsmill_enrich.duplicates.scripts import PROFILES, Profile, Script
from newsmill_enrich.duplicates.sketch import (
    BODY_SIZE,
    FIGURES_SIZE,
    LEAD_SIZE,
    TITLE_SIZE,
    Sample,
    Sketch,
)
from newsmill_enrich.duplicates.tokens import (
    Hashes,
    Tokens,
    Windows,
    normalise,
    run_hashes,
    tokenise,
)

__all__ = ["Fingerprint", "document_key", "fingerprint"]

PASSAGE_KEYS = (4, 8, 14)
"""How many passages become keys: of the first opening, with the second, with the whole."""
LEAST_WORDS_FOR_PASSAGES = 10
"""A shorter text is found by its exact content only."""
LEAST_WORDS_WITHOUT_TITLE = 24
"""A shorter text is the same only under the same title."""

_64_BITS = (1 << 64) - 1
_FIRST = np.ones(1, np.bool_)
_8, _48, _56 = map(np.uint64, (8, 48, 56))
_Unsigned = TypeVar("_Unsigned", bound=np.unsignedinteger)


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


def fingerprint(
    title: str, text: str, *, page_key: str, published_at: datetime | None = None
) -> Fingerprint:
    """Return what the index keeps of a document.

    The method is bottom-k sampling (Broder, "On the resemblance and containment of documents",
    1997) over token runs: the smallest passage hashes find candidates, the smallest shingle
    hashes estimate containment.

    Args:
        title: The headline.
        text: Paragraphs separated by newlines.
        page_key: The page's key; the same content at another page is another document.
        published_at: When the page says it was published: evidence about forms that are filled
            in anew every day. It is no part of what the document is.
    """
    reading = _read(title, text)
    return Fingerprint(
        document=document_key(title, text, page_key=page_key),
        page_key=page_key,
        keys=tuple(sorted(_keys(reading))),
        sketch=_sketch(reading, _minutes(published_at)).pack(),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """A document taken apart, each part computed once."""

    script: Script
    title: Tokens
    story: Tokens
    windows: Windows
    """Of the title and the story behind it."""
    content: int
    title_hash: int

    @property
    def profile(self) -> Profile:
        return PROFILES[self.script]

    @property
    def words(self) -> float:
        return len(self.story.hashes) / self.profile.tokens_per_word


def _read(title: str, text: str) -> _Reading:
    title, text = normalise(title), normalise(text)
    tokens = tokenise(f"{title}\n{text}")
    border = int(tokens.positions.searchsorted(len(title)))
    headline, body = tokens.select(slice(border)), tokens.select(slice(border, None))
    story = _select_story(body, text, PROFILES[tokens.script], offset=len(title) + 1)
    told = tokens.hashes if story is body else np.concatenate((headline.hashes, story.hashes))
    return _Reading(
        tokens.script,
        headline,
        story,
        Windows(told),
        _digest(body.hashes),
        _digest(headline.hashes),
    )


def _select_story(tokens: Tokens, text: str, profile: Profile, *, offset: int) -> Tokens:
    """Return the tokens on the lines that tell the story; the text begins at ``offset``."""
    spans = story_spans(text, profile)
    if spans is None:
        return tokens
    borders = np.array(spans).ravel() + offset
    return tokens.select(borders.searchsorted(tokens.positions, "right") & 1 == 1)


def _keys(reading: _Reading) -> set[int]:
    """Return the smallest passages of both openings and of the whole, and the exact content."""
    content = reading.content
    if reading.words < LEAST_WORDS_WITHOUT_TITLE:
        content = (content * 31 + reading.title_hash) & _64_BITS
    if reading.words < LEAST_WORDS_FOR_PASSAGES:
        return {content}
    profile = reading.profile
    passages = reading.windows.of(profile.passage)[len(reading.title.hashes) :]
    keys: set[int] = set()
    ends = (*(tokens - profile.passage + 1 for tokens in profile.openings), len(passages))
    for end, up_to in zip(ends, PASSAGE_KEYS, strict=True):
        for key in _lowest(passages[:end], 2 * up_to).tolist():
            if len(keys) == up_to:
                break
            keys.add(key)
    keys.add(content)
    return keys


def _sketch(reading: _Reading, published: int) -> Sketch:
    profile = reading.profile
    title = reading.title.hashes
    shingles = reading.windows.of(profile.shingle)
    lead = shingles[len(title) :][: profile.lead - profile.shingle + 1]
    figures = _figures(reading.story, profile)
    pieces = title if reading.script is Script.SPACED else Windows(title).of(4)
    return Sketch(
        script=reading.script,
        words=min(0xFFFF, round(reading.words)),
        shingles=min(0xFFFF, len(shingles)),
        published=published,
        content=reading.content,
        title_hash=reading.title_hash & 0xFFFFFFFF,
        body=Sample.of(_smallest(shingles, BODY_SIZE)),
        lead=Sample.of(_smallest(lead, LEAD_SIZE)),
        figures_seen=min(0xFF, len(figures)),
        figures=figures[:FIGURES_SIZE],
        title=_distinct((pieces >> _48).astype(np.uint16))[:TITLE_SIZE],
    )


def _figures(tokens: Tokens, profile: Profile) -> NDArray[np.uint32]:
    """Return 24 bits for every number: 16 of the words around it, 8 of the number; sorted.

    Two documents with the same words around other numbers are two issues of one form. A number
    that stands in one of them alone says nothing. Neighbouring numerals are one number.
    """
    where = tokens.numeric.nonzero()[0]
    if not len(where):
        return np.zeros(0, np.uint32)
    begins = np.ones(len(where), np.bool_)
    begins[1:] = where[1:] - where[:-1] > 1
    first = begins.nonzero()[0]
    # Odd weights by place, so that a score of 2-1 is not one of 1-2.
    place = where - where[first][begins.cumsum() - 1]
    values = np.add.reduceat(tokens.hashes[where] * (2 * place + 1).astype(np.uint64), first)
    before, after = profile.number_context
    words = np.concatenate(
        (np.zeros(before, np.uint64), tokens.hashes[~tokens.numeric], np.zeros(after, np.uint64))
    )
    # The words before a number are as many as the tokens before it that are no numbers.
    contexts = run_hashes(words, where[first] - first, before + after)
    return _distinct(((contexts >> _48 << _8) | (values >> _56)).astype(np.uint32))


def _minutes(moment: datetime | None) -> int:
    """Return minutes since 1970, as far as a sketch can keep them; 0 for none."""
    return 0 if moment is None else min(max(0, int(moment.timestamp() // 60)), 0xFFFFFFFF)


def _digest(tokens: Hashes) -> int:
    return int(xxhash.xxh3_64_intdigest(tokens.tobytes()))


def _lowest(values: Hashes, count: int) -> Hashes:
    """Return about the ``count`` smallest values, sorted, some of them perhaps twice."""
    lowest = values.copy()
    if len(values) > 4 * count:
        lowest.partition(count)
        lowest = lowest[:count]
    lowest.sort()
    return lowest


def _smallest(values: Hashes, size: int) -> Hashes:
    """Return the ``size`` smallest distinct values, sorted."""
    few = 3 * size
    if len(values) > 2 * few:
        near = _distinct(np.partition(values, few)[:few])
        if len(near) >= size:
            return near[:size]
    return _distinct(values)[:size]


def _distinct(values: NDArray[_Unsigned]) -> NDArray[_Unsigned]:
    """Return ``values`` sorted, each once."""
    if len(values) < 2:
        return values
    ordered = values.copy()
    ordered.sort()
    fresh = ordered[1:] != ordered[:-1]
    # Nearly all of them are different.
    return ordered if fresh.all() else ordered[np.concatenate((_FIRST, fresh))]
