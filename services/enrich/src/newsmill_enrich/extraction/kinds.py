"""What kind of page an article is on, and whether its publisher holds part of it back."""

import re
from typing import Literal

from newsmill_enrich.extraction.declared import Declared
from newsmill_enrich.extraction.jsonld import kind

__all__ = ["Kind", "page_kind", "paywall"]

Kind = Literal["article", "live_blog", "video", "gallery", "opinion", "review", "advertorial"]

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("live_blog", re.compile(r"^LiveBlogPosting$")),
    ("gallery", re.compile(r"^(?:Image|Media)Gallery$")),
    ("advertorial", re.compile(r"^AdvertiserContentArticle$")),
    ("opinion", re.compile(r"^OpinionNewsArticle$")),
    ("review", re.compile(r"^(?:Critic)?Review(?:NewsArticle)?$")),
)
_VIDEO = re.compile(r"^(?:VideoObject|Clip)$")
_LOCKED = frozenset(("locked", "metered", "paid", "premium", "subscriber", "plus"))


def page_kind(declared: Declared) -> Kind:
    """The kind that a page declares: by the first JSON-LD node that names one; else an article."""
    for node in declared.linked.nodes:
        for word in kind(node).split():
            for name, pattern in _KINDS:
                if pattern.search(word):
                    return name
    videos = any(_VIDEO.search(word) for n in declared.linked.nodes for word in kind(n).split())
    if declared.first("og:type").startswith("video") or (videos and not declared.linked.articles):
        return "video"
    return "article"


def paywall(declared: Declared) -> str | None:
    """Where a page says that it is not free to read in full, or None."""
    for node in declared.linked.articles:
        free = node.get("isAccessibleForFree")
        if free is False or str(free).lower() == "false":
            return "json-ld isAccessibleForFree"
    tier, name = declared.found("article:content_tier", "og:article:content_tier", "content_tier")
    return f"meta {name}" if tier.lower() in _LOCKED else None
