"""Pages out of stories: pure functions from content to HTML."""

import json
from collections.abc import Iterable
from html import escape
from string import Template

from newsmill_cli.demo.content import Page, Publication, Story, Teaser

__all__ = ["render"]

_TEASERS_SHOWN = 3
_DESCRIPTION_CHARACTERS = 150


def render(page: Page, serving: int) -> str:
    """Return a page's HTML as its ``serving``-th reader gets it, counted from 0.

    Each serving shows other teasers; a revised page tells the revised story from serving 1 on.
    """
    publication, form = page.publication, page.form
    teasers = publication.teasers
    if page.story is not None:
        teasers = _rotated(teasers, serving * _TEASERS_SHOWN)[:_TEASERS_SHOWN]
    values = {
        "site": escape(publication.name),
        "language": publication.language,
        "direction": publication.direction,
        "today": escape(publication.today),
        "footer": escape(publication.footer),
        "teasers_title": escape(publication.teasers_title),
        "form_title": escape(publication.form_title),
        "form_button": escape(publication.form_button),
        "menu": _each(form.menu_item, ({"text": item} for item in publication.menu)),
        "teasers": _each(form.teaser, map(_teaser, teasers)),
    }
    if page.story is not None:
        values |= _story_values(page, page.story, revised=page.revised and serving > 0)
    return form.page.substitute(values)


def _story_values(page: Page, story: Story, *, revised: bool) -> dict[str, str]:
    revision = story.revised if revised else None
    title, text = (revision.title, revision.text) if revision else (story.title, story.text)
    paragraphs = text.strip().split("\n\n")
    published = story.published.isoformat()
    modified = (
        page.form.modified.substitute(modified=revision.modified.isoformat()) if revision else ""
    )
    return {
        "story": story.name,
        "title": escape(title),
        "description": escape(paragraphs[0][:_DESCRIPTION_CHARACTERS]),
        "body": _each(page.form.paragraph, ({"text": paragraph} for paragraph in paragraphs)),
        "section": escape(story.section),
        "author": escape(story.author),
        "shown": escape(story.shown),
        "published": published,
        "modified": modified,
        "jsonld": _json_ld(page.publication, story, title),
    }


def _json_ld(publication: Publication, story: Story, title: str) -> str:
    node = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "datePublished": story.published.isoformat(),
        "articleSection": story.section,
        "publisher": {"@type": "Organization", "name": publication.name},
    }
    if story.author:
        node["author"] = {"@type": "Person", "name": story.author}
    return json.dumps(node, ensure_ascii=False).replace("<", "\\u003c")


def _teaser(teaser: Teaser) -> dict[str, str]:
    return {
        "url": "/list/",
        "title": teaser.title,
        "text": teaser.text,
        "shown": teaser.shown,
    }


def _each(template: Template, entries: Iterable[dict[str, str]]) -> str:
    return "".join(
        template.substitute({name: escape(value) for name, value in entry.items()})
        for entry in entries
    )


def _rotated(teasers: tuple[Teaser, ...], by: int) -> tuple[Teaser, ...]:
    start = by % len(teasers)
    return teasers[start:] + teasers[:start]
