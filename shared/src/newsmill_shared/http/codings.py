"""Content codings undone piece by piece, never beyond a cap, and complete or refused."""

import zlib
from typing import Protocol

from newsmill_shared.errors import EndedError
from newsmill_shared.reasons import Reason

__all__ = ["ACCEPTED_CODINGS", "Decoder", "decoder_for"]

ACCEPTED_CODINGS = "gzip, deflate"
"""The value of Accept-Encoding; a coding that was not asked for is refused."""


class Decoder(Protocol):
    """Undoes one coding."""

    def feed(self, piece: bytes, room: int) -> bytes:
        """Return what ``piece`` decodes to, or its first ``room + 1`` bytes if that is more.

        Raises:
            EndedError: With the reason ``decode``: these bytes are not in the coding.
        """

    def finish(self) -> None:
        """Check that the coded data was complete.

        Raises:
            EndedError: With the reason ``decode``.
        """


def decoder_for(content_encoding: str | None) -> Decoder:
    """Return a decoder for a Content-Encoding header.

    Raises:
        EndedError: With the reason ``protocol``: more than one coding, or one not asked for.
    """
    codings = [name.strip().lower() for name in (content_encoding or "").split(",")]
    applied = [name for name in codings if name not in ("", "identity")]
    if not applied:
        return _Identity()
    if applied in (["gzip"], ["x-gzip"]):
        return _Gzip()
    if applied == ["deflate"]:
        return _Deflate()
    raise EndedError(Reason.PROTOCOL, f"content coding {', '.join(applied)!r} was not asked for")


class _Identity:
    def feed(self, piece: bytes, room: int) -> bytes:
        return piece[: room + 1]

    def finish(self) -> None:
        """Nothing can be missing."""


class _Gzip:
    """RFC 1952: one or more members; other bytes after them are ignored, as browsers do."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._inside = False
        self._members = 0
        self._trailing = False

    def feed(self, piece: bytes, room: int) -> bytes:
        out = bytearray()
        while piece and len(out) <= room and not self._trailing:
            if self._members and not self._inside and piece[0] != 0x1F:
                self._trailing = True
                break
            self._inside = True
            try:
                out += self._member.decompress(piece, room + 1 - len(out))
            except zlib.error as error:
                raise _undecodable("gzip") from error
            piece = self._member.unconsumed_tail
            if self._member.eof:
                piece = self._member.unused_data
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                self._inside = False
                self._members += 1
        return bytes(out)

    def finish(self) -> None:
        if self._inside or not self._members:
            raise _undecodable("gzip", "cut short")


class _Deflate:
    """RFC 9110 means zlib; many servers send the bare stream: the first bytes tell."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._head = b""
        self._chosen = False

    def feed(self, piece: bytes, room: int) -> bytes:
        if not self._chosen:
            self._head += piece
            if len(self._head) < 2:
                return b""
            piece, self._chosen = self._head, True
            if not _is_zlib_header(piece):
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        out = bytearray()
        while piece and len(out) <= room and not self._stream.eof:
            try:
                out += self._stream.decompress(piece, room + 1 - len(out))
            except zlib.error as error:
                raise _undecodable("deflate") from error
            piece = self._stream.unconsumed_tail
        return bytes(out)

    def finish(self) -> None:
        if not self._stream.eof:
            raise _undecodable("deflate", "cut short")


def _is_zlib_header(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and data[0] >> 4 <= 7 and (data[0] << 8 | data[1]) % 31 == 0


def _undecodable(coding: str, how: str = "broken") -> EndedError:
    return EndedError(Reason.DECODE, f"the {coding} data is {how}")
