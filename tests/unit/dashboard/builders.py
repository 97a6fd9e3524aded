"""Builders of what the dashboard reads."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from newsmill_gateway.answers import AttemptAnswer, JobInFull
from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.ports import Backlog, Host, Pulse, Queues, Running, Version
from newsmill_gateway.dashboard.verdict import Facts
from newsmill_gateway.diagnosing import Diagnosed
from newsmill_shared.database.conservation import Conservation
from newsmill_shared.database.tallies import Count
from newsmill_shared.diagnosis import SERVICES, Snapshot, diagnose
from newsmill_shared.diagnosis.snapshot import Beat
from tests.unit.diagnosis.builders import a_snapshot

NOW = datetime(2026, 11, 25, 3, 12, 7, tzinfo=UTC)
AN_ID = UUID(int=7)


def ago(seconds: float) -> datetime:
    """A moment before now."""
    return NOW - timedelta(seconds=seconds)


def a_pulse(**fields: object) -> Pulse:
    """A system that moves."""
    values: dict[str, object] = {
        "now": NOW,
        "answered_seconds": 0.003,
        "connections": 9,
        "connections_max": 100,
        "accepted_any": True,
        "accepted_per_second": 2.0,
        "ended_per_second": 34.1,
        "last_outcome_at": ago(0.1),
        "last_sent_at": ago(0.2),
        "running": {"ingest": Running(3, ago(0.5))},
    }
    return Pulse(**{**values, **fields})  # type: ignore[arg-type]


def a_count(
    stage: str = "job",
    ended: str = "stored",
    reason: str = "",
    *,
    minute: datetime | None = None,
    le: float = 1.0,
    count: int = 1,
    seconds: float = 0.8,
) -> Count:
    """Something that ended in the minute that runs, unless a test says when."""
    return Count(
        minute or NOW.replace(second=0), stage, ended, reason, le=le, count=count, seconds=seconds
    )


def an_attempt(attempt: int = 1, stage: str = "ingest", **fields: object) -> AttemptAnswer:
    """An attempt that went well and took 0.8 s, a second after it was sent, ten seconds ago."""
    values: dict[str, object] = {
        "attempt": attempt,
        "stage": stage,
        "ended": "done",
        "reason": None,
        "detail": "",
        "worker": f"{stage}:host-1:4711:9f3c",
        "sent_at": ago(10),
        "began_at": ago(9),
        "seconds": 0.8,
        "held_seconds": None,
        "ended_at": ago(8),
    }
    return AttemptAnswer.model_validate(values | fields)


def a_job(*attempts: AttemptAnswer, **fields: object) -> JobInFull:
    """A job that was accepted 40 s ago and stored 5 s ago."""
    values: dict[str, object] = {
        "job_id": AN_ID,
        "url": "https://paper.example/story",
        "state": "finished",
        "outcome": "stored",
        "reason": "new",
        "priority": 0,
        "attempt": len({entry.attempt for entry in attempts}),
        "tries": 0,
        "losses": 0,
        "receipt": "a-receipt",
        "accepted_at": ago(40),
        "finished_at": ago(5),
        "attempts": attempts,
    }
    return JobInFull.model_validate(values | fields)


def some_queues(*services: str, **depths: int) -> Queues:
    """Redis with room, and one process of each service."""
    return Queues(
        depths={"ingest": 0, "enrich": 0, "store": 0, **depths},
        used_bytes=31 * 2**20,
        max_bytes=100 * 2**20,
        beats=tuple(Beat(name, "here", 1, ago(60)) for name in services or SERVICES),
    )


def a_host(name: str = "paper.example", **fields: object) -> Host:
    """A host with work, whose time has come."""
    values: dict[str, object] = {
        "name": name,
        "waiting": 10,
        "held": 0,
        "running": 0,
        "oldest_at": ago(60),
        "delay_seconds": 1.0,
        "crawl_delay_seconds": None,
        "max_in_flight": 1,
        "in_flight": 0,
        "next_at": ago(1),
    }
    return Host(**{**values, **fields})  # type: ignore[arg-type]


def a_backlog(*hosts: Host, **fields: object) -> Kept[Backlog]:
    """Nothing waits, unless a test says so."""
    values: dict[str, object] = {
        "due": 0,
        "due_since": None,
        "turn": 0,
        "turn_oldest_at": None,
        "held": 0,
        "held_oldest_at": None,
        "retry_at": None,
        "fetched": 0,
        "fetched_oldest_at": None,
        "hosts": len(hosts),
        "largest": hosts,
    }
    return Kept(Backlog(**{**values, **fields}), 0.4)  # type: ignore[arg-type]


def a_sum(*, accepted: int = 6, lost: int = 0) -> Kept[Conservation]:
    """A ledger that adds up, unless some are lost."""
    outcomes = {("stored", "new"): accepted - 3 - lost, ("failed", "dns"): 1}
    return Kept(Conservation(accepted, outcomes, {"waiting": 1, "running": 1}), 0.2)


def some_told(seen: Snapshot | None = None) -> Diagnosed:
    """What is diagnosed of a snapshot; without one, of a newsmill that is well."""
    seen = seen or a_snapshot()
    return Diagnosed(seen, diagnose(seen))


def some_facts(**fields: object) -> Facts:
    """Everything answers, everything moves."""
    values: dict[str, object] = {
        "pulse": a_pulse(),
        "queues": some_queues(),
        "backlog": a_backlog(),
        "conservation": a_sum(),
        "told": some_told(),
    }
    return Facts(**{**values, **fields})  # type: ignore[arg-type]


def a_version(**fields: object) -> Version:
    """An article without evidence."""
    values: dict[str, object] = {
        "article_id": AN_ID,
        "number": 1,
        "versions": 1,
        "url": "https://paper.example/story",
        "cluster_id": AN_ID,
        "duplicate_of": None,
        "title": "A title",
        "text": "What happened.\nAnd then.",
        "text_truncated": False,
        "published_at": None,
        "modified_at": None,
        "authors": (),
        "section_raw": None,
        "site_name": None,
        "canonical_url": None,
        "language": "en",
        "language_confidence": 0.99,
        "categories": (),
        "evidence": {},
    }
    return Version(**{**values, **fields})  # type: ignore[arg-type]
