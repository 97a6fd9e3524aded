"""The articles page: the newest, by facets that put what needs a look first."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.formats import age, count, host_of, stamp
from newsmill_gateway.dashboard.languages import language_name
from newsmill_gateway.dashboard.ports import Article, ArticleList, ArticleQuery, Facets

__all__ = ["FLAGS", "SHORT_BYTES", "STORIES", "articles_panel", "facets_panel", "shown_lang"]

FLAGS = {
    "no_date": "no date",
    "no_language": "language undetermined",
    "no_category": "no category",
    "short": "too short",
}
STORIES = {"first": "first of its story", "copy": "copy of another", "changed": "changed since"}
SHORT_BYTES = 400
"""As in the ledger's query: fewer bytes of UTF-8 count as too short."""
_LEAD_CHARACTERS = 280


@dataclass(frozen=True, slots=True)
class _Choice:
    """One box of a facet."""

    value: str
    said: str
    jobs: str
    chosen: bool


def shown_lang(tag: str) -> str | None:
    """Return a ``lang`` attribute, which is left out when the language cannot be told."""
    return None if tag in ("", "und") else tag


def articles_panel(found: ArticleList, query: ArticleQuery) -> Mapping[str, object]:
    """Return a page of articles and the way to older ones."""
    older = None
    if found.next_before is not None:
        older = "/articles?" + urlencode([*_pairs(query), ("before", str(found.next_before))])
    return {
        "articles": tuple(_row(article) for article in found.articles),
        "older": older,
        "exhausted": found.exhausted,
        "query": query,
    }


def facets_panel(kept: Kept[Facets] | None, query: ArticleQuery) -> Mapping[str, object]:
    """Return the facets; what is chosen stays in them, also when nothing newest has it."""
    facets = kept.value if kept else Facets(0)
    languages = {tag: (language_name(tag), jobs) for tag, jobs in facets.languages}
    categories = {id_: (name, jobs) for id_, name, jobs in facets.categories}
    hosts = {host: (host, jobs) for host, jobs in facets.hosts}
    return {
        "facets": (
            (
                "Needs a look",
                "flag",
                "checkbox",
                tuple(
                    _Choice(flag, said, count(facets.flags.get(flag, 0)), flag in query.flags)
                    for flag, said in FLAGS.items()
                ),
            ),
            ("Language", "lang", "checkbox", _choices(languages, query.languages)),
            ("Category", "cat", "checkbox", _choices(categories, query.categories)),
            (
                "Story",
                "story",
                "radio",
                (
                    _Choice("", "any", count(facets.looked_at), query.story is None),
                    *(
                        _Choice(
                            story, said, count(facets.stories.get(story, 0)), story == query.story
                        )
                        for story, said in STORIES.items()
                    ),
                ),
            ),
            ("Source", "host", "checkbox", _choices(hosts, query.hosts)),
        ),
        "facets_of": facets.looked_at,
        "facets_age": age(kept.seconds_old) if kept else None,
    }


def _choices(known: Mapping[str, tuple[str, int]], chosen: tuple[str, ...]) -> tuple[_Choice, ...]:
    missing = [value for value in chosen if value not in known]
    return (
        *(_Choice(value, value, count(0), chosen=True) for value in missing),
        *(
            _Choice(value, said, count(jobs), value in chosen)
            for value, (said, jobs) in known.items()
        ),
    )


def _pairs(query: ArticleQuery) -> list[tuple[str, str]]:
    pairs = [("lang", value) for value in query.languages]
    pairs += [("cat", value) for value in query.categories]
    pairs += [("host", value) for value in query.hosts]
    pairs += [("flag", value) for value in query.flags]
    if query.story:
        pairs.append(("story", query.story))
    if query.words:
        pairs.append(("words", query.words))
    return pairs


def _row(article: Article) -> Mapping[str, object]:
    names = [str(category.get("name", "")) for category in article.categories]
    return {
        "id": str(article.article_id),
        "job_id": str(article.job_id),
        "title": article.title or "without a title",
        "lead": _lead(article.lead),
        "lang": shown_lang(article.language),
        "host": host_of(article.url),
        "published": stamp(article.published_at) if article.published_at else None,
        "published_iso": article.published_at.isoformat() if article.published_at else None,
        "stored": stamp(article.stored_at),
        "stored_iso": article.stored_at.isoformat(),
        "language": language_name(article.language),
        "confidence": f"{article.language_confidence:.3f}",
        "undetermined": article.language == "und",
        "categories": ", ".join(names),
        "length": "long" if article.bytes is None else f"{count(article.bytes)} bytes",
        "short": article.bytes is not None and article.bytes < SHORT_BYTES,
        "is_copy": article.duplicate_of is not None,
        "version": article.number,
    }


def _lead(text: str) -> str:
    """Return the first paragraph, cut at a word."""
    first = text.strip().partition("\n")[0]
    if len(first) <= _LEAD_CHARACTERS:
        return first
    cut = first[:_LEAD_CHARACTERS]
    return (cut.rpartition(" ")[0] or cut) + " …"
