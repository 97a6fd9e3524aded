"""Settings of the bridge."""

from pydantic import Field

from newsmill_shared.settings import Settings

__all__ = ["BridgeSettings"]


class BridgeSettings(Settings):
    """The doors in Redis."""

    host_delay_seconds: float = Field(default=1, ge=0)
    """The gap between two fetches from a host that is seen for the first time."""
    bridge_rejected_max: int = Field(default=10_000, ge=1)
    """So many rejected items are kept, the newest."""
