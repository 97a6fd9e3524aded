"""Settings of the ingest service."""

from importlib.metadata import version

from pydantic import Field

from newsmill_shared.robots_tags import AGENT
from newsmill_shared.settings import Settings

__all__ = ["IngestSettings"]


class IngestSettings(Settings):
    """The ingest worker."""

    ingest_concurrency: int = Field(default=16, ge=1)
    """Chains at the same time, each in a thread."""
    contact: str = ""
    """A URL or address at which hosts can reach the operator; part of the User-Agent."""
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """A larger body, decompressed, ends as ``too_large``."""
    ca_file: str | None = None
    """Certificate authorities to trust instead of the public ones."""

    @property
    def user_agent(self) -> str:
        """Who asks."""
        product = f"{AGENT}/{version('newsmill-ingest')}"
        return f"{product} (+{self.contact})" if self.contact else product
