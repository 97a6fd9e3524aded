"""Reads schema.org data in JSON-LD, however broken, and finds the node about this article."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from newsmill_enrich.extraction.wording import fold

__all__ = ["Linked", "about", "clean", "is_list", "kind", "names", "parse_linked", "texts"]

Node: TypeAlias = Mapping[str, JsonValue]

MAX_DEPTH = 12
MAX_NODES = 2_000

_ARTICLE = re.compile(r"article|posting|report|review|advertorial", re.IGNORECASE)
_LIST = re.compile(r"^(collectionpage|itemlist|searchresultspage)$", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{0,400}>")
_REPAIRS = re.compile(
    r"[\x00-\x1f]|,\s*(?=[}\]])"
    r"|^\s*(?:<!--|(?://\s*)?<!\[CDATA\[)|(?:-->|(?://\s*)?\]\]>)\s*$"
)


@dataclass(frozen=True, slots=True)
class Linked:
    """All nodes of a page's JSON-LD, in order of appearance, and how many scripts were broken."""

    nodes: tuple[Node, ...]
    articles: tuple[Node, ...]
    """The nodes that are articles: with such a type, and a headline or a date."""
    broken: int

    def has_type(self, pattern: re.Pattern[str]) -> bool:
        """Whether a node has a type that matches ``pattern``."""
        return any(pattern.search(word) for node in self.nodes for word in kind(node).split())

    def by_id(self, reference: JsonValue) -> Node | None:
        """The node that has a name and this ``@id``."""
        return next(
            (node for node in self.nodes if node.get("@id") == reference and "name" in node), None
        )


def kind(node: Node) -> str:
    """The types of a node, joined by spaces, without ``https://schema.org/``."""
    value = node.get("@type")
    words = value if isinstance(value, list) else [value]
    return " ".join(word.rsplit("/", 1)[-1] for word in words if isinstance(word, str))


def clean(text: str) -> str:
    """Return text as a reader sees it: no markup, no entities (twice), single spaces."""
    text = html.unescape(text)
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAGS.sub(" ", text)
    return " ".join(text.split())


def texts(value: JsonValue) -> list[str]:
    """The non-empty strings of a value: itself, its items, or their names."""
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            item = item.get("name") or item.get("@value") or item.get("url")  # noqa: PLW2901
        if isinstance(item, str) and (text := clean(item)):
            found.append(text)
    return found


def names(value: JsonValue, linked: Linked) -> list[str]:
    """The names of people or organisations that a value holds or refers to."""
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        node = item
        if isinstance(node, dict) and "name" not in node and "@id" in node:
            node = dict(linked.by_id(node["@id"]) or node)
        found += texts(node.get("name") if isinstance(node, dict) else node)
    return found


def _walk(value: JsonValue, depth: int = 0) -> Iterator[Node]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield value
        children: Sequence[JsonValue] = list(value.values())
    elif isinstance(value, list):
        children = value
    else:
        return
    for child in children:
        if isinstance(child, dict | list):
            yield from _walk(child, depth + 1)


def _load(text: str) -> JsonValue:
    try:
        return json.loads(text, strict=False)  # type: ignore[no-any-return]
    except RecursionError:
        return None
    except ValueError:
        repaired = _REPAIRS.sub(" ", text.strip()).strip().rstrip(";")
        try:
            return json.loads(repaired, strict=False)  # type: ignore[no-any-return]
        except (ValueError, RecursionError):
            return None


def parse_linked(scripts: Sequence[str]) -> Linked:
    """Read the texts of a page's ``application/ld+json`` scripts; broken ones are counted."""
    nodes: list[Node] = []
    broken = 0
    for script in scripts:
        value = _load(script)
        if value is None:
            broken += bool(script.strip())
            continue
        for node in _walk(value):
            if len(nodes) >= MAX_NODES:
                break
            nodes.append(node)
    articles = tuple(
        node
        for node in nodes
        if _ARTICLE.search(kind(node))
        and (node.get("headline") or node.get("datePublished") or node.get("name"))
    )
    return Linked(tuple(nodes), articles, broken)


def is_list(linked: Linked) -> bool:
    """Whether the page calls itself a list of pages, and not an article."""
    return linked.has_type(_LIST) and not linked.articles


def about(linked: Linked, title: str) -> Node | None:
    """The article node whose headline is the page's title; a lone article node also counts."""
    articles = linked.articles
    key = fold(title)
    for node in articles:
        heads = texts(node.get("headline")) or texts(node.get("name"))
        for head in map(fold, heads):
            if key and head and (head == key or head.startswith(key) or key.startswith(head)):
                return node
    return articles[0] if len(articles) == 1 else None
