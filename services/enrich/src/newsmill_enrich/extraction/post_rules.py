"""Corrects the model's choice of blocks by what articles look like on any page.

Each rule takes the draft, marks blocks as dropped and says why. They were measured one by one:
they repair pages whose teasers carry whole sentences, and change almost nothing elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from newsmill_enrich.extraction.blocks import Block
from newsmill_enrich.extraction.datelines import Dateline, read_dateline
from newsmill_enrich.extraction.dates import Context
from newsmill_enrich.extraction.wording import (
    ends_sentence,
    fold,
    is_comment_form,
    is_related_heading,
    is_related_line,
    strip_byline,
    weight,
)

__all__ = ["Draft", "apply_rules"]

LABEL = 40
ENOUGH = 200
"""Letters of kept text that an ending may follow."""


@dataclass(slots=True)
class Draft:
    """The blocks of a page, which of them are kept, and why others are not."""

    blocks: Sequence[Block]
    kept: list[bool]
    title: str
    context: Context
    link_share: Sequence[float]
    reasons: dict[int, str] = field(default_factory=dict)
    _sizes: list[int] = field(default_factory=list)
    _datelines: dict[int, Dateline | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sizes = [weight(block.text) for block in self.blocks]

    def places(self) -> list[int]:
        """The numbers of the kept blocks."""
        return [i for i, keep in enumerate(self.kept) if keep]

    def drop(self, numbers: Sequence[int], reason: str) -> None:
        """Drop kept blocks for a reason."""
        for i in numbers:
            if self.kept[i]:
                self.kept[i] = False
                self.reasons[i] = reason

    def size(self, numbers: Sequence[int]) -> int:
        """The weight of the kept ones among these blocks."""
        return sum([self._sizes[i] for i in numbers if self.kept[i]])

    def weight(self, number: int) -> int:
        """The weight of a block, kept or not."""
        return self._sizes[number]

    def dateline(self, number: int) -> Dateline | None:
        """What a block says of a date, if that is all it says."""
        if number not in self._datelines:
            text = self.blocks[number].text
            found = None
            if len(text) <= 120 and any(c.isdigit() for c in text):
                found = read_dateline(text, self.context)
            self._datelines[number] = found
        return self._datelines[number]

    def is_label(self, number: int) -> bool:
        """A few words that are no sentence."""
        return self._sizes[number] <= LABEL and not ends_sentence(self.blocks[number].text)


def _repeated_headline(draft: Draft) -> None:
    key = fold(draft.title)
    if not key:
        return
    for i in draft.places()[:6]:
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


def _is_linked_head(draft: Draft, number: int) -> bool:
    return draft.link_share[number] > 0.8 and 8 < draft.weight(number) < 250


def _teaser_tail(draft: Draft) -> None:
    """Cut where texts begin to stand each behind a fully linked headline."""
    kept = [i for i in draft.places() if draft.weight(i) > LABEL]
    items = [i for i in kept if i and _is_linked_head(draft, i - 1) and draft.link_share[i] < 0.5]
    if len(items) < 2:
        return
    start = items[0] - 1
    head, tail = range(start), range(start, len(draft.blocks))
    texts = [i for i in kept if i >= start and draft.link_share[i] < 0.5]
    if draft.size(head) > ENOUGH and len(items) >= 0.5 * len(texts):
        draft.drop(tail, "teasers")


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
    _teaser_tail,
    _frame_lines,
)


def apply_rules(draft: Draft) -> None:
    """Apply every rule to the draft, in order."""
    for rule in _RULES:
        rule(draft)
