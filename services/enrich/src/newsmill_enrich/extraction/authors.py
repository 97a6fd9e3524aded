"""Finds who wrote an article: people and agencies, in any language."""

import re
from collections.abc import Iterable, Iterator, Sequence

from newsmill_enrich.extraction.declared import Declared, Tree, in_frame
from newsmill_enrich.extraction.jsonld import about, clean, names
from newsmill_enrich.extraction.wording import fold, strip_byline

__all__ = ["read_authors"]

_META = (
    "author", "article:author", "article:author_name", "parsely-author", "dc.creator",
    "dcterms.creator", "sailthru.author", "byl", "cxenseparse:author", "article.author",
    "citation_author", "dc.contributor", "og:article:author", "authors", "creator",
)  # fmt: skip
_NAMES = (
    '[itemprop~="author"] [itemprop~="name"]',
    '[rel~="author"]',
    ".author .fn, .vcard .fn",
    ".author-name, .author__name, .byline__name, .byline-name, .article-author__name",
)
"""Elements that hold a name and nothing else: there a single word is one."""

_SELECTORS = (
    *_NAMES,
    '[itemprop~="author"]',
    '[class*="author-name" i], [class*="authorname" i], [class*="author_name" i]',
    ".author, .byline, .article-author, .post-author",
    '[class*="byline" i], [class*="author" i]',
)
_JOINED = re.compile(
    r"\s*[,;|/·•]\s*|\s+(?:and|und|et|y|e|en|i|og|och|ja|ve|və|и|та|і|și|és|&|και|و|与|與|和)\s+",
    re.IGNORECASE,
)
_ROLE = re.compile(r"^(?:redaktion|reporter|editor|correspondent|staff|autor|author)s?:\s*", re.I)
_TITLE_BEHIND = re.compile(
    r"\s+(?:more posts|all posts|alle (?:artikel|beiträge)(?: anzeigen)?|(?:chef)?redakteur(?:in)?|"
    r"staff writer|(?:senior |chief )?(?:editor|reporter|correspondent)|says|sagt|said|schreibt)$",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(r"https?:|www\.|@|\d{2}|\.(?:com|de|net|org|co)\b", re.IGNORECASE)
_ADDRESS = re.compile(r"\S*(?:https?:|www\.|@)\S*$")
_NOBODY = frozenset(("admin", "administrator", "no author", "unknown", "none"))
MAX_NAME = 60


def _people(text: str) -> Iterator[str]:
    text, _ = strip_byline(clean(text))
    if _ADDRESS.match(text):
        return
    for part in _JOINED.split(text):
        name, _ = strip_byline(_ROLE.sub("", part))
        name = _TITLE_BEHIND.sub("", re.sub(r"\s*\([^)]*\)\s*$", "", name)).strip(" .:-–*")
        if 1 < len(name) <= MAX_NAME and not _NOT_A_NAME.search(name) and name.count(" ") < 6:
            yield name


def _unique(found: Iterable[str], site: str) -> tuple[str, ...]:
    """Each name once; the site's own name only where nobody else is named."""
    unique: dict[str, str] = {}
    for name in found:
        unique.setdefault(fold(name), name)
    if len(unique) > 1:
        unique.pop(fold(site), None)
    return tuple(name for key, name in unique.items() if key and key not in _NOBODY)[:20]


def _in_linked_data(declared: Declared, title: str) -> Iterator[str]:
    node = about(declared.linked, title)
    for candidate in (*([node] if node else []), *declared.linked.articles):
        found = [
            name
            for text in names(candidate.get("author"), declared.linked)
            for name in _people(text)
        ]
        if found:
            yield from found
            return


def _in_elements(tree: Tree) -> Iterator[tuple[str, tuple[str, ...]]]:
    for selector in _SELECTORS:
        found: list[str] = []
        for element in tree.css(selector)[:6]:
            text = clean(element.text(separator=" "))
            if 3 < len(text) < 100 and not in_frame(element):
                found += [name for name in _people(text) if " " in name or selector in _NAMES]
        if found:
            yield f"element {selector.split(',')[0]}", tuple(found)


def _is_house(found: tuple[str, ...], declared: Declared) -> bool:
    """Whether the only author is the publisher itself."""
    if len(found) != 1:
        return False
    key = fold(found[0])
    site = fold(declared.first("og:site_name", "application-name"))
    publishers = {
        fold(name)
        for node in declared.linked.articles
        for name in names(node.get("publisher"), declared.linked)
    }
    return key == site or key in publishers or (" " not in key and key in fold(declared.title))


def read_authors(
    tree: Tree, declared: Declared, title: str, bylines: Sequence[str] = ()
) -> tuple[tuple[str, ...], str]:
    """Return the authors and where they were found (``""`` if nowhere).

    ``bylines`` are the names that stand behind a ``By`` around the text.

    People come before the publisher's own name: that stands only where nobody else is named.
    """
    site = declared.first("og:site_name", "application-name")
    house: tuple[tuple[str, ...], str] = ((), "")
    found = _unique(_in_linked_data(declared, title), site)
    places = [("json-ld author", found)]
    for key in _META:
        values = declared.meta.get(key, ())
        places.append((f"meta {key}", _unique((n for v in values for n in _people(v)), site)))
    if not any(people and not _is_house(people, declared) for _, people in places):
        shown = tuple(name for text in bylines for name in _people(text))
        places += [("byline", shown), *_in_elements(tree)]
    for place, people in places:
        if not people:
            continue
        if not _is_house(people, declared):
            return _unique(people, site), place
        house = house if house[0] else (people, place)
    return house
