"""Collects what a publisher says about the topic of a page, and its section as written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from newsmill_enrich.extraction.declared import Declared, Tree
from newsmill_enrich.extraction.jsonld import Linked, about, clean, kind, texts
from newsmill_enrich.extraction.wording import fold

__all__ = ["read_section", "read_signals", "url_folders"]

MAX_VALUES = 30
MAX_VALUE = 100

_CATEGORY_CLASS = re.compile(r"(?:^|\s)(?:category|cat|section)-([a-z][\w-]{2,40})(?=\s|$)")
_LANGUAGE = re.compile(r"^[a-z]{2}(?:[-_][a-z]{2})?$", re.IGNORECASE)
_FILE = re.compile(r"\.\w{2,5}$")
_HOME = frozenset(("home", "start", "startseite", "accueil", "inicio", "главная", "ana səhifə"))


def url_folders(url: str) -> tuple[str, ...]:
    """The folders of a URL's path that may name a section: words, no dates, ids or languages."""
    parts = unquote(urlsplit(url).path).split("/")[:-1]
    return tuple(
        part
        for part in parts
        if 1 < len(part) <= 40
        and not _LANGUAGE.match(part)
        and not _FILE.search(part)
        and not re.fullmatch(r"[\d_.-]+|[0-9a-f]{8,}", part)
        and part.count("-") <= 4
    )[:4]


def _breadcrumb(tree: Tree, linked: Linked) -> list[str]:
    for node in linked.nodes:
        if kind(node) != "BreadcrumbList":
            continue
        items = node.get("itemListElement")
        found = []
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict):
                found += texts(item.get("name") or item.get("item"))[:1]
        if len(found) > 1:
            return found
    for selector in ('[itemtype*="BreadcrumbList"] [itemprop="name"]', '[class*="breadcrumb" i] a'):
        found = [clean(element.text(separator=" ")) for element in tree.css(selector)[:8]]
        if found:
            return found
    return []


def _short(values: Iterable[str]) -> tuple[str, ...]:
    kept = (value for value in values if 0 < len(value) <= MAX_VALUE)
    return tuple(dict.fromkeys(kept))[:MAX_VALUES]


def read_signals(
    tree: Tree, declared: Declared, title: str, url: str
) -> Mapping[str, tuple[str, ...]]:
    """Return the publisher's topic signals: kind of signal -> values, each kind only if present."""
    node = about(declared.linked, title)
    body = tree.body
    classes = (body.attributes.get("class") or "") if body is not None else ""
    for element in tree.css("article")[:1]:
        classes += " " + (element.attributes.get("class") or "")
    keywords = declared.meta.get("keywords", ()) + declared.meta.get("news_keywords", ())
    own = texts(node.get("keywords")) if node else []
    crumbs = [
        crumb
        for crumb in _breadcrumb(tree, declared.linked)
        if fold(crumb) != fold(title) and fold(crumb) not in _HOME
    ]
    found: dict[str, Iterable[str]] = {
        "meta_section": map(
            clean,
            declared.meta.get("article:section", ())
            + declared.meta.get("section", ())
            + declared.meta.get("parsely-section", ()),
        ),
        "jsonld_section": texts(node.get("articleSection")) if node else (),
        "breadcrumb": crumbs,
        "url_path": url_folders(url),
        "category_class": [name.replace("-", " ") for name in _CATEGORY_CLASS.findall(classes)],
        "article_tag": map(clean, declared.meta.get("article:tag", ())),
        "keywords": [
            clean(word) for value in (*keywords, *own) for word in re.split(r"[,;，、]", value)
        ],
        "rel_category": [
            clean(element.text(separator=" "))
            for element in tree.css('a[rel~="category"], a[rel~="tag"][href*="categor"]')[:8]
        ],
    }
    signals = {name: _short(values) for name, values in found.items()}
    return {name: values for name, values in signals.items() if values}


def _first_of_several(value: str) -> str:
    """``Politics, Economy, Europe`` is three sections; ``Arts, Books & Music`` is one."""
    parts = [part.strip() for part in value.split(",")]
    return parts[0] if len(parts) > 1 and parts[0] and "&" not in value else value


def _linked_folder(tree: Tree, folders: Sequence[str]) -> str | None:
    """The text of a link to one of the folders of the page's own URL: the section in the menu."""
    for folder in folders:
        if not re.fullmatch(r"[\w.-]+", folder):
            continue
        for element in tree.css(f'a[href$="/{folder}/" i], a[href$="/{folder}" i]')[:4]:
            label = clean(element.text(separator=" "))
            if 1 < len(label) <= 40 and label.count(" ") < 4:
                return label
    return None


def read_section(
    tree: Tree, signals: Mapping[str, tuple[str, ...]], site: str, rubric: str | None = None
) -> tuple[str | None, str]:
    """The section as the publisher writes it, and where that stands."""
    for name in ("jsonld_section", "meta_section"):
        for value in signals.get(name, ()):
            return _first_of_several(value), name
    for crumb in signals.get("breadcrumb", ()):
        if fold(crumb) != fold(site) and not crumb.isdigit():
            return crumb, "breadcrumb"
    if rubric:
        return rubric, "label at the dateline"
    for value in signals.get("rel_category", ()):
        return value, "rel_category"
    linked = _linked_folder(tree, signals.get("url_path", ()))
    return (linked, "link to the URL's folder") if linked else (None, "")
