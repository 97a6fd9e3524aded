"""How the index is, as its keeper says it where everybody reads: in the broker."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from redis import Redis

__all__ = ["STATUS_KEY", "IndexStatus", "read_status", "write_status"]

STATUS_KEY = "newsmill:index"
_KEPT_SECONDS = 15
"""Older, and it says nothing any more."""


class IndexStatus(BaseModel):
    """How the duplicate index is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: Literal["ready", "rebuilding", "away"]
    """While it is not ready, enrichment waits."""
    detail: str = ""
    """Why it is away, for people."""
    loaded: int = 0
    """Documents that a rebuild has loaded."""
    total: int = 0
    """Documents that it will load; 0 when none is under way."""
    used_bytes: int = 0
    most_bytes: int = 0
    """0 when unlimited."""
    trimmed_at: AwareDatetime | None = None
    """When its oldest documents were last dropped for want of memory."""
    trimmed_documents: int = 0
    """So many were dropped then: their copies are not found any more."""


def write_status(redis: "Redis", status: IndexStatus) -> None:
    """Say it, for some seconds; raises Redis' errors."""
    redis.set(STATUS_KEY, status.model_dump_json(), ex=_KEPT_SECONDS)


def read_status(said: bytes | str | None) -> IndexStatus | None:
    """Return what lies at ``STATUS_KEY``; None if nobody has said anything lately."""
    if said is None:
        return None
    try:
        return IndexStatus.model_validate_json(said)
    except ValidationError:
        return None
