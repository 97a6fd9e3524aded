"""Settings of the gateway."""

from ipaddress import ip_address

from pydantic import Field, SecretStr

from newsmill_shared.errors import SettingsError
from newsmill_shared.settings import Settings

__all__ = ["GatewaySettings", "is_loopback"]


class GatewaySettings(Settings):
    """The HTTP door. On a loopback address it needs no key, elsewhere it does."""

    gateway_host: str = "127.0.0.1"
    """The address to listen on; anything but a loopback address needs a key."""
    gateway_port: int = Field(default=8765, ge=0, le=65535)
    """The port to listen on."""
    api_key: SecretStr | None = None
    """The first key, which opens everything, sent as ``Authorization: Bearer KEY``: with it further
    ones are made, by ``newsmill keys``. It works while PostgreSQL is away, too."""
    submitter_max_open_jobs: int = Field(default=2_000_000, ge=1)
    """Open jobs that one submitter may have; beyond it a batch is answered with 429."""
    host_delay_seconds: float = Field(default=1, ge=0)
    """The gap between two fetches from a host that is seen for the first time."""
    database_seconds: float = Field(default=3, gt=0)
    """A question to PostgreSQL is given up after this long."""
    accept_seconds: float = Field(default=6, gt=0)
    """Accepting a batch is given up after this long; the receipt tells whether it went through."""

    accept_at_once: int = Field(default=32, ge=1)
    """So many requests are accepted at the same time; others wait a little, then get a 503."""

    @property
    def key(self) -> str | None:
        """The key that callers must send, if any."""
        return self.api_key.get_secret_value() or None if self.api_key else None

    def check(self) -> None:
        """Refuse to be reachable from elsewhere without a key.

        Raises:
            SettingsError: The address is not loopback and no key is set.
        """
        if not is_loopback(self.gateway_host) and self.key is None:
            raise SettingsError(
                f"NEWSMILL_GATEWAY_HOST {self.gateway_host} can be reached from other machines:"
                " set NEWSMILL_API_KEY, or listen on 127.0.0.1"
            )


def is_loopback(host: str) -> bool:
    """Tell whether an address or name of a Host header or a setting is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
