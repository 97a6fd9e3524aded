"""Bytes and headers to text, by a ladder of evidence: what the bytes are beats what is said."""

import codecs
import re
from dataclasses import dataclass
from typing import Literal

from resiliparse.parse.encoding import detect_encoding

from newsmill_shared.charsets import codec_for_label, declared_in_content, declared_in_header

__all__ = ["Decoded", "Found", "declared_encoding", "decode"]

Found = Literal["bom", "bytes", "header", "document", "detector"]
"""Where the encoding was found: a byte order mark; the bytes, which can be nothing else; the
Content-Type header; a meta element or XML declaration; or a statistical detector."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ISO_2022_JP = (b"\x1b$B", b"\x1b$@", b"\x1b(J")
_C1_CONTROLS = re.compile("[\x80-\x84\x86-\x9f]")
_GOOD_TO_BAD = 2
"""A text is nearly UTF-8 if it has so many valid sequences for each broken byte, or one if it says
that it is. Texts in other encodings have less than one: their letters rarely look like a lead byte
and its followers."""
_DETECTED_BYTES = 64 * 1024
_WINDOWS_SIBLINGS = {
    "iso8859-2": "cp1250",
    "iso8859-16": "cp1250",
    "iso8859-5": "cp1251",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-6": "cp1256",
    "iso8859-4": "cp1257",
    "iso8859-13": "cp1257",
    "iso8859-15": "cp1252",
}
"""Windows code pages for the languages of an ISO one. A text that has characters where ISO has
controls is in the Windows one, whatever it declares."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding it was in (a Python codec's name), and where that was found."""

    text: str
    encoding: str
    found_in: Found


def decode(body: bytes, content_type: str | None = None) -> Decoded:
    """Turn a document's bytes into text; never fails, at worst some characters are U+FFFD.

    In this order: a byte order mark; bytes that are valid UTF-8, or nearly so (one broken byte,
    the end cut off); what the header or the document declares, if it decodes cleanly; what a
    detector says; what is declared, with replacements.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return Decoded(body[len(mark) :].decode(codec, "replace"), codec, "bom")
    return (
        _by_bytes(body, content_type)
        or _by_declaration(body, content_type)
        or _by_detector(body)
        or _by_force(body, content_type)
    )


def declared_encoding(body: bytes) -> str:
    """Return the encoding a browser would use that has only the document to go by."""
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return codec
    return declared_in_content(body) or "cp1252"


def _by_bytes(body: bytes, content_type: str | None) -> Decoded | None:
    """Decode what can be in one encoding only."""
    if b"\x1b" in body and any(escape in body for escape in _ISO_2022_JP):
        text = _clean(body, "iso2022-jp")
        if text is not None:
            return Decoded(text, "iso2022-jp", "bytes")
    wide = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(body[:2])
    if wide is not None:
        return Decoded(body.decode(wide, "replace"), wide, "bytes")
    text = _clean(body, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8", "bytes")
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    declared = (declared_in_header(content_type), declared_in_content(body))
    least = bad if "utf-8" in declared else _GOOD_TO_BAD * bad
    return Decoded(text, "utf-8", "bytes") if good >= least else None


def _by_declaration(body: bytes, content_type: str | None) -> Decoded | None:
    declared: list[tuple[str | None, Found]] = [
        (declared_in_header(content_type), "header"),
        (declared_in_content(body), "document"),
    ]
    for codec, found_in in declared:
        decoded = _cleanly(body, codec, found_in)
        if decoded is not None:
            return decoded
    return None


def _by_detector(body: bytes) -> Decoded | None:
    detected = detect_encoding(body, max_len=_DETECTED_BYTES) or ""
    return _cleanly(body, codec_for_label(detected.replace("_", "-")), "detector")


def _by_force(body: bytes, content_type: str | None) -> Decoded:
    header, document = declared_in_header(content_type), declared_in_content(body)
    codec = header or document or "cp1252"
    found_in: Found = "header" if header else "document" if document else "detector"
    return Decoded(body.decode(codec, "replace"), codec, found_in)


def _cleanly(body: bytes, codec: str | None, found_in: Found) -> Decoded | None:
    for candidate in (codec, _WINDOWS_SIBLINGS.get(codec or "")):
        text = _clean(body, candidate) if candidate else None
        if candidate is not None and text is not None:
            return Decoded(text, candidate, found_in)
    return None


def _clean(body: bytes, codec: str) -> str | None:
    """Decode strictly, but for a last character that is cut off; None if that fails."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(body)
    except UnicodeError:
        return None
    is_iso = codec.startswith("iso8859")
    return None if is_iso and _C1_CONTROLS.search(text) else text
