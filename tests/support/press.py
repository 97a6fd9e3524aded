"""Newspapers on loopback addresses that remember every request from its start to its end."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from random import Random

__all__ = ["Press", "Request", "an_article_page", "running_press"]

_SYLLABLES = [
    "ba",
    "de",
    "fi",
    "go",
    "lu",
    "ma",
    "ne",
    "po",
    "ri",
    "sa",
    "to",
    "vu",
    "ka",
    "le",
    "mi",
    "no",
]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the server saw it; times are monotonic seconds."""

    host: str
    path: str
    start: float
    end: float


class Press:
    """Hosts ``127.77.n.1`` on one port; every path but robots.txt is an article of its own."""

    def __init__(self, hosts: int) -> None:
        self.requests: list[Request] = []
        self.slow_seconds = 0.0
        self._hang_until: dict[str, float] = {}
        self._lock = threading.Lock()
        self._servers: list[ThreadingHTTPServer] = []
        self.port = 0
        for number in range(1, hosts + 1):
            server = ThreadingHTTPServer((f"127.77.{number}.1", self.port), self._handler())
            server.daemon_threads = True
            self.port = server.server_address[1]
            self._servers.append(server)

    @property
    def hosts(self) -> list[str]:
        """The addresses, with the port."""
        return [f"{server.server_address[0]!s}:{self.port}" for server in self._servers]

    def urls(self, count: int, *, name: str) -> list[str]:
        """Return URLs of articles, spread over the hosts."""
        hosts = self.hosts
        return [f"http://{hosts[n % len(hosts)]}/{name}/{n}" for n in range(count)]

    def start(self) -> None:
        """Serve, each host from a thread of its own."""
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def hang(self, host: str, seconds: float) -> None:
        """Have a host answer nothing for so many seconds from now, and then all it was asked."""
        self._hang_until[host.partition(":")[0]] = time.monotonic() + seconds

    def asked(self, *, since: float = 0.0) -> dict[str, list[Request]]:
        """Return the requests by host, in order of their start."""
        with self._lock:
            requests = sorted(self.requests, key=lambda request: request.start)
        by_host: dict[str, list[Request]] = defaultdict(list)
        for request in requests:
            if request.start >= since:
                by_host[request.host].append(request)
        return by_host

    def impolite(self, *, delay: float, since: float = 0.0) -> list[tuple[Request, Request]]:
        """Return pairs of requests on one host that overlap, or whose chains are too close.

        robots.txt and the page that it was asked for are one chain.
        """
        found = []
        for requests in self.asked(since=since).values():
            for before, after in pairwise(requests):
                gap = 0.0 if before.path == "/robots.txt" else delay
                if after.start < before.end + gap:
                    found.append((before, after))
        return found

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        press = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                start = time.monotonic()
                host = str(self.connection.getsockname()[0])
                time.sleep(press.slow_seconds)
                while time.monotonic() < press._hang_until.get(host, 0.0):
                    time.sleep(0.02)
                body = b"" if self.path == "/robots.txt" else an_article_page(host + self.path)
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                with press._lock:
                    press.requests.append(Request(host, self.path, start, time.monotonic()))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def an_article_page(name: str) -> bytes:
    """Return an HTML article in words that no other name gets."""
    random = Random(name)

    def sentence() -> str:
        words = ("".join(random.choices(_SYLLABLES, k=random.randint(2, 4))) for _ in range(14))
        return " ".join(words).capitalize() + "."

    title = sentence().rstrip(".")
    paragraphs = "".join(f"<p>{' '.join(sentence() for _ in range(4))}</p>\n" for _ in range(6))
    return (
        f"<!doctype html><html lang='en'><head><title>{title}</title></head><body>"
        f"<article><h1>{title}</h1>{paragraphs}</article></body></html>"
    ).encode()


@contextmanager
def running_press(hosts: int) -> Iterator[Press]:
    """Serve from so many hosts until the block ends."""
    press = Press(hosts)
    press.start()
    try:
        yield press
    finally:
        press.stop()
