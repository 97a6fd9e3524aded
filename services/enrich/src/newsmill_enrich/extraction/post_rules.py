"""Corrects the model's choice of blocks by what articles look like on any page.

Each rule takes the draft, marks blocks as dropped and says why. They were measured one by one:
they repair pages whose teasers carry whole sentences, and change almost nothing elsewhere.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice

from newsmill_enrich.extraction.blocks import TAGS, Block, Blocks
from newsmill_enrich.extraction.datelines import Dateline, read_dateline
from newsmill_enrich.extraction.dates import Context
from newsmill_enrich.extraction.wording import (
    ends_sentence,
    fold,
    is_comment_form,
    is_related_heading,
    is_related_line,
    is_section_name,
    strip_byline,
    weight,
)

__all__ = ["Draft", "apply_rules"]

_HEADINGS = frozenset(i for i, tag in enumerate(TAGS) if tag[0] == "h" and tag[1:].isdigit())

LABEL = 40
ENOUGH = 200
"""Letters of kept text that an ending may follow."""

BRIEF = 60
"""The same for teasers below a headline of an article: a report may be one sentence."""

MOST_LOOKED_AT = 100_000
"""Blocks below labels, each label's counted anew: a tenth of a second."""

HEADLINE = 24
"""A title lighter than this may be a section's, and its teasers all that the page is for."""


@dataclass(slots=True)
class Draft:
    """The blocks of a page, which of them are kept, and why others are not."""

    page: Blocks
    kept: list[bool]
    title: str
    context: Context
    link_share: Sequence[float]
    reasons: dict[int, str] = field(default_factory=dict)
    teasers: range = range(0)
    """Blocks of teasers in a place apart from the article's, whether they were kept or not."""
    _sizes: list[int] = field(default_factory=list)
    _datelines: dict[int, Dateline | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sizes = [weight(block.text) for block in self.blocks]

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks of the page."""
        return self.page.blocks

    def place(self, number: int) -> tuple[int, str]:
        """The element around a block's own, and the template of its own."""
        element = self.blocks[number].element
        return self.page.parent[element], self.page.signature[element]

    def places(self) -> list[int]:
        """The numbers of the kept blocks."""
        return [i for i, keep in enumerate(self.kept) if keep]

    def drop(self, numbers: Sequence[int], reason: str) -> None:
        """Drop kept blocks for a reason."""
        for i in numbers:
            if self.kept[i]:
                self.kept[i] = False
                self.reasons[i] = reason

    def drop_teasers(self, teasers: range, *, apart: bool = True) -> None:
        """Drop teasers and all that follows them; remember them if they are surely no article."""
        self.drop(range(teasers.start, len(self.blocks)), "teasers")
        if apart:
            self.teasers = self.teasers or teasers

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


def _head_above(draft: Draft, number: int) -> int | None:
    """The fully linked headline that a text stands behind, perhaps with a date between."""
    above = number - 1
    if above > 0 and draft.dateline(above):
        above -= 1
    return above if above >= 0 and _is_linked_head(draft, above) else None


def _is_article_above(draft: Draft, start: int) -> bool:
    """Whether what is kept above a block may be the whole article."""
    size = draft.size(range(start))
    return size > ENOUGH or (size >= BRIEF and weight(draft.title) > HEADLINE)


def _teaser_tail(draft: Draft) -> None:
    """Cut where texts begin to stand each behind a fully linked headline."""
    kept = [i for i in draft.places() if draft.weight(i) > LABEL]
    texts = [i for i in kept if draft.link_share[i] < 0.5]
    heads = {i: head for i in texts if (head := _head_above(draft, i)) is not None}
    if len(heads) < 2:
        return
    first = min(heads)
    start = heads[first]
    below = sum(i >= start for i in texts)
    if _is_article_above(draft, start) and len(heads) >= 0.5 * below:
        apart = len(heads) >= 0.8 * below and _are_apart(draft, heads, start)
        draft.drop_teasers(range(start, max(heads) + 1), apart=apart)


def _headed_teasers(draft: Draft) -> None:
    """Cut at the name of a section, or the like, when texts that lead elsewhere follow it."""
    places = draft.places()
    if not places:
        return
    menu = {
        fold(block.text)
        for block in draft.blocks[: places[0]]
        if block.link and block.link >= len(block.text) and len(block.text) <= LABEL
    }
    labels = (
        i
        for i in range(places[0] + 1, len(draft.blocks) - 2)
        if draft.weight(i) <= LABEL and _names_teasers(draft, i, menu)
    )
    for i in islice(labels, MOST_LOOKED_AT // len(draft.blocks)):
        items = _leading_elsewhere(draft, i) if _is_article_above(draft, i) else ()
        if items:
            draft.drop_teasers(range(i, max(items) + 1))
            return


def _names_teasers(draft: Draft, number: int, menu: Set[str]) -> bool:
    text = draft.blocks[number].text
    if is_related_heading(text):
        return True
    linked = draft.link_share[number] > 0.8
    if linked and _is_prose(draft, number + 1) and draft.link_share[number + 1] < 0.1:
        return False  # it is the heading of that very text
    key = fold(text)
    return bool(key) and not key.isdigit() and (key in menu or (linked and is_section_name(text)))


def _leading_elsewhere(draft: Draft, label: int) -> Set[int]:
    """The texts below a label if they have a link each, unlike those of the article above it."""
    above = [i for i in draft.places() if i < label and draft.weight(i) > LABEL]
    below = [i for i in range(label + 1, len(draft.blocks)) if _is_prose(draft, i)]
    kept = [i for i in below if draft.kept[i]]
    for leads in (_leads_above, _leads_below, _leads_within, _leads_above_or_within):
        leading = _of_one_template(draft, [i for i in below if leads(draft, i)])
        if len(leading) < 2 or not _are_apart(draft, leading, label):
            continue
        most = len(leading) >= 0.5 * len(below)
        all_kept = len(leading.intersection(kept)) >= 0.8 * len(kept)
        if most and all_kept and sum(leads(draft, i) for i in above) <= 0.3 * len(above):
            return leading
    return frozenset()


def _is_prose(draft: Draft, number: int) -> bool:
    """A text that is longer than a label, and neither a link nor a heading."""
    if draft.weight(number) <= LABEL or draft.link_share[number] >= 0.8:
        return False
    return draft.page.tag[draft.blocks[number].element] not in _HEADINGS


def _of_one_template(draft: Draft, numbers: Sequence[int]) -> set[int]:
    """Those among blocks whose element is like that of most of them."""
    templates = {i: draft.place(i)[1] for i in numbers}
    common = Counter(templates.values()).most_common(1)
    return {i for i, template in templates.items() if template == common[0][0]}


def _are_apart(draft: Draft, numbers: Iterable[int], start: int) -> bool:
    """Whether none of these blocks lies where, and is made as, a text above ``start``."""
    article = {draft.place(i) for i in draft.places() if i < start and draft.weight(i) > LABEL}
    return article.isdisjoint(draft.place(i) for i in numbers)


def _leads_within(draft: Draft, number: int) -> bool:
    return 0.1 < draft.link_share[number] < 0.8


def _leads_above(draft: Draft, number: int) -> bool:
    return _head_above(draft, number) is not None


def _leads_above_or_within(draft: Draft, number: int) -> bool:
    return _leads_above(draft, number) or _leads_within(draft, number)


def _leads_below(draft: Draft, number: int) -> bool:
    """``Read more``, and the next one's headline behind it."""
    links = [share > 0.8 for share in draft.link_share[number + 1 : number + 3]]
    return links[:1] == [True] and links[1:] != [True] and draft.weight(number + 1) > 3


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
    _headed_teasers,
    _teaser_tail,
    _frame_lines,
)


def apply_rules(draft: Draft) -> None:
    """Apply every rule to the draft, in order."""
    for rule in _RULES:
        rule(draft)
