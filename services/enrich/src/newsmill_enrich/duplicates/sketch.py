"""What is kept of a document to compare it with later ones: about 310 bytes, in our own format.

The bytes are ours because library objects change between releases while sketches lie in an
index for weeks. All integers are little-endian::

    version u8 · script u8 · words u16 · shingles u16 · figures seen u8
    counts u8: body, lead, figures, title
    levels u8: body, lead
    published u32 · content u64 · title hash u32
    body u16[] · lead u16[] · title u16[] · figures u16[] · figures u8[]
"""

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.duplicates.scripts import Script
from newsmill_shared.errors import NewsmillError

__all__ = [
    "BODY_SIZE",
    "FIGURES_SIZE",
    "LEAD_SIZE",
    "SKETCH_VERSION",
    "TITLE_SIZE",
    "Sample",
    "Sketch",
    "SketchVersionError",
]

SKETCH_VERSION = 1

BODY_SIZE = 96
LEAD_SIZE = 24
FIGURES_SIZE = 24
TITLE_SIZE = 12

_HEADER = struct.Struct("<BBHHBBBBBBBIQI")


class SketchVersionError(NewsmillError):
    """A sketch was written in another format than this one reads."""


class Sample(NamedTuple):
    """The smallest hashes of a set, 16 bits each, sorted.

    The bits are those that follow the zeros that all of the hashes begin with, ``level`` many:
    in a large set the smallest hashes begin with many.
    """

    level: int
    codes: NDArray[np.uint16]

    @classmethod
    def of(cls, smallest: NDArray[np.uint64]) -> "Sample":
        """Return the sample for sorted, distinct 64-bit hashes."""
        if not len(smallest):
            return cls(0, np.zeros(0, np.uint16))
        level = min(64 - int(smallest[-1]).bit_length(), 48)
        return cls(level, (smallest >> np.uint64(48 - level)).astype(np.uint16))


class Sketch(NamedTuple):
    """What two documents are compared by."""

    script: Script
    words: int
    """Size of the story in English words' worth of tokens, at most 65,535."""
    shingles: int
    """How many shingles the title and story have, at most 65,535."""
    published: int
    """When it was published, in minutes since 1970; 0 if that is not known."""
    content: int
    """64-bit hash over all tokens of the text."""
    title_hash: int
    """32-bit hash over all tokens of the title."""
    body: Sample
    """Of the shingles of title and story."""
    lead: Sample
    """Of the shingles of the lead."""
    title: NDArray[np.uint16]
    """The smallest 16-bit hashes of the title's pieces, sorted."""
    figures_seen: int
    """How many different figures the story has, at most 255."""
    figures: NDArray[np.uint32]
    """Numbers with what they count: 16 bits of the words around one, then 8 of its own; sorted."""

    def pack(self) -> bytes:
        """Return the sketch as bytes."""
        header = _HEADER.pack(
            SKETCH_VERSION,
            self.script,
            self.words,
            self.shingles,
            self.figures_seen,
            len(self.body.codes),
            len(self.lead.codes),
            len(self.figures),
            len(self.title),
            self.body.level,
            self.lead.level,
            self.published,
            self.content,
            self.title_hash,
        )
        contexts = (self.figures >> 8).astype(np.uint16)
        shorts = np.concatenate((self.body.codes, self.lead.codes, self.title, contexts))
        return header + shorts.astype("<u2").tobytes() + self.figures.astype(np.uint8).tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> "Sketch":
        """Read a sketch.

        Raises:
            SketchVersionError: It has another version, or is no sketch.
        """
        if len(data) < _HEADER.size or data[0] != SKETCH_VERSION:
            raise SketchVersionError(f"sketch version {data[0] if data else None} is not read here")
        _, script, words, shingles, seen, *rest = _HEADER.unpack_from(data)
        body, lead, figures, title, body_level, lead_level, published, content, title_hash = rest
        count = body + lead + title + figures
        if len(data) != _HEADER.size + 2 * count + figures:
            raise SketchVersionError(f"a sketch of {len(data)} bytes does not add up")
        shorts = np.frombuffer(data, "<u2", count, _HEADER.size)
        values = np.frombuffer(data, np.uint8, figures, len(data) - figures)
        lead_end, title_end = body + lead, body + lead + title
        return cls(
            script=Script(script),
            words=words,
            shingles=shingles,
            published=published,
            content=content,
            title_hash=title_hash,
            body=Sample(body_level, shorts[:body]),
            lead=Sample(lead_level, shorts[body:lead_end]),
            title=shorts[lead_end:title_end],
            figures_seen=seen,
            figures=shorts[title_end:].astype(np.uint32) << np.uint32(8) | values,
        )
