"""What trafilatura makes of a page: a slower, independent reading of the main text."""

import logging

from lxml.html import HtmlElement
from trafilatura import extract, load_html

from newsmill_enrich.extraction.prescan import nesting

__all__ = ["fits", "main_text"]

MAX_TAGS = 20_000
MAX_DEPTH = 300
MAX_LETTERS = 4 * 1024 * 1024
MAX_RUN = 200_000
"""Of letters without a tag."""

# It logs what it could not parse; the caller's evidence says so in better words.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def fits(markup: str, tags: int) -> bool:
    """Whether trafilatura gets through a page in bearable time (limits found by measurement)."""
    if tags > MAX_TAGS or len(markup) > MAX_LETTERS or nesting(markup) > MAX_DEPTH:
        return False
    return max(map(len, markup.split("<")), default=0) <= MAX_RUN


def main_text(markup: str) -> str:
    """Return the main text by trafilatura (precision first), a paragraph a line, or ``""``."""
    tree: HtmlElement | None = load_html(markup)
    if tree is None:
        return ""
    return extract(tree, include_comments=False, favor_precision=True) or ""
