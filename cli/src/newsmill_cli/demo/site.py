"""The demo's web server: ``python -m newsmill_cli.demo.site --port N``.

It listens on the papers' loopback addresses alone, all at one port; without ``--port`` at that of
the environment variable ``NEWSMILL_DEMO_PORT``.
"""

import argparse
import os
import signal
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from newsmill_cli.demo.content import Content, File, Redirect, load_content
from newsmill_cli.demo.rendering import render

__all__ = ["PORT_VARIABLE", "Server", "Site", "main"]

PORT_VARIABLE = "NEWSMILL_DEMO_PORT"
"""Environment variable that tells the port to a server that is started without arguments."""

_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}


class Site:
    """What every paper answers; it remembers how often each page was served."""

    def __init__(self, content: Content, port: int) -> None:
        self.port = port
        self.hosts = content.hosts()
        self._content = content
        self._served: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._urls = {content.address(url, port): url for url in content.resources}

    def answer(self, host: str, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for a path at one of the papers' addresses."""
        if path == "/robots.txt":
            return 200, _TEXT, self._content.robots.encode()
        url = self._urls.get(f"http://{host}:{self.port}{path}")
        if url is None:
            return 404, _TEXT, b"Not found\n"
        resource = self._content.resources[url]
        if isinstance(resource, Redirect):
            return resource.status, {"Location": self._content.address(resource.to, self.port)}, b""
        if isinstance(resource, File):
            return 200, {"Content-Type": resource.media_type}, resource.read()
        with self._lock:
            serving = self._served[url]
            self._served[url] += 1
        return 200, _HTML, render(resource, serving).encode()


class Server(ThreadingHTTPServer):
    """Serves one address of a site."""

    daemon_threads = True

    def __init__(self, host: str, site: Site) -> None:
        super().__init__((host, site.port), _Handler)
        self.host = host
        self.site = site


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "newsmill-demo"
    timeout = 10
    server: Server

    def do_GET(self) -> None:
        """Answer one request."""
        status, headers, body = self.server.site.answer(self.server.host, self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet: the demo shows what becomes of each page."""


def main() -> None:
    """Serve until the process is asked to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    given = os.environ.get(PORT_VARIABLE)
    parser.add_argument("--port", type=int, default=given, required=given is None)
    arguments = parser.parse_args()
    # Blocked before the first thread starts, so that only sigwait gets them.
    ending = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    site = Site(load_content(), arguments.port)
    servers = [Server(host, site) for host in site.hosts]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"serving {len(servers)} hosts on port {site.port}", flush=True)  # noqa: T201 - a command
    signal.sigwait(ending)
    for server in servers:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
