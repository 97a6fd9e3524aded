"""From the bytes of a page to its record."""

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import JsonValue

from newsmill_enrich.extraction import evidence
from newsmill_enrich.extraction.dates import Context, to_zone, zone_of_country
from newsmill_enrich.extraction.flattened import read_flattened, unwrap
from newsmill_enrich.extraction.gate import Facts, not_an_article
from newsmill_enrich.extraction.links import Links
from newsmill_enrich.extraction.markup import from_markup
from newsmill_enrich.extraction.model import Forest, load_model
from newsmill_enrich.extraction.prescan import scan_bytes, scan_markup
from newsmill_enrich.extraction.record import Extracted
from newsmill_enrich.extraction.second_opinion import load_library
from newsmill_enrich.extraction.signals import url_folders
from newsmill_shared.decoding import Decoded, decode
from newsmill_shared.errors import EndedError
from newsmill_shared.messages import Page
from newsmill_shared.reasons import Reason
from newsmill_shared.robots_tags import Directives
from newsmill_shared.text import clean, clean_line

__all__ = ["extract", "is_markup", "read_page", "reading_context", "warm_up"]

_TAG = re.compile(
    r"<(?:!doctype|!--|/?[a-z][a-z0-9-]{0,30}(?:[\s/][^<>]{0,2000})?>)", re.IGNORECASE
)
_MONTH_FIRST = (".us", ".ph")
_LOOKED_AT = 100_000

MAX_LINES = 20_000
"""Of a page without markup."""


def extract(body: bytes, page: Page, *, now: datetime, heed_robots: bool = False) -> Extracted:
    """Make a record of the bytes of a page.

    Pure: no network, no clock. ``now`` bounds what a plausible date is.

    Args:
        body: The bytes.
        page: Where they come from.
        now: The time (aware).
        heed_robots: Make no record if the page asks crawlers not to keep it.

    Raises:
        EndedError: ``not_an_article`` with the ground; ``decode`` for what is no text;
            ``too_large`` naming the limit (bytes, tags, depth, attributes); ``noindex``.
    """
    return read_page(body, page, now=now, heed_robots=heed_robots)


def read_page(
    body: bytes,
    page: Page,
    *,
    now: datetime,
    forest: Forest | None = None,
    heed_robots: bool = False,
) -> Extracted:
    """Like :func:`extract`, with another block model than the one that ships: for measurements."""
    scan_bytes(body)
    decoded = decode(body, page.headers.get("content-type") or page.media_type)
    context = reading_context(page, now)
    if is_markup(decoded.text, page.media_type):
        return _cleaned(from_markup(decoded, page, context, forest, heed_robots=heed_robots))
    return _cleaned(_from_text(decoded, page, context))


def warm_up() -> None:
    """Load what is loaded at first use; a worker's parent calls it once before it forks."""
    load_model()
    load_library()


def reading_context(page: Page, now: datetime) -> Context:
    """What is known of a page's zone and habits before it is read."""
    host = urlsplit(page.final_url).hostname or ""
    told = to_zone(page.timezone)
    name = page.timezone if told else zone_of_country(host)
    return Context(
        now=now,
        zone=told or to_zone(name),
        zone_name=name or "",
        zone_from="page" if told else "country",
        month_first=host.endswith(_MONTH_FIRST),
    )


def is_markup(text: str, media_type: str) -> bool:
    """Whether a text is HTML, whatever its media type says (text/plain may hold ``<p>``)."""
    if media_type == "text/plain":
        return text[:4096].lstrip("\ufeff \t\r\n").lower().startswith(("<!doctype html", "<html"))
    return _TAG.search(text[:_LOOKED_AT]) is not None


def _cleaned(record: Extracted) -> Extracted:
    """The record with nothing in it that must not be stored."""
    return replace(
        record,
        title=clean_line(record.title),
        text=clean(record.text),
        authors=tuple(clean_line(name) for name in record.authors),
        section_raw=clean_line(record.section_raw) if record.section_raw else None,
        site_name=clean_line(record.site_name) if record.site_name else None,
    )


def _from_text(decoded: Decoded, page: Page, context: Context) -> Extracted:
    scan_markup(decoded.text)
    lines = decoded.text.count("\n")
    if lines > MAX_LINES:
        raise EndedError(Reason.TOO_LARGE, f"{lines:,} lines, at most {MAX_LINES:,}")
    found = read_flattened(unwrap(clean(decoded.text)), context, page.final_url)
    text = "\n".join(found.paragraphs)
    ground = not_an_article(Facts(url=page.final_url, title=found.title, text=text))
    if ground:
        raise EndedError(Reason.NOT_AN_ARTICLE, ground)
    folders = url_folders(page.final_url)
    language = page.headers.get("content-language", "").strip()
    record: dict[str, JsonValue] = {
        "format": "text",
        "encoding": {"name": decoded.encoding, "found_in": decoded.found_in},
        "extractor": "lines",
        "title": {"found_in": "line" if found.title else ""},
        "published_at": evidence.moment(found.published, found.published_in),
        "modified_at": evidence.moment(found.modified, "line"),
        "date_candidates": [evidence.moment(moment, place) for place, moment in found.dates],
        "section_raw": {"found_in": found.section_in} if found.section else None,
        "authors": {"found_in": "byline"} if found.authors else None,
        "robots": evidence.robots(Directives(), in_headers=page.noarchive),
        "kept": len(found.paragraphs),
        "dropped": evidence.counts(found.dropped),
    }
    return Extracted(
        title=found.title,
        text=text,
        published_at=found.published.at if found.published else None,
        modified_at=found.modified.at if found.modified else None,
        authors=found.authors,
        section_raw=found.section,
        site_name=None,
        canonical_url=None,
        links=Links(),
        noarchive=page.noarchive,
        image=None,
        declared_languages={"header": language} if language else {},
        signals={"url_path": folders} if folders else {},
        evidence=record,
    )
