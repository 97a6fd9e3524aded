"""Which lines of a page are its story, and which are teasers, menus and notices around it."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from newsmill_enrich.duplicates.scripts import Profile

__all__ = ["story_spans"]

_SENTENCE_ENDS = frozenset('.!?。！？…"”»)]؟۔।։။')
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
_LEAST_SHARE = 0.35
_LEAST_SHARE_OF_A_STORY = 0.12
"""Below these shares of the characters the filter has misread the page: all lines count."""


def story_spans(text: str, profile: Profile) -> list[tuple[int, int]] | None:
    """Return where in ``text`` the lines lie that tell its story, or None if all of them do.

    A short line counts only if it ends like a sentence or carries a number that is no date:
    headlines of other stories and notices do neither, tables of rates and results do. A longer
    list counts whole when nearly every line has a number, else not at all.
    """
    lines = [line for line in _lines(text) if line.text and not line.text.isspace()]
    if len(lines) < 3 or not any(_may_be_frame(line.text, profile) for line in lines):
        return None
    kept = list(_kept(lines, profile))
    if len(kept) == len(lines):
        return None
    length = sum(len(line.text) for line in kept)
    whole = sum(len(line.text) for line in lines)
    story = length >= profile.story_characters
    if length < whole * (_LEAST_SHARE_OF_A_STORY if story else _LEAST_SHARE):
        return None
    return [(line.start, line.start + len(line.text)) for line in kept]


class _Line(NamedTuple):
    start: int
    text: str


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for line in text.split("\n"):
        yield _Line(start, line)
        start += len(line) + 1


def _kept(lines: Sequence[_Line], profile: Profile) -> Iterator[_Line]:
    run: list[_Line] = []
    for line in lines:
        if _may_be_frame(line.text, profile):
            run.append(line)
        else:
            yield from _of_run(run, profile)
            run.clear()
            yield line
    yield from _of_run(run, profile)


def _of_run(run: Sequence[_Line], profile: Profile) -> Sequence[_Line]:
    """Return which of some lines in a row, none of them a sentence, are story."""
    if not run:
        return run
    figures = [_has_figure(line.text) for line in run]
    if len(run) >= _MANY_LINES:
        return list(run) if sum(figures) >= _TABLE_SHARE * len(run) else []
    return [
        line
        for line, figure in zip(run, figures, strict=True)
        if figure or len(line.text) > profile.short_line_characters
    ]


def _may_be_frame(line: str, profile: Profile) -> bool:
    """Whether a line is no longer than a headline, and no sentence."""
    return len(line) <= profile.headline_characters and not (
        profile.sentence_ends and line.rstrip()[-1:] in _SENTENCE_ENDS
    )


def _has_figure(line: str) -> bool:
    """Whether a line has a number that is no date or time."""
    return bool(_DIGIT.search(line) and _DIGIT.search(_DATE_OR_TIME.sub("", line)))
