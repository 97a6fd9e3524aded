"""Settings of the gateway."""

import re
from ipaddress import ip_address

from pydantic import Field, SecretStr

from newsmill_shared.database.accept import DEFAULT_SUBMITTER
from newsmill_shared.errors import SettingsError
from newsmill_shared.settings import Settings

__all__ = ["GatewaySettings", "is_loopback"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_RESERVED = frozenset({DEFAULT_SUBMITTER, "list", "stream", "celery"})
"""Who hands in at the other doors."""


class GatewaySettings(Settings):
    """The HTTP door. On a loopback address it needs no key, elsewhere it does."""

    gateway_host: str = "127.0.0.1"
    """The address to listen on; anything but a loopback address needs a key."""
    gateway_port: int = Field(default=8765, ge=0, le=65535)
    """The port to listen on."""
    api_key: SecretStr | None = None
    """What callers send as ``Authorization: Bearer KEY``."""
    api_keys: SecretStr | None = None
    """Further keys, each with the name of who has it: ``crawler=KEY,desk=KEY``. Each name has an
    equal share of what is fetched, and a quota of its own; who sends ``NEWSMILL_API_KEY`` is
    called ``default``."""
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

    @property
    def named_keys(self) -> dict[str, str]:
        """Further keys that callers may send, by the names of who has them.

        Raises:
            SettingsError: They cannot be read, a name or a key comes twice, or there is no first
                key.
        """
        given = self.api_keys.get_secret_value() if self.api_keys else ""
        entries = [entry.strip().partition("=") for entry in given.split(",") if entry.strip()]
        names = {name.strip(): key.strip() for name, _, key in entries}
        keys = {*names.values(), self.key}
        if len(names) < len(entries) or len(keys) < len(entries) + 1:
            raise SettingsError("NEWSMILL_API_KEYS: each name and each key may be there once")
        if not all(_NAME.fullmatch(name) and key for name, key in names.items()):
            raise SettingsError(
                "NEWSMILL_API_KEYS: write NAME=KEY,NAME=KEY; a name is 1 to 64 of a-z, 0-9, - and _"
            )
        if _RESERVED & names.keys():
            raise SettingsError(f"NEWSMILL_API_KEYS: {min(_RESERVED & names.keys())} is taken")
        if names and self.key is None:
            raise SettingsError("NEWSMILL_API_KEYS wants NEWSMILL_API_KEY, too")
        return names

    def check(self) -> None:
        """Refuse to be reachable from elsewhere without a key, and keys that cannot be read.

        Raises:
            SettingsError: The address is not loopback and no key is set, or as ``named_keys``.
        """
        _ = self.named_keys
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
