"""How the duplicate index lies in Redis.

Keys, under a namespace that carries the sketch version, so that an old and a new version lie
side by side until the old one has expired::

    nd:sequence                     the last sequence number given, shared by all versions
    nd:wanted                       set: the sketch versions that enrich has asked for
    nd1:d:<document>                sequence u48 · generation u16 · article id · sketch
    nd1:k:<generation>:<bucket>     hash: 5 bytes of a key -> the document that owns it
    nd1:pending                     sorted set: documents that are not known to be stored, by time
    nd1:ready                       the marker: gone when the index has lost its data
    nd1:keeper                      the lock of the one process that keeps the index
    nd1:rebuild                     how far a rebuild has come
    nd1:kept                        whatever was stored before this time has been loaded
    nd1:trimmed                     what was dropped last for want of memory

A generation is a week of keys. Records and buckets expire when their generation leaves the
window; a bucket stays small enough for Redis' compact encoding of hashes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from newsmill_shared.errors import TransientError

__all__ = [
    "DOCUMENT_BYTES",
    "GENERATION_SECONDS",
    "HEAD_BYTES",
    "SEQUENCE_KEY",
    "WANTED_KEY",
    "IndexFullError",
    "IndexNotReadyError",
    "IndexedDocument",
    "key_bytes",
    "namespace",
]

GENERATION_SECONDS = 7 * 86_400
DOCUMENT_BYTES = 8
HEAD_BYTES = 24
"""Of a record, before its sketch."""
SEQUENCE_KEY = b"nd:sequence"
WANTED_KEY = b"nd:wanted"

_BUCKET_BITS = 18
_BUCKET_MASK = (1 << _BUCKET_BITS) - 1
_FIELD_MASK = (1 << 40) - 1


class IndexNotReadyError(TransientError):
    """The index has lost its data and waits to be rebuilt."""


class IndexFullError(TransientError):
    """The index has no memory left; its oldest documents are being dropped."""


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A registered document as the database keeps it, to rebuild the index from."""

    document: bytes
    """8 bytes that stand for a page and its exact content."""
    article_id: UUID
    sequence: int
    registered_at: datetime
    keys: bytes
    """As ``key_bytes`` writes them."""
    sketch: bytes


def namespace(sketch_version: int) -> bytes:
    """Return what the names of a version's keys begin with."""
    return b"nd%d" % sketch_version


def key_bytes(keys: Iterable[int]) -> bytes:
    """Return for each key 3 bytes that name its bucket and 5 that name it in there.

    Keys are the smallest of many hashes, so their first bits are alike: the last name the bucket.
    """
    return b"".join(
        (key & _BUCKET_MASK).to_bytes(3, "big")
        + (key >> _BUCKET_BITS & _FIELD_MASK).to_bytes(5, "big")
        for key in keys
    )
