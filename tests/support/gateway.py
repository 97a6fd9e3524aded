"""A gateway on loopback over real engines, and whoever plays the rest of the system."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import uvicorn
from sqlalchemy import text

from newsmill_gateway.settings import GatewaySettings
from newsmill_gateway.worker import built, make_server
from newsmill_shared.database.attempts import EndedAttempt, record_attempts
from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.database.events import number_events
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.messages import Article, ArticleEnriched, Page
from newsmill_shared.pages import PageStore
from tests.support.builders import a_page, an_article_enriched

__all__ = ["Mill", "running_server", "serving", "settings_of"]

STORY = "https://paper.example/story"


@contextmanager
def serving(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """Run the gateway in a thread of its own, and give a client of it."""
    with running_server(settings) as (_, port):
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
            yield client


@contextmanager
def running_server(settings: GatewaySettings) -> Iterator[tuple[uvicorn.Server, int]]:
    """Run the gateway in a thread of its own, and give it and its port."""
    # As uvicorn opens it: of a socket without its protocol, asyncio does not know that small
    # answers must not wait for more.
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener,
        built(settings) as api,
    ):
        listener.bind(("127.0.0.1", 0))
        server = make_server(api, settings)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def settings_of(database_url: str, redis_url: str, pages: Path) -> GatewaySettings:
    """Return the settings of a gateway over these."""
    return GatewaySettings.model_validate(
        {"database_url": database_url, "redis_url": redis_url, "page_store_url": pages.as_uri()}
    )


class Mill:
    """Plays the rest of the system on the gateway's database."""

    def __init__(self, api: httpx.Client, settings: GatewaySettings) -> None:
        self.api = api
        self.pages = PageStore.open(settings.page_store_url)
        self._engine = make_engine(settings.database_url, name="test", pool_size=0)

    def add(self, url: str = STORY) -> UUID:
        """Hand in a URL and return its job."""
        answer = self.api.post("/v1/urls", json={"url": url, "force": True}).json()
        return UUID(answer["items"][0]["job_id"])

    def finish(self, result: ArticleEnriched | Ending) -> None:
        """End a job, and number the event."""
        with transaction(self._engine) as connection:
            finish(connection, [result])
            number_events(connection)

    def record(self, attempt: EndedAttempt) -> None:
        """Let an attempt end."""
        with transaction(self._engine) as connection:
            record_attempts(connection, [attempt])

    def sql(self, statement: str) -> None:
        """Change the ledger by hand."""
        with transaction(self._engine) as connection:
            connection.execute(text(statement))

    def store(
        self, url: str = STORY, *, page: Page | None = None, article: Article | None = None
    ) -> UUID:
        """Hand in a URL, make an article of it, and return its job."""
        job_id = self.add(url)
        self.finish(an_article_enriched(job_id, page=page or a_page(url), article=article))
        return job_id

    def get(self, path: str, **query: str) -> dict[str, object]:
        """Ask the gateway."""
        answer = self.api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found
