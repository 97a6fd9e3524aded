"""Which lines of a page are its story, and which are teasers, menus and notices around it."""

import re
from collections.abc import Sequence

from newsmill_enrich.duplicates.scripts import Profile

__all__ = ["story_lines"]

_SENTENCE_END = re.compile(r'[.!?。！？…"”»)\]]\s*$')
_DIGIT = re.compile(r"\d")
_DATE_OR_TIME = re.compile(
    r"\d{1,2}:\d\d(?::\d\d)?"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\b\d{1,2} \w+ (?:19|20)\d\d"
    r"|\b(?:19|20)\d\d\b"
)
_LEAST_SHARE = 0.35
"""Below this share of the characters the filter has misread the page: all lines count."""


def story_lines(text: str, profile: Profile) -> Sequence[str]:
    """Return the lines of ``text`` that tell its story.

    A short line counts only if it ends like a sentence or carries a number that is no date:
    headlines of other stories and notices do neither, tables of rates and results do.
    """
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    if len(lines) < 3:
        return lines
    kept = [line for line in lines if _is_story(line, profile)]
    if sum(map(len, kept)) < _LEAST_SHARE * sum(map(len, lines)):
        return lines
    return kept


def _is_story(line: str, profile: Profile) -> bool:
    if len(line) > profile.short_line_characters:
        return True
    if profile.sentence_ends and _SENTENCE_END.search(line):
        return True
    return bool(_DIGIT.search(line) and _DIGIT.search(_DATE_OR_TIME.sub("", line)))
