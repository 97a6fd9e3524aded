"""The setting on which enrich, which registers, and store, which keeps the index, must agree."""

from pydantic import Field

from newsmill_shared.settings import Settings

__all__ = ["IndexSettings"]


class IndexSettings(Settings):
    """How far back the duplicate index looks."""

    index_weeks: int = Field(default=1, ge=1, le=52)
    """A document is found as an original for so many weeks, and up to one more; each costs about
    700 bytes a document in the memory of the index. The same for enrich and store."""
