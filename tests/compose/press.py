"""A small server of news pages: at each path another story, below /slow/ a late one."""

import random
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_VOCABULARY = """
harbour council ferry bridge market school river budget engineer station garden museum winter
timetable festival library orchard tunnel mayor village ticket repair railway island weather
hospital teacher lantern theatre committee glacier bakery windmill surveyor reservoir concert
"""
_SLOW_SECONDS = 1.0
_WORDS = _VOCABULARY.split()


class Press(BaseHTTPRequestHandler):
    """Answers every path but robots.txt with a story that only this path tells."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        if self.path == "/robots.txt":
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", "none\n")
        else:
            if self.path.startswith("/slow/"):
                time.sleep(_SLOW_SECONDS)
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page(self._address()))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""

    def _address(self) -> str:
        return f"{self.headers.get('Host', '')}{self.path}"

    def _answer(self, status: HTTPStatus, kind: str, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def page(address: str) -> str:
    """Return the page at an address: the same each time, unlike any other."""
    words = random.Random(address)
    title = sentence(words, 6).rstrip(".")
    paragraphs = "".join(
        f"<p>{' '.join(sentence(words, words.randint(8, 16)) for _ in range(4))}</p>"
        for _ in range(6)
    )
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>'
        f'<meta property="og:type" content="article"><meta property="og:title" content="{title}">'
        '<meta property="article:published_time" content="2025-03-04T05:06:07Z"></head>'
        f"<body><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )


def sentence(words: random.Random, length: int) -> str:
    """Return so many words with a capital and a full stop."""
    return f"{' '.join(words.choices(_WORDS, k=length)).capitalize()}."


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Press).serve_forever()
