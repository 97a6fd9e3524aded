"""CPU time of ingest for a page of 100 kB from loopback, beside what a bare HTTP call takes.

``python -m benchmarks.fetching`` needs no data. Three figures, each the mean of many pages:

- ``a bare requests.get``;
- ``fetching``: what ingest does for a message, in this process: robots.txt, the guarded request,
  the page store, the note;
- ``the worker``: a worker process from its list in Redis to the next one, all in it: Celery, the
  claim, its threads, logs and heartbeat, and fetching.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import requests

from newsmill_ingest.robots_gate import NoSharedCache, RobotsGate
from newsmill_ingest.tasks import fetch_page
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.http.client import GuardedClient
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.identity import new_id
from newsmill_shared.messages import FetchPage, PageFetched
from newsmill_shared.pages import PageStore
from newsmill_shared.queue.app import Publisher, make_app
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.claims import EPOCH_KEY
from newsmill_shared.queue.notes import FetchedNote
from newsmill_shared.urls import canonicalize
from tests.support.engines import running_engines

HOST = "127.77.0.1"
PAGES = 500
WARM_UP = 50
PATIENCE_SECONDS = 60
EPOCH = "benchmark"
BODY = b"<!doctype html><p>" + b"Neft qiymetleri yene artib. " * 3600

now = partial(datetime.now, UTC)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the page, and with no robots.txt."""
        is_page = self.path != "/robots.txt"
        self.send_response(200 if is_page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(BODY) if is_page else 0))
        self.end_headers()
        self.wfile.write(BODY if is_page else b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(ready: Connection) -> None:
    """Serve pages until the process is ended."""
    server = ThreadingHTTPServer((HOST, 0), _Handler)
    ready.send(server.server_port)
    server.serve_forever()


def cpu_milliseconds(action: Callable[[], object]) -> float:
    """Return the CPU time of this process for one action, in the mean of many."""
    for _ in range(10):
        action()
    started = time.process_time()
    for _ in range(PAGES):
        action()
    return (time.process_time() - started) / PAGES * 1000


def ingest(port: int, folder: Path) -> Callable[[], object]:
    """Return ingest's work for one more page."""
    client = GuardedClient(AddressPolicy.parse(f"{HOST}:{port}"), user_agent="newsmill/benchmark")
    gate = RobotsGate("newsmill", fetcher=client, cache=NoSharedCache(), now=now)
    pages = PageStore.open(folder.as_uri())
    commands = map(partial(a_command, port), count())

    def fetch() -> str:
        command = next(commands)
        with Deadline(command.fetch_seconds) as deadline:
            note = fetch_page(
                command,
                fetcher=client,
                robots=gate,
                pages=pages,
                deadline=deadline,
                now=now,
                new_id=new_id,
            )
        assert isinstance(note, FetchedNote)
        return note.model_dump_json()

    return fetch


def a_command(port: int, number: int) -> FetchPage:
    """Return the message to fetch one more page."""
    url = f"http://{HOST}:{port}/news/{number}?utm_source=benchmark"
    return FetchPage(
        job_id=new_id(),
        attempt=1,
        epoch=EPOCH,
        url=url,
        url_key=canonicalize(url).key,
        target=url,
        claim_by=round((time.time() + 10 * PATIENCE_SECONDS) * 1000),
        fetch_seconds=15,
    )


def worker_milliseconds(port: int, folder: Path) -> float:
    """Return the CPU time of a worker process for one page, in the mean of many."""
    with running_engines() as engines, make_redis(engines.redis_url) as redis:
        redis.set(EPOCH_KEY, EPOCH)
        publisher = Publisher(make_app("benchmark", engines.redis_url))
        settings = {
            "NEWSMILL_REDIS_URL": engines.redis_url,
            "NEWSMILL_PAGE_STORE_URL": folder.as_uri(),
            "NEWSMILL_FETCH_ALLOW": f"{HOST}:{port}",
            # As many as connections that are kept for one host, which is all that there is here.
            "NEWSMILL_INGEST_CONCURRENCY": "4",
        }
        with subprocess.Popen(
            [sys.executable, "-m", "newsmill_ingest.worker"],
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
        ) as worker:
            used = psutil.Process(worker.pid).cpu_times

            def fetch(pages: int) -> None:
                wanted = redis.llen(PageFetched.QUEUE) + pages
                publisher.publish([a_command(port, number) for number in range(pages)])
                end = time.monotonic() + PATIENCE_SECONDS
                while redis.llen(PageFetched.QUEUE) < wanted and time.monotonic() < end:
                    time.sleep(0.01)
                assert redis.llen(PageFetched.QUEUE) == wanted, "not every page was fetched"

            fetch(WARM_UP)
            before = used()
            fetch(PAGES)
            after = used()
            worker.terminate()
    spent = after.user + after.system - before.user - before.system
    return spent / PAGES * 1000


def main() -> None:
    """Measure and print."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        bare = cpu_milliseconds(lambda: requests.get(f"http://{HOST}:{port}/news", timeout=5))
        fetching = cpu_milliseconds(ingest(port, Path(folder)))
        worker = worker_milliseconds(port, Path(folder))
    server.terminate()
    server.join()
    print(
        f"{len(BODY)} bytes: {bare:.2f} ms CPU a page for a bare requests.get, "
        f"{fetching:.2f} ms for fetching, {worker:.2f} ms for the worker"
    )


if __name__ == "__main__":
    main()
