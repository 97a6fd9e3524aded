"""Settings of the enrich service."""

from pydantic import Field, field_validator

from newsmill_enrich.duplicates.comparison import Thresholds
from newsmill_shared.index.settings import IndexSettings

__all__ = ["EnrichSettings"]


class EnrichSettings(IndexSettings):
    """The enrich worker."""

    enrich_concurrency: int = Field(default=1, ge=1)
    """Processes that compute at the same time."""
    enrich_seconds: float = Field(default=10, gt=0)
    """A page that takes longer is stopped with its process."""
    enrich_memory_mb: int = Field(default=1024, ge=256)
    """Address space of each process, in MiB; a page that needs more is given up."""
    duplicate_thresholds: dict[str, float] = {}
    """Where the line between one story and two is drawn, if not where it was tested: JSON such as
    ``{"containment": 0.55}``, see docs/duplicates.md."""

    @field_validator("duplicate_thresholds")
    @classmethod
    def _must_be_known(cls, value: dict[str, float]) -> dict[str, float]:
        Thresholds.of(value)
        return value
