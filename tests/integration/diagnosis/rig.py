"""A newsmill whose engines can be broken, and the three places that say what is wrong with it."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from redis import Redis

from newsmill_cli.engines import Engines
from newsmill_cli.main import app
from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.locks import DISPATCHER
from newsmill_shared.diagnosis import SERVICES
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat
from tests.support.gateway import serving, settings_of

__all__ = ["EVERYBODY", "Rig", "eventually", "rig_over", "said_by_doctor", "said_by_page"]

EVERYBODY = (*SERVICES, "bridge")
_SECONDS = 15.0
"""A fault is told this soon."""


@dataclass(frozen=True, slots=True)
class Rig:
    """Engines of this test's own, processes that only beat, a gateway, and a folder of pages."""

    engines: Engines
    settings: GatewaySettings
    redis: "Redis"
    folder: Path

    @property
    def pages(self) -> Path:
        """Where the page store lies."""
        return self.folder / "pages"

    def sql(self, statement: str, *values: object) -> list[Any]:
        """Ask the database, whatever it lets others do."""
        options = "-c default_transaction_read_only=off"
        with psycopg.connect(
            self.settings.database_url, autocommit=True, options=options
        ) as connection:
            found = connection.execute(statement.encode(), values)
            return found.fetchall() if found.description else []

    def epoch(self, word: str) -> None:
        """Let ledger and Redis belong together."""
        self.redis.set("newsmill:epoch", word)
        self.sql("insert into meta (key, value) values ('epoch', %s)", word)

    @contextmanager
    def alive(self, *services: str, ahead_seconds: float = 0.0) -> Iterator[list[Heartbeat]]:
        """Let a process of each of these services beat, those of ingest by another clock."""
        beats = [
            Heartbeat(
                self.redis,
                f"{service}:here:1:00",
                on_hang=lambda: None,
                wall_clock=lambda service=service: (  # type: ignore[misc]
                    time.time() + (ahead_seconds if service == "ingest" else 0)
                ),
            )
            for service in services
        ]
        for beat in beats:
            beat.start()
        try:
            yield beats
        finally:
            for beat in beats:
                beat.stop()

    @contextmanager
    def active_dispatcher(self) -> Iterator[None]:
        """Hold the lock of the active dispatcher."""
        with psycopg.connect(self.settings.database_url, autocommit=True) as connection:
            connection.execute("select pg_advisory_lock(%s)", [DISPATCHER])
            yield

    @contextmanager
    def running(self, *, ahead_seconds: float = 0.0) -> Iterator[list[Heartbeat]]:
        """Let everybody live, and a dispatcher be active."""
        with self.alive(*EVERYBODY, ahead_seconds=ahead_seconds) as beats, self.active_dispatcher():
            yield beats

    @contextmanager
    def site(self) -> Iterator[httpx.Client]:
        """Run the gateway."""
        with serving(self.settings) as client:
            yield client


@contextmanager
def rig_over(engines: Engines, database_url: str, folder: Path) -> Iterator[Rig]:
    """Make a rig over engines that run, with an empty database and an empty broker."""
    with ExitStack() as stack:
        redis = stack.enter_context(make_redis(engines.redis_url))
        redis.flushall()
        settings = settings_of(database_url, engines.redis_url, folder / "pages")
        yield Rig(engines, settings, redis, folder)


def said_by_doctor(
    rig: Rig, api: httpx.Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """Return what `newsmill doctor` finds."""
    monkeypatch.setenv("NEWSMILL_DATABASE_URL", rig.settings.database_url)
    monkeypatch.setenv("NEWSMILL_REDIS_URL", rig.settings.redis_url)
    monkeypatch.setenv("NEWSMILL_PAGE_STORE_URL", rig.settings.page_store_url)
    monkeypatch.setenv("NEWSMILL_API_URL", str(api.base_url))
    capsys.readouterr()
    app(["doctor", "--json", "--data", str(rig.folder / "data")])
    # The gateway's log is on the same output here.
    printed = capsys.readouterr().out
    said, _ = json.JSONDecoder().raw_decode(printed[printed.index('{\n  "data"') :])
    found: list[dict[str, Any]] = said["diagnosis"]
    return found


def said_by_page(api: httpx.Client) -> str:
    """Return the first line of the dashboard."""
    page = api.get("/").text
    found = re.search(r'<h1 id="verdict">(.*?)</h1>', page)
    assert found, page
    return unescape(found.group(1))


def eventually(look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """Look until it is as wanted, and return what was seen last."""
    end = time.monotonic() + _SECONDS
    while not wanted(seen := look()) and time.monotonic() < end:
        time.sleep(0.2)
    return seen
