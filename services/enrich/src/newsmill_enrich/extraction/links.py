"""Links by which a page speaks of itself: its canonical address and its variants."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsmill_shared.messages import AliasKind
from newsmill_shared.urls import URLRefusedError, resolve_reference

__all__ = ["Links", "read_links"]

MAX_LINKS = 200
"""Of a page's ``link`` elements; the others are not looked at."""

_HEADER_LINK = re.compile(r"<([^<>]*)>((?:\s*;[^,<]*)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;\"]+))", re.IGNORECASE)
_SMALL_SCREEN = re.compile(r"\bhandheld\b|max-(?:device-)?width\s*:\s*\d{3}px", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute URLs, in the order of the page."""

    canonical: tuple[str, ...] = ()
    """Where the page says that it belongs, in its head or in its response's headers."""
    variants: tuple[tuple[AliasKind, str], ...] = ()
    """Other forms of the page, with what each is for."""
    is_amp: bool = False
    """The page is itself the AMP form of another."""


def read_links(tree: LexborHTMLParser, url: str, link_header: str) -> Links:
    """Return what a page at ``url`` and its Link header say.

    A canonical link counts in the head only: what stands in the body may come from a reader.
    """
    base = _base(tree, url)
    canonical: list[str] = []
    variants: list[tuple[AliasKind, str]] = []
    for element in tree.css("head link[rel][href]")[:MAX_LINKS]:
        relations = (element.attributes.get("rel") or "").lower().split()
        target = _absolute(element.attributes.get("href") or "", base)
        if target is None:
            continue
        if "canonical" in relations:
            canonical.append(target)
        kind = _kind(relations, element)
        if kind is not None:
            variants.append((kind, target))
    canonical += filter(None, (_absolute(link, url) for link in _canonical_in(link_header)))
    root = tree.css_first("html")
    attributes = root.attributes if root is not None else {}
    return Links(
        _distinct(canonical), tuple(variants), is_amp="amp" in attributes or "\u26a1" in attributes
    )


def _base(tree: LexborHTMLParser, url: str) -> str:
    element = tree.css_first("head base[href]")
    return (element is not None and _absolute(element.attributes.get("href") or "", url)) or url


def _absolute(reference: str, base: str) -> str | None:
    if not reference.strip():
        return None
    try:
        return resolve_reference(base, reference)
    except URLRefusedError:
        return None


def _kind(relations: list[str], element: LexborNode) -> AliasKind | None:
    if "amphtml" in relations:
        return "amp"
    media = element.attributes.get("media") or ""
    # A translation is another page.
    if "alternate" not in relations or element.attributes.get("hreflang"):
        return None
    if media.strip().lower() == "print":
        return "print"
    return "mobile" if _SMALL_SCREEN.search(media) else None


def _canonical_in(header: str) -> Iterator[str]:
    for link in _HEADER_LINK.finditer(header):
        relation = _REL.search(link[2])
        if relation and "canonical" in (relation[1] or relation[2]).lower().split():
            yield link[1]


def _distinct(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urls))
