"""Decides when an article was published and changed, or that the page does not say.

Candidates keep their source. Structured data comes first, then the date a reader sees beside the
headline or below the body; a header's "today", dates of teasers and the fetch date never count.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsmill_enrich.extraction.dates import Context, Moment, find_dates, parse_date
from newsmill_enrich.extraction.declared import Declared, Element, Tree, in_frame
from newsmill_enrich.extraction.jsonld import Node, about, texts
from newsmill_enrich.extraction.wording import names_update

__all__ = ["Candidate", "Publication", "choose", "declared_dates", "url_date", "visible_dates"]

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "datepublished", "og:published_time",
    "article:published", "published_time", "dc.date.issued", "dcterms.created", "dcterms.issued",
    "dc.date.created", "date.issued", "pubdate", "publishdate", "publish-date", "publish_date",
    "publication_date", "publication-date", "published-date", "sailthru.date", "parsely-pub-date",
    "article.published", "cxenseparse:recs:publishtime", "cxenseparse:publishtime", "bt:pubdate",
    "article_date_original", "originalpublicationdate", "rnews:datepublished", "article.created",
    "citation_publication_date", "citation_date", "datecreated", "created", "release_date",
    "dc.date", "dcterms.date", "date", "displaydate", "content_date", "dc:date", "dc:created",
    "shareaholic:article_published_time", "vr:published_time", "og:pubdate", "time",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:updated_time", "datemodified", "dcterms.modified",
    "dc.date.modified", "lastmod", "last-modified", "last_modified", "article.updated",
    "og:article:modified_time", "shareaholic:article_modified_time", "modified", "revised",
)  # fmt: skip
_URL_DATE = re.compile(
    r"/((?:19|20)\d\d)[/\-_](0?[1-9]|1[0-2])[/\-_](0?[1-9]|[12]\d|3[01])(?=[/\-_.]|$)"
    r"|[/\-_]((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[/\-_.]|$)"
)
_MARKED = (
    '[itemprop~="datePublished"], time[pubdate], time[class*="publish" i], '
    "abbr.published, .published, .entry-date, .post-date, .publish-date, .pubdate, "
    '[class*="date-publish" i], [class*="datePublished"]'
)
_TIMES = "time"
_CLASSED = (
    '[class*="date" i], [class*="time" i]:not(time), [id*="date" i], [class*="publi" i], '
    '[class*="byline" i], [class*="stamp" i], [class*="meta" i], [class*="info" i]'
)
_UPDATE = re.compile(r"modif|updat|revis|lastmod|aktualis", re.IGNORECASE)
MAX_ELEMENTS = 60

WORTHY = 0.5
"""A candidate below this only confirms others."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A date, where it was found, and how much that place is worth (0 to 1)."""

    moment: Moment
    found_in: str
    confidence: float
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    """The chosen dates, and every candidate, best first."""

    published: Candidate | None
    modified: Candidate | None
    candidates: tuple[Candidate, ...]


def _from_node(node: Node, context: Context, place: str, worth: float) -> Iterator[Candidate]:
    for name, update in (("datePublished", False), ("dateCreated", False), ("dateModified", True)):
        for text in texts(node.get(name)):
            moment = parse_date(text, context)
            if moment is not None:
                score = worth - (0.05 if name == "dateCreated" else 0)
                yield Candidate(moment, f"{place} {name}", score, update)


def declared_dates(declared: Declared, title: str, context: Context) -> Iterator[Candidate]:
    """Dates in JSON-LD and metadata."""
    node = about(declared.linked, title)
    if node is not None:
        yield from _from_node(node, context, "json-ld", 0.99)
    for other in declared.linked.articles:
        if other is not node:
            yield from _from_node(other, context, "json-ld (another node)", 0.7)
    for worth, names, update in ((0.95, _PUBLISHED, False), (0.9, _MODIFIED, True)):
        for name in names:
            for value in declared.meta.get(name, ())[:1]:
                moment = parse_date(value, context)
                if moment is not None:
                    generic = name in ("date", "time", "dc.date", "created")
                    yield Candidate(moment, f"meta {name}", worth - 0.1 * generic, update)
    for other in declared.linked.nodes:
        if other is not node and "WebPage" in str(other.get("@type")):
            # Any page of a blog has one, about pages and products too: only to confirm others.
            yield from _from_node(other, context, "json-ld WebPage", 0.4)


def url_date(url: str, context: Context) -> Candidate | None:
    """The day that a URL's path states."""
    match = _URL_DATE.search(urlsplit(url).path)
    if match is None:
        return None
    year, month, day = (part for part in match.groups() if part)
    moment = parse_date(f"{year}-{int(month):02}-{int(day):02}", context)
    return Candidate(moment, "url", 0.85) if moment is not None else None


def _of_element(element: Element, context: Context, place: str, worth: float) -> Candidate | None:
    attributes = element.attributes
    names = f"{attributes.get('class') or ''} {attributes.get('itemprop') or ''}"
    shown = " ".join((element.text(separator=" ") or "").split())
    if len(shown) > 200:
        return None
    parent = element.parent
    around = shown
    if parent is not None and len(shown) < 40:
        text = " ".join((parent.text(separator=" ") or "")[:400].split())
        around = text[: text.find(shown)][-30:] if shown in text and len(text) < 200 else shown
    update = bool(_UPDATE.search(names)) or names_update(around) or names_update(shown[:30])
    for name in ("datetime", "content", "title", "data-datetime", "data-time"):
        value = attributes.get(name)
        if value and (moment := parse_date(value, context)) is not None:
            return Candidate(moment, f"{place} @{name}", worth, update)
    dates = find_dates(shown, context)
    return Candidate(dates[0].moment, place, worth - 0.05, update) if dates else None


def visible_dates(tree: Tree, context: Context) -> Iterator[Candidate]:
    """Dates in elements that are marked or named as dates, outside the page's frame."""
    for selector, place, worth in (
        (_MARKED, "marked element", 0.8),
        (_TIMES, "time element", 0.7),
        (_CLASSED, "element named as a date", 0.6),
    ):
        for element in tree.css(selector)[:MAX_ELEMENTS]:
            if in_frame(element):
                continue
            candidate = _of_element(element, context, place, worth)
            if candidate is not None:
                yield candidate


def choose(candidates: list[Candidate]) -> Publication:
    """The best publication date and the best date of change; none rather than a doubtful one."""
    ordered = sorted(candidates, key=lambda c: -c.confidence)
    worthy = [c for c in ordered if c.confidence >= WORTHY]
    published = next((c for c in worthy if not c.is_update), None)
    modified = next((c for c in worthy if c.is_update), None)
    if published is not None and published.moment.precision == "day":
        published = next(
            (
                c
                for c in ordered
                if not c.is_update
                and c.moment.precision == "minute"
                and c.moment.day == published.moment.day
                and c.confidence >= 0.5
            ),
            published,
        )
    if published and modified and modified.moment.at < published.moment.at:
        modified = None
    return Publication(published, modified, tuple(ordered[:12]))
