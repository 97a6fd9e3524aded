"""Builders of snapshots: everything answers and everything moves, unless a test says otherwise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsmill_shared.diagnosis import SERVICES
from newsmill_shared.diagnosis.snapshot import (
    Away,
    Backlog,
    Beat,
    Broker,
    Database,
    Ledger,
    PageStoreRoom,
    Running,
    Snapshot,
)

NOW = datetime(2026, 11, 25, 3, 12, 7, tzinfo=UTC)
EVERYBODY = (*SERVICES, "bridge")


def ago(seconds: float) -> datetime:
    """A moment before now."""
    return NOW - timedelta(seconds=seconds)


def a_beat(service: str, **fields: object) -> Beat:
    """A process that lives."""
    values: dict[str, object] = {"host": "here", "pid": 1, "started_at": ago(60)}
    return Beat(service=service, **{**values, **fields})  # type: ignore[arg-type]


def a_broker(*services: str, **fields: object) -> Broker:
    """Redis with room, and one process of each service."""
    values: dict[str, object] = {
        "now": NOW,
        "epoch": "e1",
        "depths": {"ingest": 0, "enrich": 0, "store": 0},
        "used_bytes": 31 * 2**20,
        "max_bytes": 100 * 2**20,
        "beats": tuple(a_beat(name) for name in services or EVERYBODY),
    }
    return Broker(**{**values, **fields})  # type: ignore[arg-type]


def a_ledger(**fields: object) -> Ledger:
    """A ledger that moves."""
    values: dict[str, object] = {
        "now": NOW,
        "epoch": "e1",
        "last_outcome_at": ago(0.1),
        "last_sent_at": ago(0.2),
        "ended_last_minute": 2046,
        "running": {"ingest": Running(3, ago(0.5))},
        "backlog": Backlog(),
        "unaccounted": 0,
    }
    return Ledger(**{**values, **fields})  # type: ignore[arg-type]


def a_quiet_ledger(**fields: object) -> Ledger:
    """A ledger in which nothing has happened for ten minutes."""
    quiet: dict[str, object] = {
        "last_outcome_at": ago(600),
        "last_sent_at": None,
        "ended_last_minute": 0,
        "running": {},
    }
    return a_ledger(**{**quiet, **fields})


def a_database(ledger: Ledger | Away | None = None, **fields: object) -> Database:
    """PostgreSQL, quick and with connections to spare."""
    values: dict[str, object] = {
        "answered_seconds": 0.003,
        "connections": 9,
        "connections_max": 100,
        "ledger": ledger or a_ledger(),
    }
    return Database(**{**values, **fields})  # type: ignore[arg-type]


def a_snapshot(**fields: object) -> Snapshot:
    """A newsmill that is well."""
    well = Snapshot(
        now=NOW,
        database=a_database(),
        broker=a_broker(),
        pages=PageStoreRoom(100 * 2**30, 200 * 2**30),
    )
    return replace(well, **fields)  # type: ignore[arg-type]
