"""From the markup of a page to its record: one parse, one walk, metadata on the same tree."""

import re
from dataclasses import dataclass, replace
from itertools import accumulate
from urllib.parse import urlsplit

from pydantic import JsonValue
from selectolax.lexbor import LexborHTMLParser

from newsmill_enrich.extraction import evidence, publication
from newsmill_enrich.extraction.authors import read_authors
from newsmill_enrich.extraction.blocks import Blocks, walk
from newsmill_enrich.extraction.dates import Context
from newsmill_enrich.extraction.declared import Declared, Tree, read_declared, web_url
from newsmill_enrich.extraction.features import Features, describe
from newsmill_enrich.extraction.gate import Facts, not_an_article
from newsmill_enrich.extraction.headline import Headline, likeness, read_headline
from newsmill_enrich.extraction.jsonld import is_list
from newsmill_enrich.extraction.kinds import page_kind, paywall
from newsmill_enrich.extraction.main_text import MainText, read_main_text
from newsmill_enrich.extraction.model import Forest, load_model
from newsmill_enrich.extraction.prescan import Scan, scan_markup
from newsmill_enrich.extraction.record import Extracted, UnarchivedError
from newsmill_enrich.extraction.second_opinion import fits, main_text
from newsmill_enrich.extraction.signals import read_section, read_signals
from newsmill_enrich.extraction.surroundings import Surroundings, look_around
from newsmill_enrich.extraction.wording import fold, weight
from newsmill_shared.decoding import Decoded
from newsmill_shared.errors import EndedError
from newsmill_shared.messages import Page
from newsmill_shared.reasons import Reason

__all__ = ["Draft", "draft_markup", "from_markup"]

_AMERICAN = (".com", ".org", ".net", ".us", ".gov", ".edu", ".news")
"""Where a page in American English is likely American: elsewhere it is a template's default."""

MAX_BLOCKS = 40_000
"""Of text on a page: a hundred times those of an article, and a second of work."""

DOUBT = 0.75
"""Below this confidence of the model a second opinion is heard."""

FEW_LETTERS = 1_000
"""A longer text stands on its own, however much prose is around it."""

LITTLE = 0.45
"""A doubtful text gives way to a second opinion of which it has less than this share."""

OPENING = 30
"""Letters that tell one line from another."""

_NO_LETTERS = re.compile(r"[\W_]+")

TRUSTED = 0.9
"""A declared date of this worth needs no look at the page."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that was read from a page, before it becomes a record."""

    tree: Tree
    declared: Declared
    headline: Headline
    page: Blocks
    features: Features | None
    main: MainText | None
    around: Surroundings
    context: Context
    text: str
    extractor: str
    model: str


def _read(
    markup: str, page: Page, context: Context, forest: Forest, model: str, scan: Scan
) -> Draft:
    tree = LexborHTMLParser(markup)
    declared = read_declared(tree, page.final_url, page.headers)
    context = _in_its_language(context, declared, page.final_url)
    headline = read_headline(tree, declared)
    blocks = walk(tree.body) if tree.body is not None else Blocks()
    if len(blocks.blocks) > MAX_BLOCKS:
        count = f"{len(blocks.blocks):,} blocks of text, at most {MAX_BLOCKS:,}"
        raise EndedError(Reason.TOO_LARGE, count)
    summary = declared.first("og:description", "description")
    features = describe(blocks, headline.text or declared.title, summary)
    main = None
    if features is not None:
        main = read_main_text(blocks, features, forest, headline.text, context)
        if not _names_the_text(headline, declared):
            headline = _shown_headline(blocks, main, headline)
            main = read_main_text(blocks, features, forest, headline.text, context)
    kept = main.kept if main else ()
    around = look_around(blocks, kept, headline.text, context, page.final_url)
    text, extractor = _text(markup, scan, blocks, main, features, headline.text)
    return Draft(
        tree, declared, headline, blocks, features, main, around, context, text, extractor, model
    )


def _in_its_language(context: Context, declared: Declared, url: str) -> Context:
    """The context with the page's declared language, and the order of numbers that goes with it."""
    tag = (declared.languages.get("html") or declared.languages.get("og") or "").lower()
    host = urlsplit(url).hostname or ""
    american = tag.replace("_", "-") == "en-us" and host.endswith(_AMERICAN)
    return replace(context, language=tag[:2], month_first=context.month_first or american)


def draft_markup(markup: str, page: Page, context: Context, forest: Forest | None = None) -> Draft:
    """Read a page; with a forest of one's own to measure or explain.

    Raises:
        EndedError: The page is more than a parser should see.
    """
    scan = scan_markup(markup)
    shipped, name = load_model()
    return _read(markup, page, context, forest or shipped, name, scan)


def _names_the_text(headline: Headline, declared: Declared) -> bool:
    """Whether a headline was shown or declared as one, rather than taken from the page's title."""
    return headline.found_in not in ("", "title") or bool(declared.first("og:title"))


def _shown_headline(blocks: Blocks, main: MainText, headline: Headline) -> Headline:
    """A headline of a page that marks none: the last block above the text that looks like one.

    It is shown twice, or in bold, or in large, or it is part of the page's title.
    """
    if not main.kept:
        return headline
    first = main.kept[0]
    counts: dict[str, int] = {}
    for block in blocks.blocks:
        if len(block.text) <= 300:
            key = fold(block.text)
            counts[key] = counts.get(key, 0) + 1
    for i in range(first + 1, max(-1, first - 6), -1):
        if i >= len(blocks.blocks):
            continue
        block = blocks.blocks[i]
        size = weight(block.text)
        if not 15 <= size <= 300 or block.link > len(block.text) / 2:
            continue
        twice = counts.get(fold(block.text), 0) > 1
        bold = block.bold >= 0.9 * len(block.text)
        if twice or bold or likeness(block.text, headline.text) > 0.6:
            place = "text shown twice" if twice else "text in bold" if bold else "text"
            return Headline(block.text, place, headline.candidates)
    return headline


def _text(
    markup: str,
    scan: Scan,
    page: Blocks,
    main: MainText | None,
    features: Features | None,
    title: str,
) -> tuple[str, str]:
    """The article's text, and which reading of the page gave it."""
    own = "\n".join(main.paragraphs) if main else ""
    if own and main and features and not _doubtful(main, features):
        return own, "blocks"
    if not fits(markup, scan.tags):
        return own, "blocks"
    lines = main_text(markup).splitlines()
    if main and main.teasers:
        lines = _without_teasers(lines, page, main)
    key = fold(title)
    other = "\n".join(line for line in lines if fold(line[:500]) != key)
    return (other, "trafilatura") if weight(own) < LITTLE * weight(other) else (own, "blocks")


def _without_teasers(lines: list[str], page: Blocks, main: MainText) -> list[str]:
    """The lines of another reading without those of teasers, which it may have joined."""
    teasers = [_letters(page.blocks[i].text) for i in main.teasers]
    joined = "".join(teasers)
    starts = accumulate(map(len, teasers), initial=0)
    known = {joined[start : start + OPENING] for start in starts}
    known |= {text for text in teasers if len(text) < OPENING}
    own = {_letters(text)[:OPENING] for text in main.paragraphs}
    known -= own
    return [line for line in lines if _letters(line)[:OPENING] not in known]


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", fold(text))


def _doubtful(main: MainText, features: Features) -> bool:
    """Whether the model wavered, or left nearly all prose of the page aside."""
    letters = features.length * features.long
    prose = float(letters.sum() - letters[main.teasers.start : main.teasers.stop].sum())
    kept = float(features.length[list(main.kept)].sum())
    unlinked = float(features.length[features.link_share < 0.8].sum())
    if kept >= LITTLE * unlinked:
        return False  # no other reading could find so much more
    return main.confidence < DOUBT or (kept < FEW_LETTERS and kept < 0.2 * prose)


def _dates(draft: Draft, page: Page, context: Context) -> publication.Publication:
    declared = list(publication.declared_dates(draft.declared, draft.headline.text, context))
    from_url = publication.url_date(page.final_url, context)
    found = [*declared, *draft.around.dates, *([from_url] if from_url else [])]
    if not any(c.confidence >= TRUSTED and not c.is_update for c in declared):
        found += publication.visible_dates(draft.tree, context)
    return publication.choose(found)


def _listed(draft: Draft) -> int:
    """How many kept blocks stand each below a headline that is a link as a whole."""
    if draft.main is None:
        return 0
    blocks = draft.page.blocks
    above = (blocks[i - 1] for i in draft.main.kept if i)
    return sum(
        block.link > 0.9 * len(block.text) and 15 < weight(block.text) < 250 for block in above
    )


def _facts(draft: Draft, url: str, has_date: bool) -> Facts:
    declared = draft.declared
    declares = bool(declared.linked.articles) or declared.first("og:type") == "article"
    links = sum(block.link for block in draft.page.blocks)
    letters = sum(len(block.text) for block in draft.page.blocks)
    heads = sum(
        block.link > 0.9 * len(block.text) and 20 < weight(block.text) < 200
        for block in draft.page.blocks
    )
    return Facts(
        url=url,
        title=draft.headline.text,
        text=draft.text,
        declares_article=declares,
        declares_list=is_list(declared.linked),
        has_date=has_date,
        link_share=links / letters if letters else 0.0,
        teasers=heads,
        listed=_listed(draft),
        paragraphs=len(draft.main.kept) if draft.main else 0,
        prose=sum(weight(line) > 120 for line in draft.text.splitlines()),
    )


def from_markup(
    decoded: Decoded,
    page: Page,
    context: Context,
    forest: Forest | None = None,
    *,
    heed_robots: bool = False,
) -> Extracted:
    """Make a record of a page with markup.

    Raises:
        EndedError: ``not_an_article``, ``too_large`` or, with ``heed_robots``, ``noindex``.
    """
    draft = draft_markup(decoded.text, page, context, forest)
    declared, title = draft.declared, draft.headline.text
    if heed_robots and declared.robots.forbids(context.now):
        raise EndedError(Reason.NOINDEX, "a meta element asks not to keep the page")
    dates = _dates(draft, page, draft.context)
    ground = not_an_article(_facts(draft, page.final_url, dates.published is not None))
    if ground:
        ended = UnarchivedError if declared.robots.noarchive else EndedError
        raise ended(Reason.NOT_AN_ARTICLE, ground)
    signals = read_signals(draft.tree, declared, title, page.final_url)
    site = declared.first("og:site_name", "application-name")
    section, section_in = read_section(draft.tree, signals, site, draft.around.rubric)
    authors, authors_in = read_authors(draft.tree, declared, title, draft.around.authors)
    image = declared.first("og:image", "og:image:url", "twitter:image", "twitter:image:src")
    found: dict[str, JsonValue] = {
        "format": "html",
        "kind": page_kind(declared),
        "paywall": paywall(declared),
        "encoding": {"name": decoded.encoding, "found_in": decoded.found_in},
        "extractor": draft.extractor,
        "model": draft.model,
        "confidence": round(draft.main.confidence, 3) if draft.main else 0.0,
        "title": evidence.headline(draft.headline),
        **evidence.dates(dates),
        "section_raw": {"found_in": section_in} if section else None,
        "authors": {"found_in": authors_in} if authors else None,
        "blocks": len(draft.page.blocks),
        "kept": len(draft.main.kept) if draft.main else 0,
        "dropped": evidence.counts(draft.main.dropped() if draft.main else {}),
        "broken_json_ld": declared.linked.broken,
        "robots": evidence.robots(declared.robots, in_headers=page.noarchive),
    }
    return Extracted(
        title=title,
        text=draft.text,
        published_at=dates.published.moment.at if dates.published else None,
        modified_at=dates.modified.moment.at if dates.modified else None,
        authors=authors,
        section_raw=section,
        site_name=site or None,
        canonical_url=declared.canonical,
        links=declared.links,
        noarchive=page.noarchive or declared.robots.noarchive,
        image=web_url(image, page.final_url) if image else None,
        declared_languages=declared.languages,
        signals=signals,
        evidence=found,
    )
