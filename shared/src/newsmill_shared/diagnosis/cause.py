"""Causes: what the diagnosis can find, each under a stable code."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

__all__ = ["DATA", "SERVICES", "Cause", "Code", "Command", "Help", "State"]

State = Literal["ok", "wait", "bad"]
"""``wait`` is on purpose, or passes by itself; ``bad`` wakes somebody."""

SERVICES = ("dispatcher", "ingest", "enrich", "store")
"""Services without which work stops."""

DATA = "DATA_DIR"
"""Stands in a laptop's command for the data directory, which whoever shows it may fill in."""


class Code(StrEnum):
    """Codes of causes; never renamed. docs/operations.md has a section for each."""

    API_UNREACHABLE = "api_unreachable"
    DATABASE_UNREACHABLE = "database_unreachable"
    DATABASE_CONNECTIONS = "database_connections"
    DATABASE_READ_ONLY = "database_read_only"
    SCHEMA_OLD = "schema_old"
    DATABASE_SLOW = "database_slow"
    REDIS_UNREACHABLE = "redis_unreachable"
    REDIS_READ_ONLY = "redis_read_only"
    REDIS_FULL = "redis_full"
    REDIS_DISK = "redis_disk"
    REDIS_OTHER_DATA = "redis_other_data"
    UNACCOUNTED = "unaccounted"
    NO_WORKER = "no_worker"
    DISPATCHER_INACTIVE = "dispatcher_inactive"
    PAGE_STORE_UNREACHABLE = "page_store_unreachable"
    DISK_FULL = "disk_full"
    INDEX_UNREACHABLE = "index_unreachable"
    STAGE_FAILING = "stage_failing"
    SERVICE_WAITS = "service_waits"
    NOTHING_SENT = "nothing_sent"
    NOTHING_ENDS = "nothing_ends"
    EVENTS_UNNUMBERED = "events_unnumbered"
    NO_BRIDGE = "no_bridge"
    CLOCK_SKEW = "clock_skew"
    PAUSED = "paused"
    ENRICH_SLOW = "enrich_slow"
    STORE_SLOW = "store_slow"
    INDEX_REBUILDING = "index_rebuilding"
    INDEX_FULL = "index_full"
    POLITE = "polite"
    MOVING = "moving"
    READY = "ready"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Command:
    """What to type: where newsmill runs by docker compose, and where by ``newsmill up``."""

    compose: str
    laptop: str


@dataclass(frozen=True, slots=True)
class Help:
    """What to do about a cause: the command, where to look next, and what is safe."""

    do: Command
    then: str
    look: Command
    safe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One finding, in the words that everybody shows.

    Args:
        code: Its stable name.
        state: Whether it wakes somebody.
        said: One line.
        meaning: What it means for the work.
        help: What to do; None where there is nothing to do.
        since: When it began, if that is known.
    """

    code: Code
    state: State
    said: str
    meaning: str
    help: Help | None = None
    since: datetime | None = None
