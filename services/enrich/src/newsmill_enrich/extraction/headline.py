"""Chooses a page's headline among what it shows and what it says of itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsmill_enrich.extraction.declared import Declared, Tree
from newsmill_enrich.extraction.jsonld import clean, texts
from newsmill_enrich.extraction.wording import fold

__all__ = ["Headline", "likeness", "read_headline"]

_SEPARATOR = re.compile(r"\s+[|\-–—·•»«:/]+\s+|\s*[|_｜]\s*")
_WORD = re.compile(r"\w+")
_GAP = re.compile(r"(?<=\w)\s+([:;,])(?=\s)")
MAX_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline, where it was found, and the other candidates with their places."""

    text: str
    found_in: str
    candidates: tuple[tuple[str, str], ...]


def _units(text: str) -> set[str]:
    """Words; or pairs of letters where words are not set apart by spaces."""
    folded = fold(text)
    words = _WORD.findall(folded)
    if words and len(folded) / len(words) < 12 and folded.isascii():
        return set(words)
    dense = [word for word in words if len(word) > 12 and not word.isascii()]
    if not dense:
        return set(words)
    return {word[i : i + 2] for word in words for i in range(max(1, len(word) - 1))}


def likeness(one: str, other: str) -> float:
    """The Dice coefficient of two texts' words, 0 to 1."""
    a, b = _units(one), _units(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def _without_site(title: str, site: str) -> str:
    """Cut the site's name (or a short last part) off a page's title."""
    parts = [part for part in _SEPARATOR.split(title) if part]
    if len(parts) < 2:
        return title
    if site:
        key = fold(site)
        kept = [part for part in parts if fold(part) != key and likeness(part, site) < 0.6]
        if kept and len(kept) < len(parts):
            longest = max(kept, key=len)
            start, end = title.find(kept[0]), title.rfind(kept[-1]) + len(kept[-1])
            whole = title[start:end]
            return whole if len(kept) <= 2 else longest
    first, last = parts[0], parts[-1]
    if len(last) < 0.6 * len(title) and len(first) >= len(last):
        return title[: title.rfind(last)].rstrip(" |-–—·•»«:/_｜")
    if len(first) < 25 and len(last) > 2 * len(first):
        return title[title.find(first) + len(first) :].lstrip(" |-–—·•»«:/_｜")
    return title


def _agreement(text: str, references: Sequence[str]) -> float:
    key = fold(text)
    best = 0.0
    for reference in references:
        folded = fold(reference)
        if len(key) > 8 and (folded.startswith(key) or key == folded):
            return 1.0
        if len(key) > 12 and (key in folded or folded in key) and len(folded) > 12:
            best = max(best, 0.95)
        best = max(best, likeness(text, reference))
    return best


def _headings(tree: Tree) -> list[tuple[str, str]]:
    found = []
    for selector, limit in (("h1", 8), ("h2", 6)):
        for element in tree.css(selector)[:limit]:
            text = clean(element.text(separator=" "))
            if 3 < len(text) < MAX_LENGTH:
                found.append((selector, text))
    return found


def _tidy(text: str) -> str:
    """Close the gap that markup leaves before a colon (``Kicker : Headline``)."""
    return _GAP.sub(r"\1", text)


def _site_parts(title: str, bare: Sequence[str]) -> set[str]:
    """The parts of a page's title that are not its headline: the names of site and section."""
    parts = [fold(part) for part in _SEPARATOR.split(title) if part]
    return {part for part in parts if part and not any(part in text for text in bare)}


def _has_subtitle(heading: str, text: str) -> bool:
    """Whether a heading is ``text`` and, with nothing but a space between, another sentence."""
    behind = heading[len(text) :]
    return heading.startswith(text) and behind[:1] == " " and behind[1:2].isupper()


def _without_kicker(heading: str, said: Sequence[str]) -> str:
    """Cut a kicker or a subtitle off a heading where the page elsewhere does without it."""
    key = fold(heading)
    for text in said:
        short = fold(text)
        substantial = len(short) > 15 and 0.4 * len(key) <= len(short) < len(key)
        if substantial and (key.endswith(short) or _has_subtitle(heading, text)):
            return text
    return heading


def _linked_headline(declared: Declared, others: Sequence[str]) -> str:
    """The headline in JSON-LD, if it is this page's and not cut short."""
    for node in declared.linked.articles:
        for head in texts(node.get("headline")):
            longer = any(
                len(other) > len(head) and fold(other).startswith(fold(head.rstrip("….")))
                for other in others
            )
            if not longer and (not others or _agreement(head, others) >= 0.4):
                return head
    return declared.first("headline", "sailthru.title", "parsely-title")


def read_headline(tree: Tree, declared: Declared) -> Headline:
    """Choose the headline.

    A visible heading that equals what the page gives to social networks wins; then the headline
    in JSON-LD, which is free of kickers; then the heading that agrees best with what the page
    says of itself; then that itself, without the site's name.
    """
    site = declared.first("og:site_name", "application-name")
    social = declared.first("og:title", "twitter:title", "dc.title", "dcterms.title")
    headings = [(place, _tidy(text)) for place, text in _headings(tree)]
    shown = [text for place, text in headings if place == "h1"]
    linked = _linked_headline(declared, [x for x in (*shown, social, declared.title) if x])
    said = [text for text in (social, linked, declared.title) if text]
    candidates = [("og:title", social), ("json-ld", linked), ("title", declared.title)]
    listing = tuple((place, text) for place, text in (*headings[:4], *candidates) if text)

    bare = [fold(_without_site(text, site)) for text in said]
    names = {fold(site), *_site_parts(declared.title, bare)} - set(bare)
    scored = [
        (_agreement(text, said), place, text) for place, text in headings if fold(text) not in names
    ]
    first = [item for item in scored if item[1] == "h1"]
    best = max(first, key=lambda item: item[0], default=(0.0, "", ""))
    if best[0] < 0.5:
        second = max(scored, key=lambda item: item[0], default=(0.0, "", ""))
        best = second if second[0] >= 0.8 else (0.0, "", "")
    if best[2]:
        best = (best[0], best[1], _without_kicker(best[2], said))
    same = fold(best[2]) == fold(_without_site(social, site)) if best[2] else False
    if linked and not same:
        return Headline(linked, "json-ld", listing)
    if best[2]:
        return Headline(best[2], best[1], listing)
    for place, text in (("og:title", social), ("title", declared.title)):
        if text and fold(text) != fold(site):
            return Headline(_without_site(text, site), place, listing)
    if len(first) == 1:
        return Headline(first[0][2], "h1", listing)
    return Headline("", "", listing)
