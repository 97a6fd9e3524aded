"""CPU time of ingest for a page of 100 kB from loopback, beside what a bare HTTP call takes.

``python -m benchmarks.fetching`` needs no data. All that ingest does with a message is counted:
robots.txt, the guarded request, the page store, the note; Redis is not.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import requests

from newsmill_ingest.robots_gate import NoSharedCache, RobotsGate
from newsmill_ingest.tasks import fetch_page
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.http.client import GuardedClient
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.identity import new_id
from newsmill_shared.messages import FetchPage
from newsmill_shared.pages import PageStore
from newsmill_shared.queue.notes import FetchedNote
from newsmill_shared.urls import canonicalize

HOST = "127.77.0.1"
PAGES = 500
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
    numbers = count()

    def fetch() -> str:
        url = f"http://{HOST}:{port}/news/{next(numbers)}?utm_source=benchmark"
        command = FetchPage(
            job_id=new_id(),
            attempt=1,
            epoch="benchmark",
            url=url,
            url_key=canonicalize(url).key,
            target=url,
            claim_by=0,
            fetch_seconds=15,
        )
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


def main() -> None:
    """Measure and print."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        bare = cpu_milliseconds(lambda: requests.get(f"http://{HOST}:{port}/news", timeout=5))
        whole = cpu_milliseconds(ingest(port, Path(folder)))
    server.terminate()
    server.join()
    print(f"{len(BODY)} bytes: {whole:.2f} ms CPU a page; a bare requests.get: {bare:.2f} ms")


if __name__ == "__main__":
    main()
