"""Identifiers: jobs and fetches in order of time, articles from their page."""

from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

__all__ = ["article_id", "new_id"]

_ARTICLES = UUID("5d0c1c9e-3f0a-5c1b-9f55-6e6577736d6c")


def new_id() -> UUID:
    """Return a new UUIDv7: unique, and sorted by the time it was made."""
    return UUID(int=uuid7().int)


def article_id(page_key: str) -> UUID:
    """Return the id of the article at a page.

    It follows from the page's key alone, so that enrichment can name an earlier article that
    it found in the duplicate index without asking the database.
    """
    return uuid5(_ARTICLES, page_key)
