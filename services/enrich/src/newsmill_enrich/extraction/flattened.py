"""Finds the article in a page that reached us as text without markup.

Lines are all there is. Rules look at their shape first (length, closing punctuation, repetition,
separators, dates) and at words in any language second, so that what stands around an article
never changes what is found in it.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsmill_enrich.extraction.datelines import Dateline, read_dateline, slug, slug_words
from newsmill_enrich.extraction.dates import Context, Moment
from newsmill_enrich.extraction.wording import (
    ends_sentence,
    fold,
    is_comment_form,
    is_related_heading,
    is_section_name,
    strip_byline,
    weight,
)

__all__ = ["Flattened", "Line", "read_flattened", "unwrap"]

PROSE = 160
"""A line of this weight is prose whatever it ends with."""

SENTENCE = 40
"""A line of this weight that ends as a sentence does is prose."""

BODY = 200
"""Prose of this weight is a body that a dateline or teasers may follow."""

LABEL = 40
"""A rubric, a byline or a heading of teasers is not heavier."""

HEADLINE = (15, 300)
"""The weight of a headline lies between these."""

NEAR = 4
"""Lines this close to a dateline belong to it."""

_BULLET = re.compile(r"^\s*[-–—•·●▪■◦*‣►▸>»|+]+\s*")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: its text without a bullet, and what its shape says."""

    number: int
    text: str
    bullet: bool
    weight: int
    prose: bool
    dateline: Dateline | None

    @property
    def separator(self) -> bool:
        """A bullet without a text: it stood beside a picture or a link that is gone."""
        return not self.text

    @property
    def label(self) -> bool:
        """A few words that are no sentence: a rubric, a name, a heading."""
        return (
            bool(_LETTER.search(self.text))
            and self.weight <= LABEL
            and not self.prose
            and self.dateline is None
            and not ends_sentence(self.text)
        )


@dataclass(frozen=True, slots=True)
class Flattened:
    """The article found, and the rule that dropped each other line (by line number)."""

    title: str
    paragraphs: tuple[str, ...]
    published: Moment | None
    published_in: str
    modified: Moment | None
    section: str | None
    section_in: str
    authors: tuple[str, ...]
    dates: tuple[tuple[str, Moment], ...]
    dropped: tuple[tuple[int, str], ...]
    lines: tuple[Line, ...]


def _lines(text: str, context: Context) -> list[Line]:
    lines: list[Line] = []
    for raw in text.splitlines():
        bullet = _BULLET.match(raw)
        content = " ".join((raw[bullet.end() :] if bullet else raw).split())
        if not content and not bullet:
            continue
        size = weight(content)
        sentence = ends_sentence(content)
        dateline = read_dateline(content, context) if content and size <= 120 else None
        prose = dateline is None and (size >= PROSE or (size >= SENTENCE and sentence))
        lines.append(Line(len(lines), content, bullet is not None, size, prose, dateline))
    return lines


def _headline_like(line: Line) -> bool:
    low, high = HEADLINE
    return low <= line.weight <= high and line.dateline is None and not line.bullet


def _title(lines: Sequence[Line]) -> tuple[str, int]:
    """The headline, and the number of the first line behind it and its repetitions."""
    first_prose = next(
        (x.number for x in lines if x.prose and x.weight >= 80 and not _repeated(lines, x)),
        len(lines),
    )
    top = [x for x in lines[: first_prose + 1] if _headline_like(x)]
    repeated = [x for x in top if _repeated(lines, x)]
    before = [x for x in top if x.number < first_prose and not x.prose]
    if repeated:
        title = max(repeated, key=lambda x: (min(x.weight, 60), -x.number))
    elif before:
        # Menus are short and stand above; the headline is the heaviest of the last few.
        title = max(before, key=lambda x: (min(x.weight, 60), x.number))
        near = [x for x in before if x.number > title.number - 3 and x.weight >= title.weight / 2]
        title = min(near, key=lambda x: x.number) if near else title
    else:
        return "", 0
    key = fold(title.text)
    last = title.number
    for line in lines[title.number : title.number + NEAR + 2]:
        if fold(line.text) == key:
            last = line.number
    return title.text, last + 1


def _repeated(lines: Sequence[Line], line: Line) -> bool:
    """Whether the line comes again at once, perhaps with a caption or a date between."""
    key = fold(line.text)
    after = lines[line.number + 1 : line.number + NEAR + 1]
    before = lines[max(0, line.number - NEAR) : line.number]
    return bool(key) and any(fold(x.text) == key for x in (*after, *before))


def _body_start(lines: Sequence[Line], begin: int) -> int:
    """The first line of prose behind the headline (or the first that is no label)."""
    for line in lines[begin:]:
        if line.prose or (line.weight >= 80 and line.dateline is None):
            return line.number
    return next(
        (x.number for x in lines[begin:] if x.text and x.dateline is None and x.weight > LABEL),
        len(lines),
    )


def _teaser_run(lines: Sequence[Line], start: int) -> bool:
    """Whether every text from ``start`` on stands behind a separator: items of a list of links."""
    items = 0
    expected = False
    for line in lines[start:]:
        if line.separator:
            expected = True
        elif line.prose or line.weight > LABEL:
            if not expected:
                return False
            items += 1
            expected = False
        elif is_comment_form(line.text):
            break
        elif line.dateline is not None and not items:
            return False  # the article's own dateline
    return items > 0


def _period(lines: Sequence[Line], start: int, first: int) -> int | None:
    """Where a list of dated teasers begins, whose first date is line ``first``."""
    dates = [x.number for x in lines[first:] if x.dateline is not None]
    if len(dates) < 2:
        return None
    gaps = {b - a for a, b in itertools.pairwise(dates)}
    if len(gaps) != 1 or (gap := gaps.pop()) > 4 or gap < 2:
        return None
    begin = first - gap + 1
    return begin if begin > start else None


def _is_timeline(lines: Sequence[Line], start: int, number: int) -> bool:
    """Whether bare days head passages of a chronicle, rather than close the article."""
    dated = [x for x in lines[start:] if x.dateline is not None and not x.dateline.rest]
    if len(dated) < 2 or any(x.dateline and x.dateline.moment.precision != "day" for x in dated):
        return False
    following = [lines[x.number + 1] for x in dated if x.number + 1 < len(lines)]
    return lines[number] in dated and sum(x.prose for x in following) == len(dated)


def _dateline_cut(lines: Sequence[Line], start: int, number: int) -> int:
    """The first line of the info block (rubric, byline, separators) that holds a dateline."""
    cut = number
    while cut - 1 > start and number - cut < NEAR:
        line = lines[cut - 1]
        if not (line.separator or line.label):
            break
        cut -= 1
    return cut


def _cuts(lines: Sequence[Line], start: int, dated: bool) -> Iterator[tuple[int, str]]:
    """Places where the body may end, each with the rule that says so."""
    seen = 0
    for line in lines[start:]:
        if seen and is_comment_form(line.text):
            yield line.number, "comment form"
        if seen >= BODY / 2:
            yield from _tail_cut(lines, start, line, seen, dated)
        if line.prose:
            seen += line.weight


def _tail_cut(
    lines: Sequence[Line], start: int, line: Line, seen: int, dated: bool
) -> Iterator[tuple[int, str]]:
    if line.dateline is not None:
        begin = _period(lines, start, line.number) if dated else None
        if begin is not None:
            yield begin, "dated teasers"
        elif seen >= BODY and not _is_timeline(lines, start, line.number):
            yield _dateline_cut(lines, start, line.number), "dateline after the body"
    rest = sum(x.weight for x in lines[line.number :] if x.prose)
    if is_related_heading(line.text) and (rest <= seen or _teaser_run(lines, line.number + 1)):
        yield line.number, "heading of teasers"
    if line.label and not line.bullet and line.number + 1 < len(lines):
        follower = lines[line.number + 1]
        if follower.separator and _teaser_run(lines, line.number + 1):
            yield line.number, "teasers under a heading"
        elif is_section_name(line.text) and follower.text and seen >= BODY:
            yield line.number, "teasers under a section's name"
    if line.separator and _teaser_run(lines, line.number) and _separators(lines, line.number) > 1:
        yield line.number, "teasers"


def _separators(lines: Sequence[Line], start: int) -> int:
    return sum(x.separator for x in lines[start:])


def _labels_near(lines: Sequence[Line], number: int, low: int, high: int) -> list[Line]:
    """The labels beside a dateline, nearest first; prose and headlines end the neighbourhood."""
    found: list[Line] = []
    for step in (-1, 1):
        for distance in range(1, NEAR):
            at = number + step * distance
            if not low <= at < high:
                break
            line = lines[at]
            if line.label:
                found.append(line)
            elif not line.separator and line.dateline is None:
                break
    return sorted(found, key=lambda x: (abs(x.number - number), x.number > number))


def _section(
    lines: Sequence[Line], dateline: Line | None, low: int, high: int, url: str
) -> tuple[str | None, str]:
    """The rubric: a label that is a folder of the URL, or the label beside the dateline."""
    folders = {slug(word) for word in slug_words(url)}
    candidates = _labels_near(lines, dateline.number, low, high) if dateline else []
    for line in (*candidates, *(x for x in lines[low:high] if x.label)):
        if slug(line.text) in folders:
            return line.text, "label named in the URL"
    if dateline is None or dateline.dateline is None:
        return None, ""
    rest = dateline.dateline.rest
    if rest and slug(rest) in folders:
        return rest, "dateline"
    named = [x for x in candidates if not strip_byline(x.text)[1] and not is_comment_form(x.text)]
    same = [x for x in named if x.bullet == dateline.bullet]
    above = [x for x in same if x.number < dateline.number]
    if above or (dateline.bullet and same):
        return (above or same)[0].text, "label beside the dateline"
    return None, ""


def _authors(lines: Sequence[Line]) -> tuple[str, ...]:
    names = []
    for line in lines:
        name, marked = strip_byline(line.text)
        words = name.split()
        if marked and line.label and 1 < len(words) <= 5 and not re.search(r"\d", name):
            names.append(name)
    return tuple(dict.fromkeys(names))


def _keep(
    lines: Sequence[Line], start: int, end: int, title: str
) -> tuple[list[str], list[tuple[int, str]]]:
    key = fold(title)
    kept: list[Line] = []
    dropped: list[tuple[int, str]] = []
    for line in lines[start:end]:
        if line.separator:
            dropped.append((line.number, "separator"))
        elif key and fold(line.text) == key:
            dropped.append((line.number, "repeated headline"))
        elif is_related_heading(line.text):
            dropped.append((line.number, "heading of teasers"))
        else:
            kept.append(line)
    while kept and not kept[-1].prose and (kept[-1].label or kept[-1].dateline):
        if kept[-1].bullet and kept[-1].dateline is None:
            break  # an item of a list that ends the article
        dropped.append((kept.pop().number, "label behind the body"))
    return [x.text for x in kept], dropped


def read_flattened(text: str, context: Context, url: str) -> Flattened:
    """Find the article in ``text``; paragraphs are empty when there is none."""
    lines = _lines(text, context)
    title, begin = _title(lines)
    start = _body_start(lines, begin)
    above = [x for x in lines[begin:start] if x.dateline is not None]
    crown = [x for x in lines[max(0, begin - NEAR) : begin] if x.dateline is not None]
    dated = [x for x in (*above, *crown) if x.dateline and x.dateline.moment.precision == "minute"]
    cuts = list(_cuts(lines, start, bool(above or dated)))
    end, rule = min(cuts, default=(len(lines), "end"), key=lambda cut: cut[0])
    paragraphs, dropped = _keep(lines, start, end, title)
    dropped += [(x.number, "above the body") for x in lines[:start]]
    dropped += [(x.number, rule) for x in lines[end:]]

    below = [x for x in lines[end : end + NEAR + 2] if x.dateline is not None]
    if rule != "dateline after the body":
        below = []
    places = [
        ("beside the headline", above),
        ("below the body", below),
        ("above the headline", dated),
    ]
    published = next(
        ((place, x) for place, found in places for x in found if not _update(x)), ("", None)
    )
    modified = next((x for _, found in places for x in found if _update(x)), None)
    line = published[1]
    low, high = (end, min(len(lines), end + NEAR + 2)) if line in below else (0, start)
    section, section_in = _section(lines, line, low, high, url)
    names = _authors([*lines[begin:start], *lines[end : end + NEAR]])
    return Flattened(
        title=title,
        paragraphs=tuple(paragraphs),
        published=line.dateline.moment if line and line.dateline else None,
        published_in=published[0],
        modified=modified.dateline.moment if modified and modified.dateline else None,
        section=section,
        section_in=section_in,
        authors=names,
        dates=tuple(
            (place, x.dateline.moment) for place, found in places for x in found if x.dateline
        ),
        dropped=tuple(sorted(dropped)),
        lines=tuple(lines),
    )


def _update(line: Line) -> bool:
    return line.dateline is not None and line.dateline.is_update


def unwrap(text: str) -> str:
    """Join the lines of paragraphs that were wrapped at a fixed width; other texts are kept."""
    chunks = [chunk.splitlines() for chunk in re.split(r"\n\s*\n", text)]
    inner = [line for chunk in chunks if len(chunk) > 2 for line in chunk[:-1]]
    if len(inner) < 6:
        return text
    widths = sorted(len(line.rstrip()) for line in inner)
    widest, usual = widths[-1], widths[len(widths) // 4]
    if not (50 <= widest <= 100 and usual >= 0.7 * widest):
        return text
    return "\n".join(" ".join(line.strip() for line in chunk) for chunk in chunks)
