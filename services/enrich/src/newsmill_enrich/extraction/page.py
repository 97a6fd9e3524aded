"""From the bytes of a page to its record."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import JsonValue
from selectolax.lexbor import LexborHTMLParser

from newsmill_enrich.extraction import flattened, publication
from newsmill_enrich.extraction.authors import read_authors
from newsmill_enrich.extraction.dates import Context, Moment, to_zone
from newsmill_enrich.extraction.declared import Declared, Tree, read_declared, web_url
from newsmill_enrich.extraction.gate import Facts, not_an_article
from newsmill_enrich.extraction.headline import read_headline
from newsmill_enrich.extraction.prescan import Scan, scan_bytes, scan_markup
from newsmill_enrich.extraction.record import Extracted
from newsmill_enrich.extraction.second_opinion import fits, main_text
from newsmill_enrich.extraction.signals import read_section, read_signals, url_folders
from newsmill_shared.decoding import Decoded, decode
from newsmill_shared.errors import EndedError
from newsmill_shared.messages import Page
from newsmill_shared.reasons import Reason

__all__ = ["extract"]

_MARKUP = (
    "<html", "<!doctype", "<body", "<head", "<div", "<p>", "<p ", "<br", "<article", "<span",
    "<table", "<a ", "<h1", "<title",
)  # fmt: skip
_MONTH_FIRST = (".us", ".ph")


def extract(body: bytes, page: Page, *, now: datetime) -> Extracted:
    """Make a record of the bytes of a page.

    Pure: no network, no clock. ``now`` only bounds what a plausible date is.

    Raises:
        EndedError: ``not_an_article`` with the ground; ``decode`` for what is no text;
            ``too_large`` naming the limit (bytes, tags, depth, attributes).
    """
    scan_bytes(body)
    decoded = decode(body, page.headers.get("content-type") or page.media_type)
    zone = to_zone(page.timezone)
    context = Context(
        now=now,
        zone=zone,
        zone_name=page.timezone or "" if zone else "",
        month_first=(urlsplit(page.final_url).hostname or "").endswith(_MONTH_FIRST),
    )
    if _is_markup(decoded.text, page.media_type):
        return _from_markup(decoded, page, context)
    return _from_text(decoded, page, context)


def _is_markup(text: str, media_type: str) -> bool:
    head = text[:4096].lstrip("\ufeff \t\r\n").lower()
    if media_type == "text/plain":
        return head.startswith(("<!doctype html", "<html"))
    return any(tag in head or tag in text[:100_000].lower() for tag in _MARKUP)


def _date_evidence(moment: Moment | None, found_in: str) -> JsonValue:
    if moment is None:
        return None
    return {
        "at": moment.at.isoformat(),
        "local": moment.local,
        "precision": moment.precision,
        "zone": moment.zone,
        "zone_from": moment.zone_from,
        "found_in": found_in,
    }


def _candidate_evidence(candidate: publication.Candidate | None) -> JsonValue:
    return _date_evidence(candidate.moment, candidate.found_in) if candidate else None


def _rule_counts(dropped: Sequence[tuple[int, str]]) -> dict[str, JsonValue]:
    counts: dict[str, JsonValue] = {}
    for _, rule in dropped:
        count = counts.get(rule, 0)
        counts[rule] = (count if isinstance(count, int) else 0) + 1
    return counts


def _from_text(decoded: Decoded, page: Page, context: Context) -> Extracted:
    found = flattened.read_flattened(flattened.unwrap(decoded.text), context, page.final_url)
    text = "\n".join(found.paragraphs)
    _gate(Facts(url=page.final_url, title=found.title, text=text))
    folders = url_folders(page.final_url)
    evidence: dict[str, JsonValue] = {
        "format": "text",
        "encoding": {"name": decoded.encoding, "found_in": decoded.found_in},
        "title": {"found_in": "line" if found.title else ""},
        "published_at": _date_evidence(found.published, found.published_in),
        "modified_at": _date_evidence(found.modified, "line"),
        "date_candidates": [_date_evidence(moment, place) for place, moment in found.dates],
        "section_raw": {"found_in": found.section_in} if found.section else None,
        "authors": {"found_in": "byline"} if found.authors else None,
        "kept": len(found.paragraphs),
        "dropped": _rule_counts(found.dropped),
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
        image=None,
        declared_languages=_header_language(page),
        signals={"url_path": folders} if folders else {},
        evidence=evidence,
    )


def _header_language(page: Page) -> dict[str, str]:
    language = page.headers.get("content-language", "").strip()
    return {"header": language} if language else {}


def _gate(facts: Facts) -> None:
    ground = not_an_article(facts)
    if ground:
        raise EndedError(Reason.NOT_AN_ARTICLE, ground)


def _from_markup(decoded: Decoded, page: Page, context: Context) -> Extracted:
    scan = scan_markup(decoded.text)
    tree = LexborHTMLParser(decoded.text)
    declared = read_declared(tree, page.final_url, page.headers)
    headline = read_headline(tree, declared)
    text, dropped = _body_text(decoded.text, scan, headline.text, context, page.final_url)
    dates = _dates(tree, declared, headline.text, page.final_url, context)
    signals = read_signals(tree, declared, headline.text, page.final_url)
    section, section_in = read_section(signals)
    authors, authors_in = read_authors(tree, declared, headline.text)
    declares = bool(declared.linked.articles()) or declared.first("og:type") == "article"
    _gate(
        Facts(
            url=page.final_url,
            title=headline.text,
            text=text,
            declares_article=declares,
            has_date=dates.published is not None,
        )
    )
    image = declared.first("og:image", "og:image:url", "twitter:image", "twitter:image:src")
    published, modified = dates.published, dates.modified
    evidence: dict[str, JsonValue] = {
        "format": "html",
        "encoding": {"name": decoded.encoding, "found_in": decoded.found_in},
        "title": {
            "found_in": headline.found_in,
            "candidates": [{"text": t[:200], "found_in": p} for p, t in headline.candidates],
        },
        "published_at": _candidate_evidence(dates.published),
        "modified_at": _candidate_evidence(dates.modified),
        "date_candidates": [_date_evidence(c.moment, c.found_in) for c in dates.candidates],
        "section_raw": {"found_in": section_in} if section else None,
        "authors": {"found_in": authors_in} if authors else None,
        "extractor": "trafilatura",
        "dropped": _rule_counts(dropped),
    }
    return Extracted(
        title=headline.text,
        text=text,
        published_at=published.moment.at if published else None,
        modified_at=modified.moment.at if modified else None,
        authors=authors,
        section_raw=section,
        site_name=declared.first("og:site_name", "application-name") or None,
        canonical_url=declared.canonical,
        image=web_url(image, page.final_url) if image else None,
        declared_languages=declared.languages,
        signals=signals,
        evidence=evidence,
    )


def _body_text(
    markup: str, scan: Scan, title: str, context: Context, url: str
) -> tuple[str, list[tuple[int, str]]]:
    if not fits(markup, scan.tags, scan.depth):
        raise EndedError(
            Reason.TOO_LARGE, f"too much markup: {scan.tags:,} tags, {scan.depth} deep"
        )
    lines = main_text(markup).splitlines()
    found = flattened.read_flattened("\n".join((title, title, *lines)), context, url)
    return "\n".join(found.paragraphs), list(found.dropped)


def _dates(
    tree: Tree, declared: Declared, title: str, url: str, context: Context
) -> publication.Publication:
    candidates = list(publication.declared_dates(declared, title, context))
    from_url = publication.url_date(url, context)
    if from_url is not None:
        candidates.append(from_url)
    candidates += publication.visible_dates(tree, context)
    return publication.choose(candidates)
