"""Rules that find where teasers of other articles begin below an article."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from functools import cached_property
from itertools import accumulate, islice
from operator import mul

from newsmill_enrich.extraction.blocks import TAGS
from newsmill_enrich.extraction.choice import ENOUGH, LABEL, Draft
from newsmill_enrich.extraction.wording import fold, is_related_heading, is_section_name, weight

__all__ = ["headed_teasers", "teaser_tail"]

_HEADINGS = frozenset(i for i, tag in enumerate(TAGS) if tag[0] == "h" and tag[1:].isdigit())

BRIEF = 60
"""The same for teasers below a headline of an article: a report may be one sentence."""

SURELY = 3
"""Texts that lead elsewhere below a heading that says nothing of them."""

MOST_LOOKED_AT = 100_000
"""Blocks below labels, each label's counted anew: a tenth of a second."""

HEADLINE = 24
"""A title lighter than this may be a section's, and its teasers all that the page is for."""


def _is_linked_head(draft: Draft, number: int) -> bool:
    return draft.link_share[number] > 0.8 and 8 < draft.weight(number) < 250


def _head_above(draft: Draft, number: int) -> int | None:
    """The fully linked headline that a text stands behind, perhaps with a date between."""
    above = number - 1
    heads = [i for i in (above, above - 1) if i >= 0 and _is_linked_head(draft, i)]
    if heads and above > 0 and draft.dateline(above):
        above -= 1
    return above if above in heads else None


def _is_article(draft: Draft, size: int) -> bool:
    """Whether kept text of this weight may be the whole article."""
    return size > ENOUGH or (size >= BRIEF and weight(draft.title) > HEADLINE)


def teaser_tail(draft: Draft) -> None:
    """Cut where texts begin to stand each behind a fully linked headline."""
    kept = [i for i in draft.places() if draft.weight(i) > LABEL]
    texts = [i for i in kept if draft.link_share[i] < 0.5]
    heads = {i: head for i in texts if (head := _head_above(draft, i)) is not None}
    if len(heads) < 2:
        return
    first = min(heads)
    start = heads[first]
    below = sum(i >= start for i in texts)
    if _is_article(draft, draft.size(range(start))) and len(heads) >= 0.5 * below:
        apart = len(heads) >= 0.8 * below and _are_apart(draft, heads, start)
        draft.drop_teasers(range(start, max(heads) + 1), apart=apart)


def headed_teasers(draft: Draft) -> None:
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
        (i, named)
        for i in range(places[0] + 1, len(draft.blocks) - 2)
        if draft.weight(i) <= LABEL
        and ((named := _names_teasers(draft, i, menu)) or _is_heading(draft, i))
    )
    leading = _Leading(draft)
    above = list(accumulate(map(mul, draft.kept, draft.sizes), initial=0))
    for i, named in islice(labels, MOST_LOOKED_AT // len(draft.blocks)):
        items = leading.below(i) if _is_article(draft, above[i]) else frozenset()
        if items and (named or _are_all(draft, items, i)):
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


class _Leading:
    """Which texts of a page lead elsewhere, and how: found once, asked below every label."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._above = [i for i in draft.places() if draft.weight(i) > LABEL]

    @cached_property
    def _prose(self) -> list[int]:
        return [i for i in range(len(self._draft.blocks)) if _is_prose(self._draft, i)]

    @cached_property
    def _ways(self) -> list[tuple[list[int], list[int]]]:
        """For each way of leading elsewhere, the prose and the kept texts that do so."""
        draft = self._draft
        return [
            (
                [i for i in self._prose if leads(draft, i)],
                [i for i in self._above if leads(draft, i)],
            )
            for leads in (_leads_above, _leads_below, _leads_within, _leads_above_or_within)
        ]

    def below(self, label: int) -> Set[int]:
        """The texts below a label if they have a link each, unlike those of the article above."""
        draft = self._draft
        below = self._prose[bisect_right(self._prose, label) :]
        kept = [i for i in below if draft.kept[i]]
        above = bisect_left(self._above, label)
        for prose, article in self._ways:
            candidates = prose[bisect_right(prose, label) :]
            if len(candidates) < max(2, 0.5 * len(below)):
                continue
            if bisect_left(article, label) > 0.3 * above:
                continue
            leading = _of_one_template(draft, candidates)
            if len(leading) < max(2, 0.5 * len(below)):
                continue
            all_kept = len(leading.intersection(kept)) >= 0.8 * len(kept)
            if all_kept and _are_apart(draft, leading, label):
                return leading
        return frozenset()


def _are_all(draft: Draft, items: Set[int], label: int) -> bool:
    """Whether teasers are all that is kept below a heading that is none of the article's own."""
    below = {i for i in draft.places() if i > label and _is_prose(draft, i)}
    above = [i for i in draft.places() if i < label]
    around = {draft.place(i)[0] for i in above} | {draft.blocks[i].element for i in above}
    return len(below) >= SURELY and below <= items and draft.place(label)[0] not in around


def _is_heading(draft: Draft, number: int) -> bool:
    return draft.page.tag[draft.blocks[number].element] in _HEADINGS


def _is_prose(draft: Draft, number: int) -> bool:
    """A text that is longer than a label, and neither a link nor a heading."""
    if draft.weight(number) <= LABEL or draft.link_share[number] >= 0.8:
        return False
    return not _is_heading(draft, number)


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
