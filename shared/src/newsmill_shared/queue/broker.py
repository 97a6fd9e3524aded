"""Clients of the broker: short limits, and one error for "away for now"."""

from collections.abc import Sequence

from redis import Redis

from newsmill_shared.errors import SettingsError, TransientError

__all__ = [
    "CONNECT_SECONDS",
    "QUEUES",
    "SOCKET_SECONDS",
    "BrokerAwayError",
    "as_bytes",
    "make_redis",
]

CONNECT_SECONDS = 3
SOCKET_SECONDS = 5

QUEUES = ("ingest", "enrich", "store")
"""A queue is named after its consumer."""


class BrokerAwayError(TransientError):
    """Redis cannot be used for now."""


def make_redis(url: str, *, seconds: float = SOCKET_SECONDS) -> "Redis":
    """Return a client with short limits; it connects when it is first used.

    Args:
        url: Where the server is.
        seconds: How long any call may take, and connecting three at most.

    Raises:
        SettingsError: ``url`` is none of Redis'.
    """
    try:
        return Redis.from_url(
            url,
            socket_timeout=seconds,
            socket_connect_timeout=min(seconds, CONNECT_SECONDS),
            health_check_interval=10,
        )
    except ValueError as error:
        raise SettingsError(f"NEWSMILL_REDIS_URL or NEWSMILL_INDEX_URL: {error}") from error


def as_bytes(values: Sequence[bytes | str]) -> list[bytes]:
    """Return what Redis said as bytes, which it is with our clients."""
    return [value if isinstance(value, bytes) else value.encode() for value in values]
