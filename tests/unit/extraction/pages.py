"""Builds pages of one shape in several languages and forms, and the messages about them."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from uuid import UUID

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsmill_enrich.extraction import Extracted, extract
from newsmill_shared.messages import Page

NOW = datetime(2024, 6, 19, 12, tzinfo=UTC)
DATA = Path(__file__).parents[2] / "data" / "extraction"


@dataclass(frozen=True)
class Story:
    """An article and what stands around it on its page."""

    language: str
    timezone: str
    site: str
    folder: str
    title: str
    section: str
    dateline: str
    published_at: str
    today: str
    paragraphs: list[str]
    menu: list[str]
    teaser_section: str
    teasers: list[list[str]]
    comment: str
    head: str = field(default="")

    @property
    def url(self) -> str:
        """Where the page lies."""
        return f"https://news.example/{self.language}/{self.folder}/night-ferries"

    @property
    def text(self) -> str:
        """The article as it should be read."""
        return "\n".join(self.paragraphs)

    def but(self, **changes: Any) -> "Story":
        """The same story with something changed."""
        return replace(self, **changes)


STORIES = [Story(**row) for row in json.loads((DATA / "articles.json").read_text("utf-8"))]
ENGLISH = STORIES[0]


def a_page(url: str = "https://news.example/a/b", **changes: Any) -> Page:
    values: dict[str, Any] = {
        "fetch_id": UUID(int=1), "url": url, "url_key": "k", "final_url": url, "final_key": "k",
        "fetched_at": NOW, "sha256": "0" * 64, "object": "raw/x", "size": 1,
        "media_type": "text/html",
    }  # fmt: skip
    return Page(**{**values, **changes})


def read(body: str | bytes, page: Page | None = None, *, now: datetime = NOW) -> Extracted:
    data = body.encode() if isinstance(body, str) else body
    return extract(data, page or a_page(), now=now)


def read_text(story: Story, text: str) -> Extracted:
    page = a_page(story.url, media_type="text/plain", timezone=story.timezone)
    return read(text, page)


def read_html(story: Story, markup: str) -> Extracted:
    return read(markup, a_page(story.url, timezone=story.timezone))


def flattened(story: Story, *, dateline: str = "below") -> str:
    """The page as text without markup: headline twice, dateline, teasers, comment form."""
    info = ["-", f"- {story.section}", f"- {story.dateline}"]
    teasers = [line for _, text in story.teasers for line in ("-", text)]
    tail = [story.teaser_section, *teasers] if teasers else []
    above, below = ([], info) if dateline == "below" else (info[1:], [])
    lines = [story.title, story.title, *above, *story.paragraphs, *below, *tail, story.comment]
    return "\n".join(lines)


def _teasers(story: Story) -> str:
    items = "".join(
        f'<div class="news-item"><a href="/n/{i}"><img src="/t/{i}.jpg" alt=""></a>'
        f'<div class="n-title"><a href="/n/{i}">{escape(head)}</a></div>'
        f'<div class="n-text">{escape(text)}</div><div class="n-date">{story.dateline}</div></div>'
        for i, (head, text) in enumerate(story.teasers)
    )
    heading = f'<div class="block-title"><a href="/cat/0">{story.teaser_section}</a></div>'
    return f'<div class="block-news">{heading}{items}</div>' if items else ""


def _frame(story: Story, head: str, content: str) -> str:
    menu = "".join(f'<li><a href="/cat/{i}">{x}</a></li>' for i, x in enumerate(story.menu))
    return (
        f'<!DOCTYPE html><html lang="{story.language}"><head><meta charset="utf-8">{head}</head>'
        f'<body><div class="top"><ul class="menu">{menu}</ul><div class="today">{story.today}</div>'
        f'</div><div class="content">{content}{_teasers(story)}<div class="leave">'
        f"<h3>{story.comment}</h3><form><input name=n><textarea></textarea></form></div></div>"
        f'<div class="footer">© 1990-2024 {story.site}</div></body></html>'
    )


def _info(story: Story) -> str:
    place = story.menu.index(story.section)
    return (
        f'<div class="n-info"><a class="n-cat" href="/cat/{place}">{story.section}</a> '
        f'<span class="n-date">{story.dateline}</span></div>'
    )


def with_paragraphs(story: Story) -> str:
    """OpenGraph in the head, the text in paragraphs."""
    head = (
        f"<title>{story.title} - {story.site}</title>"
        f'<meta property="og:title" content="{escape(story.title)}">'
        f'<meta property="og:type" content="article"><meta property="og:image" content="/i.jpg">'
    )
    body = "".join(f"<p>{escape(x)}</p>" for x in story.paragraphs)
    content = f'<h1>{story.title}</h1><div class="n-body">{body}</div>{_info(story)}'
    return _frame(story, head, content)


def without_metadata(story: Story) -> str:
    """A title that names only the site, the headline in a div and again in an h2."""
    body = "".join(f"<p>{escape(x)}</p>" for x in story.paragraphs)
    content = (
        f'<div class="n-head">{story.title}</div><div class="n-body"><h2>{story.title}</h2>{body}'
        f"</div>{_info(story)}"
    )
    return _frame(story, f"<title>{story.site}</title>", content)


def with_breaks(story: Story) -> str:
    """The text in one div, paragraphs set apart by two line breaks."""
    head = f'<title>{story.title}</title><meta property="og:title" content="{story.title}">'
    body = "<br><br>".join(escape(x) for x in story.paragraphs)
    content = f'<h1>{story.title}</h1><div class="n-body">{body}</div>{_info(story)}'
    return _frame(story, head, content)


def in_one_div(story: Story) -> str:
    """Headline, text and dateline in one div, set apart by line breaks alone."""
    head = f"<title>{story.title} | {story.site}</title>"
    body = "<br>".join(escape(x) for x in story.paragraphs)
    place = story.menu.index(story.section)
    content = (
        f'<div class="text"><b>{story.title}</b><br>{body}<br>'
        f'<a href="/cat/{place}">{story.section}</a> {story.dateline}</div>'
    )
    return _frame(story, head, content)


def with_linked_data(story: Story) -> str:
    """Title, date and section in JSON-LD."""
    node = {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": story.title,
        "datePublished": story.published_at, "articleSection": story.section,
        "publisher": {"@type": "Organization", "name": story.site},
    }  # fmt: skip
    data = json.dumps(node, ensure_ascii=False)
    head = (
        f"<title>{story.title} - {story.site}</title>"
        f'<script type="application/ld+json">{data}</script>'
    )
    body = "".join(f"<p>{escape(x)}</p>" for x in story.paragraphs)
    content = f'<h1>{story.title}</h1><div class="n-body">{body}</div>{_info(story)}'
    return _frame(story, head, content)


def in_tables(story: Story) -> str:
    """Everything in nested tables, as old sites do."""
    head = f"<title>{story.title}</title>"
    body = "".join(f"<p>{escape(x)}</p>" for x in story.paragraphs)
    content = (
        f'<table><tr><td><table><tr><td class="h"><b>{story.title}</b></td></tr><tr><td>{body}</td>'
        f"</tr><tr><td>{_info(story)}</td></tr></table></td></tr></table>"
    )
    return _frame(story, head, content)


FORMS = {
    form.__name__: form
    for form in (
        with_paragraphs, without_metadata, with_breaks, in_one_div, with_linked_data, in_tables,
    )
}  # fmt: skip


def parsed(markup: str) -> LexborNode:
    """The body of a parsed page."""
    body = LexborHTMLParser(markup).body
    assert body is not None
    return body
