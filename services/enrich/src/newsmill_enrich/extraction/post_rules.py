"""Corrects the model's choice of blocks by what articles look like on any page.

Each rule takes the draft, marks blocks as dropped and says why. They were measured one by one:
they repair pages whose teasers carry whole sentences, and change almost nothing elsewhere.
"""

from collections.abc import Callable

from newsmill_enrich.extraction.choice import ENOUGH, Draft
from newsmill_enrich.extraction.teasers import headed_teasers, teaser_tail
from newsmill_enrich.extraction.wording import (
    fold,
    is_comment_form,
    is_related_heading,
    is_related_line,
    strip_byline,
)

__all__ = ["apply_rules"]

LONGER = 8
"""Times the headline's length: a text that long does not repeat it, whatever stands around it."""


def _repeated_headline(draft: Draft) -> None:
    key = fold(draft.title)
    if not key:
        return
    for i in draft.places()[:6]:
        if len(draft.blocks[i].text) > LONGER * len(key):
            continue
        text = fold(draft.blocks[i].text)
        if text == key or (len(text) > 20 and key.endswith(text)) or _holds(text, key):
            draft.drop([i], "repeated headline")


def _holds(text: str, key: str) -> bool:
    """Whether a line is the headline with a kicker, a category or a date around it."""
    return (
        len(key) > 20 and len(text) < 2 * len(key) and (text.endswith(key) or text.startswith(key))
    )


def _comment_form(draft: Draft) -> None:
    places = draft.places()
    if not places:
        return
    whole = draft.size(places)
    size = 0
    for i in range(places[0], places[-1] + 1):
        text = draft.blocks[i].text
        if size > ENOUGH and whole - size < size and len(text) <= 60 and is_comment_form(text):
            draft.drop(range(i, len(draft.blocks)), "comment form")
            return
        size += draft.weight(i) if draft.kept[i] else 0


def _closing_dateline(draft: Draft) -> None:
    """Cut at a dateline that follows the body and is followed by less than half as much."""
    places = draft.places()
    if not places:
        return
    whole = draft.size(places)
    size = 0
    for i in range(places[0], places[-1]):
        if size > ENOUGH and draft.link_share[i] <= 0.9:
            dateline = draft.dateline(i)
            if dateline is not None and dateline.moment.precision == "minute":
                if whole - size < 0.5 * size:
                    draft.drop(range(i, len(draft.blocks)), "dateline after the body")
                return
        size += draft.weight(i) if draft.kept[i] else 0


def _frame_lines(draft: Draft) -> None:
    """Drop datelines, bylines and labels at both ends of the text, and headings of teasers."""
    places = draft.places()
    for i in places:
        if draft.weight(i) > 60:
            break
        text = draft.blocks[i].text
        if draft.dateline(i) or (draft.is_label(i) and strip_byline(text)[1]):
            draft.drop([i], "dateline or byline above the body")
    for i in reversed(places):
        if not draft.kept[i]:
            continue
        if draft.dateline(i) or (draft.is_label(i) and not _is_item(draft, i)):
            draft.drop([i], "label behind the body")
        else:
            break
    headings = [i for i in draft.places() if is_related_heading(draft.blocks[i].text)]
    draft.drop(headings, "heading of teasers")
    links = [
        i
        for i in draft.places()
        if draft.link_share[i] > 0.4 and is_related_line(draft.blocks[i].text)
    ]
    draft.drop(links, "link to another article")


def _is_item(draft: Draft, number: int) -> bool:
    """Whether a block is one of several of a list or table that is kept."""
    element = draft.blocks[number].element
    near = range(max(0, number - 3), number)
    return any(draft.kept[i] and abs(draft.blocks[i].element - element) <= 2 for i in near)


_RULES: tuple[Callable[[Draft], None], ...] = (
    _repeated_headline,
    _comment_form,
    _closing_dateline,
    headed_teasers,
    teaser_tail,
    _frame_lines,
)


def apply_rules(draft: Draft) -> None:
    """Apply every rule to the draft, in order."""
    for rule in _RULES:
        rule(draft)
