"""What is kept of a document to compare it with later ones: about 330 bytes, in our own format.

The bytes are ours because library objects change between releases while sketches lie in an
index for weeks. All integers are little-endian::

    version u8 · script u8 · words u16 · shingles u16 · numbers seen u8
    counts u8: body, lead, numbers, title
    content u64 · title hash u32
    body u24[] · lead u24[] · numbers u16[] · title u16[]
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.duplicates.scripts import Script
from newsmill_shared.errors import NewsmillError

__all__ = [
    "BODY_SIZE",
    "LEAD_SIZE",
    "NUMBERS_SIZE",
    "SKETCH_VERSION",
    "TITLE_SIZE",
    "Sketch",
    "SketchVersionError",
]

SKETCH_VERSION = 1

BODY_SIZE = 64
LEAD_SIZE = 24
NUMBERS_SIZE = 24
TITLE_SIZE = 8

_HEADER = struct.Struct("<BBHHBBBBBQI")


class SketchVersionError(NewsmillError):
    """A sketch was written in another format than this one reads."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A sample of a document. Samples are sorted, distinct and hold the smallest hashes."""

    script: Script
    words: int
    """Size of the story in English words' worth of tokens, at most 65,535."""
    shingles: int
    """How many shingles the title and story have, at most 65,535."""
    content: int
    """64-bit hash over all tokens of the text."""
    title_hash: int
    """32-bit hash over all tokens of the title."""
    body: NDArray[np.uint32]
    """24-bit hashes of the shingles of title and story."""
    lead: NDArray[np.uint32]
    """24-bit hashes of the shingles of the lead."""
    numbers_seen: int
    """How many different numbers title and story have, at most 255."""
    numbers: NDArray[np.uint16]
    """16-bit hashes of the numbers."""
    title: NDArray[np.uint16]
    """16-bit hashes of the title's pieces."""

    def pack(self) -> bytes:
        """Return the sketch as bytes."""
        header = _HEADER.pack(
            SKETCH_VERSION,
            self.script,
            self.words,
            self.shingles,
            self.numbers_seen,
            len(self.body),
            len(self.lead),
            len(self.numbers),
            len(self.title),
            self.content,
            self.title_hash,
        )
        return b"".join(
            (
                header,
                _pack_24(self.body),
                _pack_24(self.lead),
                self.numbers.astype("<u2").tobytes(),
                self.title.astype("<u2").tobytes(),
            )
        )

    @classmethod
    def unpack(cls, data: bytes) -> "Sketch":
        """Read a sketch.

        Raises:
            SketchVersionError: It has another version, or is no sketch.
        """
        if len(data) < _HEADER.size or data[0] != SKETCH_VERSION:
            raise SketchVersionError(f"sketch version {data[0] if data else None} is not read here")
        (_, script, words, shingles, seen, body, lead, numbers, title, content, title_hash) = (
            _HEADER.unpack_from(data)
        )
        at = _HEADER.size
        lead_at = at + 3 * body
        numbers_at = lead_at + 3 * lead
        title_at = numbers_at + 2 * numbers
        if len(data) != title_at + 2 * title:
            raise SketchVersionError(f"a sketch of {len(data)} bytes does not add up")
        return cls(
            script=Script(script),
            words=words,
            shingles=shingles,
            content=content,
            title_hash=title_hash,
            body=_unpack_24(data, at, body),
            lead=_unpack_24(data, lead_at, lead),
            numbers_seen=seen,
            numbers=np.frombuffer(data, "<u2", numbers, numbers_at),
            title=np.frombuffer(data, "<u2", title, title_at),
        )


def _pack_24(values: NDArray[np.uint32]) -> bytes:
    return values.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _unpack_24(data: bytes, at: int, count: int) -> NDArray[np.uint32]:
    wide = np.zeros((count, 4), np.uint8)
    wide[:, :3] = np.frombuffer(data, np.uint8, 3 * count, at).reshape(count, 3)
    return wide.view("<u4").reshape(count).astype(np.uint32, copy=False)
