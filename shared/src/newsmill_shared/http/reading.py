"""From urllib3's responses to ours: bodies counted as they come, complete or refused."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import urllib3

from newsmill_shared.errors import EndedError
from newsmill_shared.http.codings import decoder_for
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import REDIRECT_STATUSES, Response
from newsmill_shared.reasons import Reason

__all__ = ["read_head", "read_response"]

_PIECE_BYTES = 64 * 1024
_DRAINED_BYTES = 16 * 1024
_DRAIN_SECONDS = 0.2
_DRAIN_READS = 2
_LENGTH = re.compile(r"[0-9]{1,18}")
_BINARY = bytes(set(range(0x20)) - set(b"\t\n\x0c\r\x1b"))
_GZIP = b"\x1f\x8b"
_SNIFFED_BYTES = 1024
_TYPES_TO_SNIFF = frozenset({None, "text/plain"})


def read_head(answer: Any, url: str) -> Response:
    """Turn urllib3's response into ours, without its body."""
    response = Response(
        url=url,
        status=answer.status,
        headers={name.lower(): answer.headers[name] for name in answer.headers},
        location=_location(answer.headers.getlist("location")),
        set_cookies=tuple(answer.headers.getlist("set-cookie")),
        robots_tags=tuple(answer.headers.getlist("x-robots-tag")),
    )
    if response.status != 200:
        _drain(answer, 0 if response.status in REDIRECT_STATUSES else _DRAINED_BYTES)
    return response


def read_response(
    answer: Any,
    url: str,
    *,
    deadline: Deadline,
    media_types: frozenset[str] | None,
    max_bytes: int,
    cut: bool,
) -> Response:
    """Turn urllib3's response into ours, with the body of a 200, whole and decompressed.

    Args:
        answer: urllib3's response, its headers read.
        url: What was asked.
        deadline: Of the chain.
        media_types: The media types taken; any if None.
        max_bytes: The largest body taken, on the wire and decompressed.
        cut: Take the beginning of a body that is larger, instead of refusing it.

    Raises:
        EndedError: The body is refused; urllib3's errors pass through.
    """
    response = read_head(answer, url)
    if response.status != 200:
        return response
    _check_headers(response, media_types, None if cut else max_bytes)
    body = _read_body(answer, response, deadline, max_bytes, cut=cut)
    if media_types is not None and _is_binary(response, body):
        raise EndedError(Reason.CONTENT_TYPE, "the content is binary")
    return replace(response, body=body)


def _check_headers(
    response: Response, media_types: frozenset[str] | None, max_bytes: int | None
) -> None:
    """Refuse a body by its headers, unread."""
    transfer = response.headers.get("transfer-encoding", "chunked").strip().lower()
    if transfer not in ("chunked", "identity"):
        raise EndedError(Reason.PROTOCOL, f"transfer coding {transfer!r} is not spoken here")
    length = _declared_length(response.headers.get("content-length"))
    declared = response.media_type
    if media_types is not None and declared is not None and declared not in media_types:
        raise EndedError(Reason.CONTENT_TYPE, f"{declared} is not a page")
    if length is not None and max_bytes is not None and length > max_bytes:
        raise _too_large(max_bytes)


def _declared_length(header: str | None) -> int | None:
    """Read a Content-Length, perhaps repeated (RFC 9110, 8.6)."""
    if header is None:
        return None
    values = {value.strip() for value in header.split(",")}
    if len(values) > 1 or not _LENGTH.fullmatch(next(iter(values))):
        raise EndedError(Reason.PROTOCOL, "the content length is not a number")
    return int(values.pop())


def _read_body(
    answer: Any, response: Response, deadline: Deadline, max_bytes: int, *, cut: bool
) -> bytes:
    decoder = decoder_for(response.headers.get("content-encoding"))
    body = bytearray()
    received = 0
    for piece in _pieces(answer):
        received += len(piece)
        body += decoder.feed(piece, max_bytes - len(body))
        if received > max_bytes or len(body) > max_bytes:
            if cut:
                return bytes(body[: max_bytes + 1])
            raise _too_large(max_bytes)
        deadline.left()
    # A socket that was shut down looks like the end of a body without a length.
    deadline.left()
    if received:
        decoder.finish()
    return bytes(body)


def _pieces(answer: Any) -> Iterator[bytes]:
    # Chunks are undone below urllib3, by our own response (connection.py).
    answer.chunked = False
    yield from answer.stream(_PIECE_BYTES, decode_content=False)


def _drain(answer: Any, most: int) -> None:
    """Read a short error page that has already arrived, so that its connection can be kept."""
    sock = answer.connection.sock if answer.connection is not None else None
    length = answer.length_remaining
    if sock is None or length is None or length > most:
        return
    sock.settimeout(_DRAIN_SECONDS)
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        for _ in range(_DRAIN_READS):
            answer.read1(_DRAINED_BYTES, decode_content=False)


def _location(values: list[str]) -> str | None:
    """Return a Location as written: http.client reads Latin-1, many hosts send raw UTF-8.

    Several that differ lead nowhere: which of them is meant is anybody's guess.
    """
    if not values:
        return None
    value = values[0] if len(set(values)) == 1 else ""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _is_binary(response: Response, body: bytes) -> bool:
    """Whether a body is packed, or none though it declares no type or plain text.

    As WHATWG MIME Sniffing, 7.2.
    """
    if body.startswith(_GZIP):
        # A nest: the coding that was declared is undone.
        return True
    if response.media_type not in _TYPES_TO_SNIFF:
        return False
    head = body[:_SNIFFED_BYTES]
    if head.startswith((b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf")):
        return False
    return len(head.translate(None, _BINARY)) < len(head)


def _too_large(max_bytes: int) -> EndedError:
    return EndedError(Reason.TOO_LARGE, f"the body is larger than {max_bytes} bytes")
