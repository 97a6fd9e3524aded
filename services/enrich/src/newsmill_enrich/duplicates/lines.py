"""Which lines of a page are its story, and which are teasers, menus and notices around it."""

import re
from collections.abc import Sequence
from itertools import accumulate, groupby

from newsmill_enrich.duplicates.scripts import Profile

__all__ = ["story_spans"]

_DIGIT = re.compile(r"\d")
_DATE_OR_TIME = re.compile(
    r"\d{1,2}:\d\d(?::\d\d)?"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\b\d{1,2} \w+ (?:19|20)\d\d"
    r"|\b(?:19|20)\d\d\b"
)
_MANY_LINES = 4
"""So many lines in a row without a sentence are a list: of figures, or of headlines."""
_TABLE_SHARE = 0.7
"""Of a list's lines, with a number each, for it to be a table that belongs to the story."""
_WRAPPED_SHARE = 0.3
_LEAST_SHARE = 0.35
_LEAST_SHARE_OF_A_STORY = 0.12
"""Below these shares of the characters the filter has misread the page: all lines count."""


def story_spans(text: str, profile: Profile) -> list[tuple[int, int]] | None:
    """Return where in ``text`` the lines lie that tell its story, or None if all of them do.

    A short line counts only if it ends like a sentence or carries a number that is no date:
    headlines of other stories and notices do neither, tables of rates and results do. A longer
    list counts whole when nearly every line has a number, else not at all.
    """
    lines = text.split("\n")
    longest, ends_of_sentences = profile.headline_characters, profile.sentence_ends
    # No longer than a headline, and no sentence: perhaps no line of the story.
    frame = [len(line) <= longest and line.rstrip()[-1:] not in ends_of_sentences for line in lines]
    if not any(frame):
        return None
    ends = accumulate(len(line) + 1 for line in lines)
    filled = [one for one in zip(lines, frame, ends, strict=True) if one[0].strip()]
    kept = _kept([line for line, _, _ in filled], [may_be for _, may_be, _ in filled], profile)
    spans = [
        (end - len(line) - 1, end - 1)
        for (line, _, end), keep in zip(filled, kept, strict=True)
        if keep
    ]
    length = sum(end - start for start, end in spans)
    story = length >= profile.story_characters
    least = _LEAST_SHARE_OF_A_STORY if story else _LEAST_SHARE
    if len(spans) == len(filled) or length < least * sum(len(line) for line, _, _ in filled):
        return None
    return spans


def _kept(lines: Sequence[str], frame: Sequence[bool], profile: Profile) -> list[bool]:
    """Return for each line whether it is story: whole runs of lines decide together."""
    kept: list[bool] = []
    for may_be_frame, run in groupby(frame):
        start, end = len(kept), len(kept) + len(list(run))
        if not may_be_frame or _is_wrapped(lines[start : end + 1]):
            kept += [True] * (end - start)
        else:
            kept += _of_run(lines[start:end], profile)
    return kept


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Whether the lines are prose broken at a width: many go on in the next without a capital."""
    going_on = sum(line[0].islower() for line in lines[1:])
    return going_on >= max(1, _WRAPPED_SHARE * (len(lines) - 1))


def _of_run(run: Sequence[str], profile: Profile) -> list[bool]:
    """Return which of some lines in a row, none of them a sentence, are story."""
    figures = [_has_figure(line) for line in run]
    if len(run) >= _MANY_LINES:
        return [sum(figures) >= _TABLE_SHARE * len(run)] * len(run)
    return [
        figure or len(line) > profile.short_line_characters
        for line, figure in zip(run, figures, strict=True)
    ]


def _has_figure(line: str) -> bool:
    """Whether a line has a number that is no date or time."""
    return bool(_DIGIT.search(line) and _DIGIT.search(_DATE_OR_TIME.sub("", line)))
