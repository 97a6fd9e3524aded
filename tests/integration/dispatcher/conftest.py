"""A dispatcher on real engines, and workers that do exactly what a test tells them."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from redis import Redis

from newsmill_shared.database.engine import make_engine
from newsmill_shared.messages import FetchPage, Message, Page, PageFetched, Span, Work
from newsmill_shared.queue.app import Publisher, make_app
from newsmill_shared.queue.broker import as_bytes, make_redis
from newsmill_shared.queue.claims import Claims, Verdict
from newsmill_shared.queue.heartbeat import Heartbeat
from newsmill_shared.queue.notes import AnyNote, FetchedNote, send_note
from newsmill_store.adapters.redis_carrier import RedisCarrier
from newsmill_store.dispatcher.__main__ import SESSION
from newsmill_store.dispatcher.disks import Disks
from newsmill_store.dispatcher.loop import Dispatcher
from newsmill_store.dispatcher.notes import Backoff
from newsmill_store.settings import DispatcherSettings
from tests.integration.ledger.conftest import LedgerUnderTest, ledger
from tests.support.builders import a_page

__all__ = ["Mill", "ledger"]

M = TypeVar("M", bound=Message)


@dataclass
class Surroundings:
    """The dispatcher's clock, and the disk of the page store."""

    ahead_seconds: float = 0.0
    free_bytes: int = 2**40

    def clock(self) -> float:
        """Tell the time."""
        return time.monotonic() + self.ahead_seconds

    def disks(self) -> Disks:
        """Return the one disk; it must keep a gigabyte."""
        return Disks([Path("/pages")], reserve_bytes=2**30, free=lambda _: self.free_bytes)


class Mill:
    """A ledger, its dispatcher, and the lists that workers would consume."""

    def __init__(
        self,
        ledger: LedgerUnderTest,
        redis: "Redis",
        dispatcher: Dispatcher,
        around: Surroundings,
    ) -> None:
        self.ledger = ledger
        self.redis = redis
        self.dispatcher = dispatcher
        self.around = around

    def tick(self, times: int = 1) -> None:
        """Let the dispatcher do what is due."""
        for _ in range(times):
            self.dispatcher.tick()

    def fetches(self) -> list[FetchPage]:
        """Take every message that waits for ingest."""
        return self._take(FetchPage)

    def pages(self) -> list[PageFetched]:
        """Take every message that waits for enrich."""
        return self._take(PageFetched)

    def _take(self, kind: type[M]) -> list[M]:
        raw = as_bytes(self.redis.lrange(kind.QUEUE, 0, -1))
        self.redis.delete(kind.QUEUE)
        return [
            kind.model_validate(json.loads(base64.b64decode(json.loads(message)["body"]))[0][0])
            for message in reversed(raw)
        ]

    def claim(
        self, work: Work, *, stage: str = "ingest", by: str = "a-worker", alive: bool = True
    ) -> Verdict:
        """Claim an attempt as a worker that lives, or that has died since."""
        if alive:
            Heartbeat(self.redis, by).beat()
        claim_by = work.claim_by if isinstance(work, FetchPage) else None
        return Claims(self.redis, incarnation=by).claim(stage, work, claim_by=claim_by).verdict

    def note(self, note: AnyNote) -> None:
        """Send a note."""
        send_note(self.redis, note)

    def fetched(
        self, fetch: FetchPage, *, page: Page | None = None, span: Span | None = None
    ) -> PageFetched:
        """End a chain with a body."""
        message = PageFetched(
            job_id=fetch.job_id,
            attempt=fetch.attempt,
            epoch=fetch.epoch,
            page=page or a_page(fetch.url),
        )
        self.note(
            FetchedNote(job_id=fetch.job_id, attempt=fetch.attempt, message=message, span=span)
        )
        return message

    def age(self) -> None:
        """Make all running work old enough to be looked for."""
        self.ledger.sql("update job set dispatched_at = now() - interval '1 minute'")

    def let_hosts_be_asked(self) -> None:
        """Let the politeness of all hosts run out."""
        self.ledger.sql("update slot set until = now()")
        self.tick()
        self.ledger.sql("update host set next_at = now()")

    def states(self) -> list[tuple[object, ...]]:
        """Return state, attempt, losses and tries of each open job."""
        return self.ledger.sql("select state, attempt, losses, tries from job order by id")

    def hosts_agree(self) -> bool:
        """Tell whether every host counts exactly its slots."""
        return not self.ledger.sql(
            "select 1 from host h where in_flight <> "
            "(select count(*) from slot where host_id = h.id)"
        )


@contextmanager
def _dispatcher(database_url: str, redis_url: str, around: Surroundings) -> Iterator[Dispatcher]:
    settings = DispatcherSettings(
        calm_seconds=0, sweep_seconds=1e-9, events_seconds=1e-9, host_delay_seconds=0.05
    )
    app = make_app("test", redis_url)
    redis = make_redis(redis_url)
    dispatcher = Dispatcher(
        make_engine(database_url, name="test", pool_size=0, settings=SESSION),
        RedisCarrier(redis, Publisher(app, patience_seconds=0)),
        settings,
        backoff=Backoff(1e-6, 1e-6, Random(1)),
        disks=around.disks(),
        clock=around.clock,
    )
    yield dispatcher
    dispatcher.disconnect()
    app.close()
    redis.close()


@pytest.fixture
def mill(ledger: LedgerUnderTest, database_url: str, redis_url: str) -> Iterator[Mill]:
    """A mill whose dispatcher looks at everything at every tick."""
    around = Surroundings()
    with (
        _dispatcher(database_url, redis_url, around) as dispatcher,
        make_redis(redis_url) as redis,
    ):
        yield Mill(ledger, redis, dispatcher, around)


@pytest.fixture
def second_dispatcher(database_url: str, redis_url: str) -> Iterator[Dispatcher]:
    """Another dispatcher of the same ledger."""
    with _dispatcher(database_url, redis_url, Surroundings()) as dispatcher:
        yield dispatcher
