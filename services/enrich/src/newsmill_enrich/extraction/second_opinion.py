"""What trafilatura makes of a page: a slower, independent reading of the main text."""

import logging
from functools import cache
from types import ModuleType

from newsmill_enrich.extraction.prescan import nesting

__all__ = ["fits", "load_library", "main_text"]

MAX_TAGS = 20_000
MAX_DEPTH = 300
MAX_LETTERS = 4 * 1024 * 1024
MAX_RUN = 200_000
"""Of letters without a tag."""


@cache
def load_library() -> ModuleType:
    """Import trafilatura, which takes a third of a second and is seldom asked."""
    import trafilatura  # noqa: PLC0415

    # It logs what it could not parse; the caller's evidence says so in better words.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return trafilatura


def fits(markup: str, tags: int) -> bool:
    """Whether trafilatura gets through a page in half a second (limits found by measurement)."""
    if tags > MAX_TAGS or len(markup) > MAX_LETTERS or nesting(markup) > MAX_DEPTH:
        return False
    return max(map(len, markup.split("<")), default=0) <= MAX_RUN


def main_text(markup: str) -> str:
    """Return the main text by trafilatura (precision first), a paragraph a line, or ``""``."""
    library = load_library()
    tree = library.load_html(markup)
    if tree is None:
        return ""
    return library.extract(tree, include_comments=False, favor_precision=True) or ""
