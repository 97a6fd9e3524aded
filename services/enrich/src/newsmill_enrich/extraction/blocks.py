"""Turns a parsed page into blocks of text in one walk over its tree, without recursion.

A block is the text between two boundaries of block elements. A block of several long lines set
apart by ``<br>`` counts as several.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from newsmill_enrich.extraction.declared import Element
from newsmill_enrich.extraction.wording import weight

__all__ = [
    "CATEGORIES",
    "FLAGS",
    "HIDDEN",
    "TAGS",
    "Block",
    "Blocks",
    "category_bits",
    "walk",
]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SKIPPED = frozenset(
    _words(
        "script style noscript template svg iframe canvas object embed head select option datalist "
        "textarea input math dialog video audio map"
    )
)
_BLOCK_TAGS = frozenset(
    _words(
        "address article aside blockquote body center dd details div dl dt fieldset figcaption "
        "figure footer form h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre section "
        "summary table tbody td tfoot th thead tr ul amp-ad"
    )
)

TAGS = _words(
    "p div li h1 h2 h3 h4 h5 h6 td th blockquote figcaption section article span pre dd dt header "
    "footer summary body"
)
"""Tags that the model tells apart; a block knows its own as an index into this."""

FLAGS = _words(
    "article main aside footer nav header figure figcaption form li table section blockquote ul "
    "button h1"
)
"""Tags whose presence among a block's ancestors the model sees, one bit each."""

_TAG_INDEX = {tag: i for i, tag in enumerate(TAGS)}
_FLAG_BIT = {tag: 1 << i for i, tag in enumerate(FLAGS)}
_OTHER_TAG = len(TAGS)

CATEGORIES = {
    "article": r"article|story|post\b|entry",
    "body": r"body|content|text|copy|paragraph|prose|rich",
    "main": r"main|primary",
    "comments": r"comment|disqus|reply|discuss|livefyre",
    "related": r"relat|recommend|more|read(?:next|more|also)|teaser|promo|trending|popular|also|"
    r"outbrain|taboola|latest|most|further|suggest",
    "share": r"share|social|follow|facebook|twitter|whatsapp|icon|tool",
    "subscribe": r"newsletter|subscri|signup|paywall|premium|register|login|donat|membership|cta",
    "advert": r"^ads?$|advert|sponsor|banner|dfp|gpt|promo",
    "navigation": r"nav|menu|breadcrumb|skip",
    "legal": r"foot|masthead|copyright|legal|disclaimer|imprint",
    "side": r"side|widget|rail|column|aside|secondary",
    "meta": r"meta|byline|author|date|time|tag|topic|categor|kicker|info|label",
    "media": r"caption|credit|image|img|photo|gallery|picture|media|video|figure|player|embed",
    "hidden": r"hidden|modal|popup|cookie|consent|overlay|visually|screen|d-none",
    "list": r"list|card|item|grid|carousel|slider|tile",
    "title": r"title|headline|heading|hed\b",
    "summary": r"summary|lead|standfirst|intro|dek|abstract|sub|excerpt|description|deck|perex",
    "quote": r"quote|pull",
    "biography": r"bio|about|profile|contact",
    "end": r"footer|bottom|end",
}
"""What words in class names and ids speak of; a block knows the categories as bits."""

HIDDEN = 1 << list(CATEGORIES).index("hidden")

_PATTERNS = [(1 << i, re.compile(pattern)) for i, pattern in enumerate(CATEGORIES.values())]
_WORDS = re.compile(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])")
_HIDE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPLIT_LENGTH = 120
_SPLIT_LINE = 60
_LONGEST_WORD = 300
_CACHE_SIZE = 20_000


class Block(NamedTuple):
    """A text, how many of its characters lie in links and in bold, and the element it lies in."""

    text: str
    link: int
    bold: int
    breaks: int
    element: int


@dataclass(slots=True)
class Blocks:
    """The blocks of a page in order, and its block elements as parallel lists.

    Element 0 is the body; a parent precedes its children, so a subtree is a range.
    """

    blocks: list[Block] = field(default_factory=list)
    parent: list[int] = field(default_factory=lambda: [0])
    tag: list[int] = field(default_factory=lambda: [_OTHER_TAG])
    own: list[int] = field(default_factory=lambda: [0])
    """Categories of an element's own class and id."""
    around: list[int] = field(default_factory=lambda: [0])
    """Categories of an element and all its ancestors."""
    flags: list[int] = field(default_factory=lambda: [0])
    depth: list[int] = field(default_factory=lambda: [0])
    signature: list[str] = field(default_factory=lambda: ["body"])
    """Tag and class: siblings of one template share it."""


_word_bits: dict[str, int] = {}
_name_bits: dict[str, int] = {}


def category_bits(names: str) -> int:
    """The categories that the words of a class or id speak of, one bit each (cached)."""
    bits = _name_bits.get(names)
    if bits is not None:
        return bits
    bits = 0
    for word in _WORDS.split(names):
        if len(word) > 1:
            bits |= _bits_of_word(word.lower())
    if len(_name_bits) > _CACHE_SIZE:
        _name_bits.clear()
    _name_bits[names] = bits
    return bits


def _bits_of_word(word: str) -> int:
    bits = _word_bits.get(word)
    if bits is None:
        bits = sum(bit for bit, pattern in _PATTERNS if pattern.search(word))
        if len(_word_bits) > _CACHE_SIZE:
            _word_bits.clear()
        _word_bits[word] = bits
    return bits


def _is_data(text: str) -> bool:
    """Whether a text is data rather than words: embedded content in base64, say."""
    return len(text) > _LONGEST_WORD and text.isascii() and " " not in text


class _Writer:
    """Collects pieces of text and writes them as blocks at each boundary."""

    __slots__ = ("bold", "lines", "link", "page", "pieces")

    def __init__(self, page: Blocks) -> None:
        self.page = page
        self.pieces: list[str] = []
        self.link = 0
        self.bold = 0
        self.lines: list[tuple[str, int, int]] = []

    def line_break(self) -> None:
        self.lines.append((" ".join("".join(self.pieces).split()), self.link, self.bold))
        self.pieces = []
        self.link = self.bold = 0

    def flush(self, element: int) -> None:
        if self.lines:
            self._flush_lines(element)
            return
        text = " ".join("".join(self.pieces).split())
        if text and not _is_data(text):
            self.page.blocks.append(Block(text, self.link, self.bold, 0, element))
        self.pieces = []
        self.link = self.bold = 0

    def _flush_lines(self, element: int) -> None:
        self.line_break()
        lines = [line for line in self.lines if line[0]]
        breaks = len(self.lines) - 1
        self.lines = []
        sizes = [weight(text) for text, _, _ in lines]
        if sum(sizes) > _SPLIT_LENGTH and max(sizes) > _SPLIT_LINE:
            self.page.blocks += [Block(*line, breaks, element) for line in lines]
        elif lines:
            text = " ".join(text for text, _, _ in lines)
            link, bold = sum(line[1] for line in lines), sum(line[2] for line in lines)
            self.page.blocks.append(Block(text, link, bold, breaks, element))


def _enter(page: Blocks, node: Element, tag: str, parent: int) -> int:
    """Record a block element; return its number."""
    attributes = node.attributes
    bits = 0
    name = ""
    if attributes:
        name = attributes.get("class") or ""
        identity = attributes.get("id") or ""
        if name or identity:
            bits = category_bits(f"{name}#{identity}")
        style = attributes.get("style")
        if (
            (style and _HIDE.search(style))
            or "hidden" in attributes
            or attributes.get("aria-hidden") == "true"
        ):
            bits |= HIDDEN
    page.parent.append(parent)
    page.tag.append(_TAG_INDEX.get(tag, _OTHER_TAG))
    page.own.append(bits)
    page.around.append(page.around[parent] | bits)
    page.flags.append(page.flags[parent] | _FLAG_BIT.get(tag, 0))
    page.depth.append(page.depth[parent] + 1)
    page.signature.append(f"{tag}.{name}")
    return len(page.parent) - 1


def walk(body: Element) -> Blocks:  # noqa: PLR0912 - one loop: calls would double its time
    """Return the blocks of a page's body."""
    page = Blocks()
    writer = _Writer(page)
    # What waits: the next sibling, the element, in a link, in bold, and the element that ends.
    stack: list[tuple[Element | None, int, bool, bool, bool]] = []
    node, element, in_link, in_bold = body.first_child, 0, False, False
    while True:
        while node is not None:
            tag = node.tag
            if tag == "-text":
                text = node.text_content
                if text:
                    writer.pieces.append(text)
                    if in_link:
                        writer.link += len(text)
                    if in_bold:
                        writer.bold += len(text)
                node = node.next
            elif tag in _BLOCK_TAGS:
                if writer.pieces or writer.lines:
                    writer.flush(element)
                entered = _enter(page, node, tag, element)
                child = node.first_child
                if child is None:
                    node = node.next
                else:
                    stack.append((node.next, element, in_link, in_bold, True))
                    node, element = child, entered
            elif not tag or tag in _SKIPPED or tag[0] in "-!":
                node = node.next
            elif tag == "br":
                writer.line_break()
                node = node.next
            else:
                child = node.first_child
                if child is None:
                    node = node.next
                else:
                    stack.append((node.next, element, in_link, in_bold, False))
                    in_link = in_link or tag == "a"
                    in_bold = in_bold or tag in ("b", "strong")
                    node = child
        if not stack:
            break
        node, outer, in_link, in_bold, ends = stack.pop()
        if ends and (writer.pieces or writer.lines):
            writer.flush(element)
        element = outer
    writer.flush(0)
    return page
