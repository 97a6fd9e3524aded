"""Finds who wrote an article: people and agencies, in any language."""

import re
from collections.abc import Iterable, Iterator

from newsmill_enrich.extraction.declared import Declared, Tree
from newsmill_enrich.extraction.jsonld import about, clean, names
from newsmill_enrich.extraction.wording import fold, strip_byline

__all__ = ["read_authors"]

_META = (
    "author", "article:author", "article:author_name", "parsely-author", "dc.creator",
    "dcterms.creator", "sailthru.author", "byl", "cxenseparse:author", "article.author",
    "citation_author", "dc.contributor", "og:article:author", "authors", "creator",
)  # fmt: skip
_SELECTORS = (
    '[itemprop~="author"] [itemprop~="name"]', '[rel~="author"]', '[itemprop~="author"]',
    '.author-name, .author__name, .byline__name, .byline-name, .article-author__name',
    '[class*="author-name" i], [class*="authorname" i], [class*="author_name" i]',
    '.author, .byline, .article-author, .post-author', '[class*="byline" i], [class*="author" i]',
)  # fmt: skip
_JOINED = re.compile(
    r"\s*[,;|/·•]\s*|\s+(?:and|und|et|y|e|en|i|og|och|ja|ve|və|и|та|і|și|és|&|και|و|与|與|和)\s+",
    re.IGNORECASE,
)
_ROLE = re.compile(r"^(?:redaktion|reporter|editor|correspondent|staff|autor|author)s?:\s*", re.I)
_NOT_A_NAME = re.compile(r"https?:|www\.|@|\d{2}|\.(?:com|de|net|org|co)\b", re.IGNORECASE)
MAX_NAME = 60


def _people(text: str) -> Iterator[str]:
    text, _ = strip_byline(clean(text))
    for part in _JOINED.split(text):
        name, _ = strip_byline(_ROLE.sub("", part))
        name = re.sub(r"\s*\([^)]*\)\s*$", "", name).strip(" .:-–")
        if 1 < len(name) <= MAX_NAME and not _NOT_A_NAME.search(name) and name.count(" ") < 6:
            yield name


def _unique(found: Iterable[str], site: str) -> tuple[str, ...]:
    unique: dict[str, str] = {}
    for name in found:
        unique.setdefault(fold(name), name)
    if len(unique) > 1:
        unique.pop(fold(site), None)
    return tuple(name for key, name in unique.items() if key)[:20]


def read_authors(tree: Tree, declared: Declared, title: str) -> tuple[tuple[str, ...], str]:
    """Return the authors and where they were found (``""`` if nowhere)."""
    site = declared.first("og:site_name", "application-name")
    node = about(declared.linked, title)
    for candidate in ([node] if node else []) + declared.linked.articles():
        if candidate.get("author"):
            found = [
                name
                for text in names(candidate["author"], declared.linked)
                for name in _people(text)
            ]
            if found:
                return _unique(found, site), "json-ld author"
    for key in _META:
        found = [name for value in declared.meta.get(key, ()) for name in _people(value)]
        if found:
            return _unique(found, site), f"meta {key}"
    for selector in _SELECTORS:
        found = []
        for element in tree.css(selector)[:4]:
            text = clean(element.text(separator=" "))
            if 3 < len(text) < 100:
                found += [name for name in _people(text) if " " in name]
        if found:
            return _unique(found, site), f"element {selector.split(',')[0]}"
    return (), ""
