"""Reads what stands around an article's text: dateline, rubric and byline, by their place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsmill_enrich.extraction.blocks import CATEGORIES, FLAGS, Block, Blocks
from newsmill_enrich.extraction.datelines import Dateline, read_dateline, slug, slug_words
from newsmill_enrich.extraction.dates import Context, find_dates
from newsmill_enrich.extraction.publication import Candidate
from newsmill_enrich.extraction.wording import fold, names_update, strip_byline, weight

__all__ = ["Surroundings", "look_around"]

ABOVE_HEADLINE = 5
"""A dateline may stand this many blocks above the headline."""

BELOW_START = 4
"""It may stand below a standfirst: among this many blocks from the text's first."""

BELOW_END = 6
_CLOCK = re.compile(r"today|current-?date|date-?now|clock|weather", re.IGNORECASE)
MAX_LINE = 160
"""Characters of a line that may begin with a date and go on with categories or credits."""

LABEL = 40
_INLINE = re.compile(r"[/)\]:|–—-]|[^\W\d_]+\s*[/)\]:–—-]")
_NO_PLACE = sum(
    1 << i for i, name in enumerate(CATEGORIES) if name in ("navigation", "comments", "legal")
)
_NO_FLAG = sum(1 << i for i, name in enumerate(FLAGS) if name in ("nav", "footer", "aside"))
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Dates with their places, best first; the rubric; names behind a ``By``."""

    dates: tuple[Candidate, ...]
    rubric: str | None
    authors: tuple[str, ...]


def look_around(
    page: Blocks, kept: Sequence[int], title: str, context: Context, url: str
) -> Surroundings:
    """Read the blocks above and below a text whose blocks are ``kept``."""
    if not kept:
        return Surroundings((), None, ())
    head = _headline(page, kept[0], title)
    top = min(kept[0] + BELOW_START, len(page.blocks))
    above = range(max(0, head - ABOVE_HEADLINE), top)
    below = range(kept[-1], min(len(page.blocks), kept[-1] + BELOW_END + 1))
    between = range(head, kept[0] + 1)
    datelines = {
        i: found
        for i in (*above, *below)
        if (found := _dateline(page, i, context, between=i in between))
    }
    dates = (*_dates(datelines, head, kept), *_inline_dates(page, kept, context))
    rubric = _rubric(page, datelines, title, url)
    return Surroundings(dates, rubric, _bylines(page, range(head, kept[0] + 1), below))


def _headline(page: Blocks, first: int, title: str) -> int:
    """The last block above the text that shows the headline; else a few blocks above the text."""
    key = fold(title)
    for i in range(min(first, len(page.blocks) - 1), -1, -1):
        if key and fold(page.blocks[i].text) == key:
            return i
    return max(0, first - 8)


def _dateline(page: Blocks, number: int, context: Context, *, between: bool) -> Dateline | None:
    """What a block says of a date; between headline and text whatever its element is called."""
    block = page.blocks[number]
    text = block.text
    if len(text) > MAX_LINE or not any(letter.isdigit() for letter in text):
        return None
    if _CLOCK.search(page.signature[block.element]):
        return None
    if not between and _elsewhere(page, block.element):
        return None
    return read_dateline(text, context) or _leading_date(block, context)


def _elsewhere(page: Blocks, element: int) -> bool:
    """Whether an element or one of the three around it is of the page's frame."""
    if page.flags[element] & _NO_FLAG:
        return True
    for _ in range(4):
        if page.own[element] & _NO_PLACE or _CLOCK.search(page.signature[element]):
            return True
        element = page.parent[element]
    return False


def _leading_date(block: Block, context: Context) -> Dateline | None:
    """A date that a line of categories or credits begins with: ``18.01.2022 in Culture, ...``."""
    if block.link > 0.8 * len(block.text) or len(block.text) > MAX_LINE:
        return None
    found = find_dates(block.text[:80], context)
    if not found or len(_LETTER.findall(block.text[: found[0].start])) > 28:
        return None
    return Dateline(found[0].moment, "", names_update(block.text[: found[0].start]))


def _dates(datelines: dict[int, Dateline], head: int, kept: Sequence[int]) -> Iterator[Candidate]:
    """Below the headline is best, then below the text, then right above the headline."""
    groups: tuple[list[tuple[int, float, str]], ...] = ([], [], [])
    for i in datelines:
        if head <= i <= kept[0] + BELOW_START:
            groups[0].append((i, 0.78, "dateline beside the headline"))
        elif i >= kept[-1]:
            groups[1].append((i, 0.74, "dateline below the text"))
        else:
            groups[2].append((i, 0.62, "dateline above the headline"))
    for group in groups:
        for rank, (i, worth, place) in enumerate(group):
            found = datelines[i]
            timed = 0.02 if found.moment.precision == "minute" else 0.0
            yield Candidate(found.moment, place, worth + timed - 0.03 * rank, found.is_update)


def _inline_dates(page: Blocks, kept: Sequence[int], context: Context) -> Iterator[Candidate]:
    """A day that opens the text: ``Baku/17.06.24/Turan: ...``, ``(3 May 2024) ...``."""
    for i in kept[:2]:
        text = page.blocks[i].text
        for match in find_dates(text[:70], context)[:1]:
            behind = text[match.end : match.end + 12].lstrip()
            if len(_LETTER.findall(text[: match.start])) <= 24 and _INLINE.match(behind):
                yield Candidate(match.moment, "date that opens the text", 0.6)


def _rubric(page: Blocks, datelines: dict[int, Dateline], title: str, url: str) -> str | None:
    """A label at a dateline that also stands in a menu, or is a folder of the page's URL."""
    folders = {slug(word) for word in slug_words(url)}
    for i, found in datelines.items():
        near = sorted(range(max(0, i - 3), min(len(page.blocks), i + 4)), key=lambda j: abs(j - i))
        labels = [(page.blocks[j].text, j) for j in near if j != i]
        for label, at in ((found.rest, i), *labels):
            if not _is_label(label) or fold(label) == fold(title) or strip_byline(label)[1]:
                continue
            if slug(label) in folders or _in_menu(page, label, at):
                return label
    return None


def _is_label(text: str) -> bool:
    return 1 < weight(text) <= LABEL and _LETTER.search(text) is not None and text[-1] not in ".!?:"


def _in_menu(page: Blocks, label: str, at: int) -> bool:
    """Whether a label also stands, fully linked, elsewhere on the page and above."""
    key = fold(label)
    return any(
        i != at and block.link >= len(block.text) and fold(block.text) == key
        for i, block in enumerate(page.blocks[: max(at, 0)])
        if abs(len(block.text) - len(label)) <= 4
    )


def _bylines(page: Blocks, above: range, below: range) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for i in (*above, *below):
        text = page.blocks[i].text
        if len(text) > 80:
            continue
        name, marked = strip_byline(text)
        words = name.split()
        named = all(word[:1].isupper() or not word.isascii() for word in words)
        if marked and named and 1 < len(words) <= 4 and not re.search(r"[\d@:]", name):
            names.setdefault(name)
    return tuple(names)[:4]
