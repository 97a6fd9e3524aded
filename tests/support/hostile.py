"""A web server that does to its clients what servers must not do.

It listens on every loopback address at one port and writes down who came where, so a test can
see that nobody came to an address that was forbidden.
"""

import contextlib
import gzip
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

__all__ = [
    "Behaviour",
    "HostileServer",
    "Visit",
    "answer",
    "bomb",
    "drip",
    "flood",
    "hang",
    "raw",
    "redirect",
    "tunnel",
]

FIRST_HOST = "127.77.0.1"
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Visit:
    """One request, and the address it came to."""

    address: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True)
class Conversation:
    """What a behaviour has to speak with: the client, and the signal that the server closes."""

    sock: socket.socket
    path: str
    closing: threading.Event

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def pause(self) -> bool:
        """Wait a moment; False when the server closes."""
        return not self.closing.wait(_PAUSE_SECONDS)

    def hang(self) -> None:
        """Say nothing more, but stay."""
        self.closing.wait()


Behaviour = Callable[[Conversation], object]


def answer(
    body: bytes = b"<p>Good news.</p>",
    *,
    status: str = "200 OK",
    headers: Iterable[str] = ("Content-Type: text/html; charset=utf-8",),
    length: int | None = None,
) -> Behaviour:
    """Answer at once; ``length`` lies about the body's size."""
    size = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {size}", "", ""])
    return lambda client: client.send(head.encode("utf-8") + body)


def raw(data: bytes) -> Behaviour:
    """Send these bytes and close."""

    def behave(client: Conversation) -> None:
        client.send(data)
        with contextlib.suppress(OSError):
            client.sock.shutdown(socket.SHUT_RDWR)

    return behave


def redirect(location: str, status: str = "302 Found", headers: Iterable[str] = ()) -> Behaviour:
    """Point elsewhere."""
    return answer(b"", status=status, headers=[f"Location: {location}", *headers])


def drip(start: bytes, drop: bytes = b"x") -> Behaviour:
    """Send ``start``, then ``drop`` again and again, slowly and for ever."""

    def behave(client: Conversation) -> None:
        client.send(start)
        while client.pause():
            client.send(drop)

    return behave


def flood(start: bytes, drop: bytes) -> Behaviour:
    """Send ``start``, then ``drop`` again and again, as fast as it goes."""

    def behave(client: Conversation) -> None:
        client.send(start)
        while not client.closing.is_set():
            client.send(drop)

    return behave


def hang(start: bytes = b"") -> Behaviour:
    """Send ``start`` and fall silent."""

    def behave(client: Conversation) -> None:
        client.send(start)
        client.hang()

    return behave


def tunnel(status: str = "200 OK") -> Behaviour:
    """Answer ``CONNECT`` as a proxy does: the path of the request is where to."""

    def behave(client: Conversation) -> None:
        client.send(f"HTTP/1.1 {status}\r\n\r\n".encode())
        host, _, port = client.path.rpartition(":")
        with socket.create_connection((host, int(port))) as upstream:
            pair = [client.sock, upstream]
            while not client.closing.is_set():
                ready, _, _ = select.select(pair, [], [], 0.05)
                for source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    pair[1 - pair.index(source)].sendall(data)

    return behave


def bomb(size: int, layers: int = 1) -> bytes:
    """Return ``size`` zero bytes, compressed ``layers`` times."""
    data = bytes(size)
    for _ in range(layers):
        data = gzip.compress(data, 9)
    return data


class HostileServer:
    """Serves behaviours by path; a context manager.

    Args:
        behaviours: What to do for each path; more can be set in ``behaviours`` later.
        tls: Speak TLS with this context.
    """

    def __init__(
        self, behaviours: dict[str, Behaviour] | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.behaviours = dict(behaviours or {})
        self.visits: list[Visit] = []
        self.connections: list[str] = []
        """The local address of each connection that was accepted."""
        self._tls = tls
        self._closing = threading.Event()
        self._listener = socket.create_server(("0.0.0.0", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def url(self, path: str = "/", host: str = FIRST_HOST, scheme: str = "http") -> str:
        """Return the URL of a path on one of the server's hosts."""
        return f"{scheme}://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [visit.path for visit in self.visits]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(sock.getsockname()[0])
            self._open.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        # A client that goes away in the middle is what these tests are about.
        with contextlib.suppress(OSError):
            speaking = self._tls.wrap_socket(sock, server_side=True) if self._tls else sock
            self._open.append(speaking)
            self._converse(speaking)
            speaking.close()
        sock.close()

    def _converse(self, sock: socket.socket) -> None:
        address = sock.getsockname()[0]
        while (request := self._read_request(sock)) is not None:
            head, _, body = request.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, path, _ = lines[0].split(" ")
            pairs = (line.partition(":") for line in lines[1:])
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            while len(body) < int(headers.get("content-length", 0)):
                body += sock.recv(65536)
            self.visits.append(Visit(address, path, headers, method, body))
            missing = answer(b"gone", status="404 Not Found")
            self.behaviours.get(path, missing)(Conversation(sock, path, self._closing))

    def _read_request(self, sock: socket.socket) -> bytes | None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return None
            data += piece
            if not data[:1].isalpha():
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return None
        return data
