"""Sitemaps to links: XML, news, index, plain text, gzipped or not (sitemaps.org)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import Literal

from lxml import etree

from newsmill_shared.dates import read_time
from newsmill_shared.decoding import decode
from newsmill_shared.errors import EndedError, NewsmillError
from newsmill_shared.http.codings import decoder_for
from newsmill_shared.text import clean_line

__all__ = [
    "MAX_ENTRIES",
    "MAX_SITEMAP_BYTES",
    "NotASitemapError",
    "Sitemap",
    "SitemapEntry",
    "read_sitemap",
]

MAX_ENTRIES = 50_000
"""Entries beyond these are left out; the protocol allows no more."""

MAX_SITEMAP_BYTES = 50 * 1024 * 1024
"""A larger sitemap is refused, counted after decompression; the protocol allows no more."""

_GZIP = b"\x1f\x8b"
_KINDS: dict[str, Literal["urlset", "index"]] = {"urlset": "urlset", "sitemapindex": "index"}
_LINK = re.compile(r"https?://[^\s\ufffd]+", re.IGNORECASE)
_LINE = re.compile(r"[^\s#].*|#.*")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*\?>")
_LONE_AMPERSAND = re.compile(
    rb"<!\[CDATA\[.*?\]\]>|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)", re.DOTALL
)

_ENTRY_END = re.compile(rb"</(?:[\w.-]+:)?(?:url|sitemap)\s*>", re.IGNORECASE)


class NotASitemapError(NewsmillError):
    """These bytes are no sitemap that can be read."""


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """One link of a sitemap, and what the sitemap says about it."""

    url: str
    """As written; it starts with ``http://`` or ``https://``."""
    modified_at: datetime | None = None
    published_at: datetime | None = None
    """From the news extension, as is the title."""
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """Links to pages (``urlset``, ``text``) or to further sitemaps (``index``)."""

    kind: Literal["urlset", "index", "text"]
    entries: tuple[SitemapEntry, ...]


def read_sitemap(body: bytes) -> Sitemap:
    """Read a sitemap; entries that are no http(s) links are left out.

    Raises:
        NotASitemapError: It is none, it defines entities, or it is too large.
    """
    text = decode(_unpacked(body)).text
    if _LINK.match(_first_line(text)):
        return Sitemap("text", tuple(islice(_lines(text), MAX_ENTRIES)))
    if "<!ENTITY" in text:
        raise NotASitemapError("a sitemap must not define entities")
    # A link with a character that XML does not have is none, rather than another one.
    text = _NOT_XML.sub("\ufffd", text)
    xml = _XML_DECLARATION.sub("", text, count=1).strip().encode()
    try:
        return _read_xml(xml)
    except etree.XMLSyntaxError:
        return _read_repaired(xml)


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    decoder = decoder_for("gzip")
    try:
        unpacked = decoder.feed(body, MAX_SITEMAP_BYTES)
        if len(unpacked) <= MAX_SITEMAP_BYTES:
            decoder.finish()
            return unpacked
    except EndedError as error:
        raise NotASitemapError(error.detail) from error
    raise NotASitemapError(f"the sitemap is larger than {MAX_SITEMAP_BYTES} bytes")


def _first_line(text: str) -> str:
    """Return the first line that is neither empty nor a comment."""
    lines = (match[0] for match in _LINE.finditer(text))
    return next((line for line in lines if not line.startswith("#")), "")


def _lines(text: str) -> Iterator[SitemapEntry]:
    for line in text.splitlines():
        if _LINK.fullmatch(line.strip()):
            yield SitemapEntry(line.strip())


def _read_repaired(xml: bytes) -> Sitemap:
    """Read XML that is not well-formed: many write ``&`` in links as it is, some end too early."""
    repaired = _LONE_AMPERSAND.sub(lambda match: b"&amp;" if match[0] == b"&" else match[0], xml)
    # The parser would close what was cut in two, and a link would be half a link.
    last = max((match.end() for match in _ENTRY_END.finditer(repaired)), default=len(repaired))
    try:
        return _read_xml(repaired[:last], recover=True)
    except etree.XMLSyntaxError as error:
        raise NotASitemapError(f"the sitemap is not XML: {error}") from error


def _read_xml(xml: bytes, *, recover: bool = False) -> Sitemap:
    events = etree.iterparse(
        BytesIO(xml),
        events=("start", "end"),
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        encoding="utf-8",
    )
    _, root = next(events, (None, None))
    kind = _KINDS.get(_name(root)) if root is not None else None
    if kind is None:
        raise NotASitemapError("the sitemap's first element is neither urlset nor sitemapindex")
    return Sitemap(kind, tuple(islice(_entries(events, kind), MAX_ENTRIES)))


def _entries(events: "etree.iterparse", kind: Literal["urlset", "index"]) -> Iterator[SitemapEntry]:
    wanted = "url" if kind == "urlset" else "sitemap"
    for event, element in events:
        if event != "end" or _name(element) != wanted:
            continue
        entry = _entry(element)
        if entry is not None:
            yield entry
        # What was read is dropped, so that memory does not grow with the sitemap.
        element.clear()
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)


def _entry(element: "etree._Element") -> SitemapEntry | None:
    fields: dict[str, etree._Element] = {}
    for child in element:
        fields.setdefault(_name(child), child)
    url = _text(fields.get("loc"))
    if not _LINK.match(url) or "\ufffd" in url:
        return None
    news = fields.get("news")
    about = {_name(child): _text(child) for child in news} if news is not None else {}
    return SitemapEntry(
        url,
        modified_at=read_time(_text(fields.get("lastmod"))),
        published_at=read_time(about.get("publication_date", "")),
        title=clean_line(about.get("title", "")) or None,
    )


def _name(element: "etree._Element") -> str:
    """Return an element's name without its namespace and case: the wild has many spellings."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def _text(element: "etree._Element | None") -> str:
    return "".join(map(str, element.itertext())).strip() if element is not None else ""
