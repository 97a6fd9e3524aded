"""Settings of the enrich service."""

from pydantic import Field

from newsmill_shared.settings import Settings

__all__ = ["EnrichSettings"]


class EnrichSettings(Settings):
    """The enrich worker."""

    enrich_concurrency: int = Field(default=1, ge=1)
    """Processes that compute at the same time."""
    enrich_seconds: float = Field(default=10, gt=0)
    """A page that takes longer is stopped with its process."""
    enrich_memory_mb: int = Field(default=1024, ge=256)
    """Address space of each process, in MiB; a page that needs more is given up."""
