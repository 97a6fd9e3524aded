"""Deleting a page: as operators ask for it, and what is answered."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from newsmill_gateway.intake import Line
from newsmill_shared.database.deletion import Held

__all__ = ["Deletion", "PageDeleted"]


class Deletion(BaseModel):
    """Delete an article and all that is stored of its page."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    dry_run: bool = False
    """Only say what would go."""
    by: Annotated[Line, Field(min_length=1, max_length=100)] = "loopback"
    """Who wants it."""
    why: Annotated[Line, Field(max_length=500)] = ""
    """Why, for whoever wonders."""


class PageDeleted(BaseModel):
    """What was deleted, or would be."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    dry_run: bool
    article_id: UUID
    url: str | None
    """Null, and what follows 0: it was deleted before, at ``deleted_at``."""
    title: str | None
    versions: int = 0
    raw_pages: int = 0
    """Fetches of the page, with their bodies."""
    aliases: int = 0
    """Other addresses that are known of it."""
    open_jobs: int = 0
    """Work that ends ``skipped``, for ``deleted``."""
    copies: int = 0
    """Other pages that tell the same story; they stay."""
    deleted_at: AwareDatetime | None
    """Null: it is not deleted."""

    @classmethod
    def of(cls, held: Held, *, deleted_at: AwareDatetime | None) -> "PageDeleted":
        """Return the answer for a page that there is, or was until now."""
        return cls(
            dry_run=deleted_at is None,
            article_id=held.article_id,
            url=held.url,
            title=held.title,
            versions=held.versions,
            raw_pages=held.raw_pages,
            aliases=held.aliases,
            open_jobs=held.open_jobs,
            copies=held.copies,
            deleted_at=deleted_at,
        )
