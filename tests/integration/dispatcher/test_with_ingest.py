"""The dispatcher and an ingest worker together: what a real host says reaches the schedule."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsmill_ingest.robots_gate import NoSharedCache, RobotsGate
from newsmill_ingest.store_gate import StoreGate
from newsmill_ingest.worker import Worker
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.engine import transaction
from newsmill_shared.database.hosts import HostSetting, change_host
from newsmill_shared.http.client import GuardedClient
from newsmill_shared.pages import PageStore
from newsmill_shared.queue.app import Publisher, make_app
from newsmill_shared.queue.stage import Stage
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_submission, an_article_enriched
from tests.support.hostile import HostileServer, answer

HTML = "Content-Type: text/html"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """A host whose page has an ETag."""
    with HostileServer({"/a": answer(headers=(HTML, 'ETag: "1"'))}) as running:
        yield running


@pytest.fixture
def worker(mill: Mill, server: HostileServer, redis_url: str, tmp_path: Path) -> Iterator[Worker]:
    """An ingest worker that is handed its messages."""
    client = GuardedClient(
        AddressPolicy.parse(f"127.77.0.0/16:{server.port}"), user_agent="newsmill/test"
    )
    app = make_app("ingest", redis_url)
    yield Worker(
        Stage("ingest", mill.redis, Publisher(app), incarnation="ingest:test:1"),
        client,
        RobotsGate(
            "newsmill", fetcher=client, cache=NoSharedCache(), now=lambda: datetime.now(UTC)
        ),
        StoreGate(PageStore.open(tmp_path.as_uri())),
    )
    client.close()
    app.close()


def fetch_next(mill: Mill, worker: Worker) -> None:
    """Let one page be sent, fetched and noted."""
    mill.let_hosts_be_asked()
    mill.tick()
    (command,) = mill.fetches()
    worker.handle(command)
    mill.tick()


def wait_and_backoff(mill: Mill) -> tuple[int, float]:
    """Return in how many seconds the host may be asked, and its back-off."""
    ((wait, backoff),) = mill.ledger.sql(
        "select extract(epoch from next_at - now()), backoff_seconds from host"
    )
    return round(float(str(wait))), float(str(backoff))


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_host_that_asks_for_silence_gets_it_and_a_longer_delay(
    mill: Mill, worker: Worker, server: HostileServer, status: str
) -> None:
    mill.ledger.accept(a_submission(server.url("/a")), delay=2)
    server.behaviours["/a"] = answer(b"", status=status, headers=("Retry-After: 100",))

    fetch_next(mill, worker)

    assert wait_and_backoff(mill) == (100, 4)
    assert mill.states() == [("held", 1, 0, 1)]


def test_a_robots_txt_that_is_overloaded_holds_its_host_too(
    mill: Mill, worker: Worker, server: HostileServer
) -> None:
    mill.ledger.accept(a_submission(server.url("/a")), delay=2)
    server.behaviours["/robots.txt"] = answer(
        b"", status="503 Service Unavailable", headers=("Retry-After: 100",)
    )

    fetch_next(mill, worker)

    assert wait_and_backoff(mill) == (100, 4)
    assert "/a" not in server.paths()


def test_a_crawl_delay_is_kept_until_it_is_asked_for_no_more(
    mill: Mill, worker: Worker, server: HostileServer
) -> None:
    mill.ledger.accept(a_submission(server.url("/a")), delay=2)
    server.behaviours["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 30")

    fetch_next(mill, worker)

    assert wait_and_backoff(mill) == (30, 0)


def test_a_page_that_has_not_changed_is_asked_for_and_left_alone(
    mill: Mill, worker: Worker, server: HostileServer
) -> None:
    url = server.url("/a")
    mill.ledger.accept(a_submission(url))
    fetch_next(mill, worker)
    (fetched,) = mill.pages()
    mill.ledger.finish(an_article_enriched(fetched.job_id, page=fetched.page))
    server.behaviours["/a"] = answer(b"", status="304 Not Modified", headers=())

    mill.ledger.accept(a_submission(url, max_age_seconds=0))
    fetch_next(mill, worker)

    assert mill.pages() == []
    assert mill.ledger.sql("select outcome, reason from outcome order by job_id") == [
        ("stored", "new"),
        ("unchanged", "not_modified"),
    ]
    assert mill.ledger.sql("select count(distinct article_id) from outcome") == [(1,)]
    assert server.visits[-1].headers["if-none-match"] == '"1"'
    assert mill.ledger.conservation().unaccounted == 0


def test_what_an_operator_set_for_a_host_reaches_it(
    mill: Mill, worker: Worker, server: HostileServer
) -> None:
    server.behaviours["/robots.txt"] = answer(b"User-agent: *\nDisallow: /")
    setting = HostSetting(ignore_robots=True, headers={"X-Key": "1"}, cookies={"pass": "2"})
    mill.ledger.accept(a_submission(server.url("/a")))
    with transaction(mill.ledger.engine) as connection:
        change_host(
            connection, f"127.77.0.1:{server.port}", lambda _: setting, usual_delay_seconds=1
        )

    fetch_next(mill, worker)

    (visit,) = server.visits
    assert (visit.path, visit.headers["x-key"], visit.headers["cookie"]) == ("/a", "1", "pass=2")
    assert len(mill.pages()) == 1
