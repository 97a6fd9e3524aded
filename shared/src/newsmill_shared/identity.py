"""Identifiers: jobs and fetches in order of time, articles from their page."""

from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

__all__ = ["article_id", "cluster_id", "new_id"]

_ARTICLES = UUID("5d0c1c9e-3f0a-5c1b-9f55-6e6577736d6c")
_CLUSTERS = UUID("6b1f0d52-8d0f-5a3e-8f0e-6e6577736d6c")


def new_id() -> UUID:
    """Return a new UUIDv7: unique, and sorted by the time it was made."""
    return UUID(int=uuid7().int)


def article_id(page_key: str) -> UUID:
    """Return the id of the article at a page.

    It follows from the page's key alone, so that enrichment can name an earlier article that
    it found in the duplicate index without asking the database.
    """
    return uuid5(_ARTICLES, page_key)


def cluster_id(document: str) -> UUID:
    """Return the id of the cluster that a later version of a page founds with this document.

    The first version of a page founds one with the id of its article.
    """
    return uuid5(_CLUSTERS, document)
