"""Tells articles from lists, error pages, walls and empty pages, and says on what ground."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsmill_enrich.extraction.wording import is_error_heading, weight

__all__ = ["Facts", "not_an_article"]

MIN_WEIGHT = 120
"""A text lighter than this (Latin letters) is no article, unless the page says it is one."""

MIN_DECLARED_WEIGHT = 60
"""The same for a page that declares itself an article with a headline and a date."""

LIST_LINK_SHARE = 0.6
"""A page whose text lies in links to this share, and whose prose is short, is a list."""

NOISE_RUN = 5_000
"""Letters without a space, of fewer kinds than a language without spaces has."""

_WALL = re.compile(
    r"enable javascript|javascript is (?:disabled|required)|verify (?:you are|that you are) human|"
    r"checking your browser|access denied|are you a robot|unusual traffic|captcha|"
    r"subscribe to continue|log in to continue|sign in to continue|"
    r"we use cookies|wir verwenden cookies|nous utilisons des cookies|accept all cookies",
    re.IGNORECASE,
)
_HOME_PATH = re.compile(
    r"^/?(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:index\.\w+|home/?)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gate looks at."""

    url: str
    title: str
    text: str
    declares_article: bool = False
    """By JSON-LD or OpenGraph, with a headline."""
    declares_list: bool = False
    has_date: bool = False
    link_share: float = 0.0
    """Share of the page's letters that lie in links, 0 to 1."""
    teasers: int = 0
    """Linked headlines on the page that lead elsewhere on the same host."""
    listed: int = 0
    """Paragraphs of the text that stand each below a headline that is a link."""
    paragraphs: int = 0
    prose: int = 0
    """Paragraphs of the text that are prose."""


def _is_noise(text: str) -> bool:
    """Whether a text is runs of few letters without spaces: data, not language."""
    if len(text) < NOISE_RUN:
        return False
    run = max(text.split(), key=len, default="")
    return len(run) > max(NOISE_RUN, len(text) / 2) and len(set(run[:NOISE_RUN])) < 80


def _no_text(facts: Facts, size: int) -> str | None:
    """Grounds that hold whatever a page declares."""
    least = MIN_DECLARED_WEIGHT if facts.declares_article and facts.has_date else MIN_WEIGHT
    grounds = (
        (not facts.text.strip(), "no text"),
        (size < 1_500 and is_error_heading(facts.title), f"error page: {facts.title[:80]}"),
        (size < 600 and _WALL.search(facts.text), "a wall in place of an article"),
        (_is_noise(facts.text), "no words"),
        (size < least, f"text too short: {size} letters, at least {least}"),
    )
    return next((ground for holds, ground in grounds if holds), None)


def _no_single_text(facts: Facts) -> str | None:
    """Grounds that hold for pages that do not declare themselves articles."""
    parts = urlsplit(facts.url)
    at_home = bool(_HOME_PATH.fullmatch(parts.path)) and not parts.query
    links = facts.link_share > LIST_LINK_SHARE and facts.prose < 1 and not facts.has_date
    listed = facts.listed >= 4 and facts.listed >= 0.6 * facts.paragraphs
    grounds = (
        (facts.declares_list, "the page declares itself a list"),
        (listed, f"a list of {facts.listed} teasers"),
        (at_home and facts.teasers >= 10, f"a home page with {facts.teasers} headlines"),
        (links and facts.teasers >= 10, f"a list of {facts.teasers} linked headlines"),
    )
    return next((ground for holds, ground in grounds if holds), None)


def not_an_article(facts: Facts) -> str | None:
    """Return the ground on which a page is no article, or None if it may be one."""
    size = weight(facts.text)
    return _no_text(facts, size) or (None if facts.declares_article else _no_single_text(facts))
