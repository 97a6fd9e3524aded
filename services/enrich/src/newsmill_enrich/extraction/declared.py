"""What a page declares about itself: metadata, links, JSON-LD, declared languages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsmill_enrich.extraction.jsonld import Linked, clean, parse_linked
from newsmill_enrich.extraction.links import Links, read_links
from newsmill_shared.robots_tags import AGENT, Directives, read_robots_metas

__all__ = ["Declared", "Element", "Tree", "in_frame", "read_declared", "web_url"]

Tree: TypeAlias = LexborHTMLParser
Element: TypeAlias = LexborNode

_FRAME = re.compile(
    r"comment|relat|teaser|recommend|sidebar|widget|footer|popular|most-?read|latest|newest|"
    r"trending|promo|carousel|archive|calendar|copyright|masthead|today|event|more-",
    re.IGNORECASE,
)
MAX_META = 500
MAX_VALUE = 2_000


@dataclass(frozen=True, slots=True)
class Declared:
    """The head of a page. ``meta`` maps lower-case names to their non-empty values, in order."""

    meta: Mapping[str, tuple[str, ...]]
    linked: Linked
    title: str
    canonical: str | None
    links: Links
    robots: Directives
    """What its meta elements ask of crawlers."""
    languages: Mapping[str, str]

    def first(self, *names: str) -> str:
        """The first value of the first of ``names`` that the page declares, cleaned, or ``""``."""
        for name in names:
            for value in self.meta.get(name, ()):
                if text := clean(value):
                    return text
        return ""

    def found(self, *names: str) -> tuple[str, str]:
        """Like :meth:`first`, with the name it was found under."""
        for name in names:
            if text := self.first(name):
                return text, name
        return "", ""


def web_url(value: str, base: str) -> str | None:
    """Return ``value`` as an absolute http(s) URL, or None if it is none."""
    try:
        url = urljoin(base, value.strip())
        parts = urlsplit(url)
    except ValueError:
        return None
    valid = parts.scheme in ("http", "https") and parts.netloc and not any(c.isspace() for c in url)
    return url if valid else None


def read_declared(tree: Tree, url: str, headers: Mapping[str, str]) -> Declared:
    """Read the head of a parsed page that was found at ``url``."""
    meta: dict[str, list[str]] = {}
    robots: list[tuple[str, str]] = []
    for element in tree.css("meta")[:MAX_META]:
        attributes = element.attributes
        name = (
            attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
            or attributes.get("http-equiv")
        )  # fmt: skip
        content = attributes.get("content")
        if name and content and content.strip():
            meta.setdefault(name.strip().lower(), []).append(content.strip()[:MAX_VALUE])
            robots.append((name, content[:MAX_VALUE]))
    scripts = [
        element.text() or "" for element in tree.css('script[type^="application/ld+json" i]')
    ]
    canonical = None
    for element in tree.css('link[rel~="canonical" i]'):
        canonical = web_url(element.attributes.get("href") or "", url)
        break
    heading = tree.css_first("head > title") or tree.css_first("title")
    declared = {key: tuple(values) for key, values in meta.items()}
    return Declared(
        meta=declared,
        linked=parse_linked(scripts),
        title=clean(heading.text()) if heading is not None else "",
        canonical=canonical or web_url((declared.get("og:url") or ("",))[0], url),
        links=read_links(tree, url, headers.get("link", "")),
        robots=read_robots_metas(robots, AGENT),
        languages=_languages(tree, declared, headers),
    )


def _languages(
    tree: Tree, meta: Mapping[str, tuple[str, ...]], headers: Mapping[str, str]
) -> dict[str, str]:
    root = tree.css_first("html")
    attributes = root.attributes if root is not None else {}
    found = {
        "html": attributes.get("lang") or attributes.get("xml:lang") or "",
        "og": (meta.get("og:locale") or ("",))[0],
        "meta": (meta.get("content-language") or meta.get("language") or ("",))[0],
        "header": headers.get("content-language", ""),
    }
    return {where: tag.strip()[:35] for where, tag in found.items() if tag.strip()}


def in_frame(element: Element) -> bool:
    """Whether an element belongs to the frame of the page rather than to its article."""
    node: Element | None = element
    for _ in range(8):
        if node is None or node.tag in ("body", "html"):
            return False
        if node.tag in ("footer", "nav", "aside"):
            return True
        attributes = node.attributes
        if _FRAME.search(f"{attributes.get('class') or ''} {attributes.get('id') or ''}"):
            return True
        node = node.parent
    return False
