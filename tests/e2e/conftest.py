"""The whole system, on its embedded engines, over a press of its own."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from sqlalchemy import Engine, text

from newsmill_cli.api import Api
from newsmill_cli.mill import Mill, MillOptions, running_mill
from newsmill_cli.supervisor import SERVICES, Service
from newsmill_shared.database.conservation import Conservation, conservation
from newsmill_shared.database.engine import DatabaseAwayError, make_engine, reading
from newsmill_shared.identity import new_id
from tests.support.press import Press, running_press

HOST_DELAY_SECONDS = 0.15
PATIENCE_SECONDS = 90.0


@dataclass(slots=True)
class Running:
    """A system that runs, the press it reads, and short words for what tests do with them."""

    mill: Mill
    press: Press
    engine: Engine

    def add(self, urls: list[str]) -> list[UUID]:
        """Hand in URLs, once the door is open, and return their jobs."""
        assert self.mill.wait_until_ready()
        with Api(self.mill.api_url, self.mill.api_key) as api:
            said = api.submit_urls([{"url": url} for url in urls], key=str(new_id()))
        return [UUID(item["job_id"]) for item in said["items"]]

    def outcomes(self, jobs: list[UUID]) -> dict[str, int]:
        """Count the outcomes of these jobs."""
        rows = self.sql(
            "select outcome || ':' || reason, count(*) from outcome "
            "where job_id = any(:jobs) group by 1",
            jobs=jobs,
        )
        return {str(name): int(str(count)) for name, count in rows}

    def conservation(self) -> Conservation:
        """Count everything."""
        with reading(self.engine) as snapshot:
            return conservation(snapshot)

    def sql(self, statement: str, **parameters: object) -> list[tuple[object, ...]]:
        """Ask the database."""
        with reading(self.engine) as snapshot:
            return [tuple(row) for row in snapshot.execute(text(statement), parameters)]

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Keep the system running until a condition holds; a database that is away is no answer."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            assert self.mill.watch(0.1), "somebody stopped the system"
            try:
                if condition():
                    return
            except DatabaseAwayError:
                continue
        pytest.fail(f"waited {PATIENCE_SECONDS:g} s in vain: {what}; {self.conservation()}")

    def wait_until_done(self, jobs: list[UUID]) -> None:
        """Wait until each of these jobs has an outcome."""
        self.wait_for(
            lambda: sum(self.outcomes(jobs).values()) == len(jobs), "every job has an outcome"
        )

    def process(self, service: str) -> psutil.Process:
        """Return the process of a service."""
        return psutil.Process(self.mill.supervisor.pids[service])

    def assert_conserved(self) -> None:
        """Everything accepted has its one place, once."""
        counts = self.conservation()
        assert counts.unaccounted == 0, str(counts)
        assert self.sql("select count(*) from job") == [(0,)]
        assert self.sql(
            "select (select count(job_id) from event) = (select count(*) from outcome)"
        ) == [(True,)]
        assert not self.sql(
            "select article_id, content_hash from version group by 1, 2 having count(*) > 1"
        )
        assert not self.sql(
            "select h.name from host h where h.in_flight <> "
            "(select count(*) from slot s where s.host_id = h.id)"
        )


@contextmanager
def running_system(
    *, hosts: int = 20, replaced: tuple[Service, ...] = (), **settings: str
) -> Iterator[Running]:
    """Run everything, with times short enough for a test."""
    names = {service.name for service in replaced}
    services = (*(service for service in SERVICES if service.name not in names), *replaced)
    with running_press(hosts) as press, tempfile.TemporaryDirectory(prefix="nm-") as folder:
        options = MillOptions(
            data=Path(folder),
            concurrency={"enrich": 2},
            services=services,
            settings={
                "NEWSMILL_FETCH_ALLOW": f"127.77.0.0/16:{press.port}",
                "NEWSMILL_HOST_DELAY_SECONDS": str(HOST_DELAY_SECONDS),
                "NEWSMILL_CLAIM_SECONDS": "3",
                "NEWSMILL_FETCH_SECONDS": "5",
                "NEWSMILL_SWEEP_SECONDS": "1",
                "NEWSMILL_JUDGE_AFTER_SECONDS": "4",
                "NEWSMILL_CALM_SECONDS": "4",
                "NEWSMILL_RETRY_BASE_SECONDS": "0.5",
                **settings,
            },
        )
        with running_mill(options) as mill:
            assert mill.wait_until_ready()
            engine = make_engine(mill.engines.database_url, name="test", pool_size=2)
            yield Running(mill, press, engine)
            engine.dispose()
