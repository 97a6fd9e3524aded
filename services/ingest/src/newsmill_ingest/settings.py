"""Settings of the ingest service."""

from importlib.metadata import version

from pydantic import Field

from newsmill_shared.errors import SettingsError
from newsmill_shared.robots_tags import AGENT
from newsmill_shared.settings import Settings

__all__ = ["IngestSettings"]


class IngestSettings(Settings):
    """The ingest worker."""

    ingest_concurrency: int = Field(default=16, ge=1)
    """Chains at the same time, each in a thread."""
    production: bool = False
    """Fetch from the internet in earnest: refuse to start without a contact."""
    contact: str = Field(default="", max_length=200, pattern=r"^[!#-'*-\[\]-~ ]*$")
    """A URL or address at which hosts can reach the operator; part of the User-Agent."""
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """A larger body, decompressed, ends as ``too_large``."""
    ca_file: str | None = None
    """Certificate authorities to trust instead of the public ones."""
    proxy: str | None = Field(default=None, repr=False)
    """``http://host:port`` or ``http://user:password@host:port``: all fetches go through tunnels
    (CONNECT) of this proxy, to addresses that were looked up and checked here."""

    @property
    def user_agent(self) -> str:
        """Who asks."""
        product = f"{AGENT}/{version('newsmill-ingest')}"
        return f"{product} (+{self.contact})" if self.contact else product

    def check_contact(self) -> None:
        """Refuse production without a contact.

        Raises:
            SettingsError: There is none.
        """
        if self.production and not self.contact:
            raise SettingsError(
                "NEWSMILL_CONTACT is empty: with NEWSMILL_PRODUCTION, hosts must be able to reach"
                " you; set it to a URL or an e-mail address"
            )
