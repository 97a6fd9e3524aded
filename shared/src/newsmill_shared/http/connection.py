"""Connections that go only where the address policy lets them, and end with their deadline.

The seam is `_new_conn` of urllib3's connections: the host name stays what it was, so the Host
header, SNI and the certificate check are those of the name, while the socket goes to an
address that was looked up once and checked.
"""

import http.client
import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from io import BufferedReader
from ipaddress import ip_address
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from newsmill_shared.addresses import AddressPolicy, SocketAddress
from newsmill_shared.errors import EndedError
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.proxy import Proxy
from newsmill_shared.reasons import Reason

if TYPE_CHECKING:
    from urllib3._base_connection import BaseHTTPConnection

__all__ = [
    "CONNECT_SECONDS",
    "CURRENT_DEADLINE",
    "Guard",
    "GuardedHTTPConnectionPool",
    "GuardedHTTPSConnectionPool",
    "Resolve",
    "resolve_by_system",
]

CONNECT_SECONDS = 5.0
"""The longest wait for one address to accept a connection, and for a name to be looked up."""

MAX_ADDRESSES_TRIED = 4
MAX_LOOKUPS = 32
MAX_INTERIM_RESPONSES = 8
_MAX_LINE_BYTES = 4096
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\n", re.DOTALL)

Resolve = Callable[[str, int], Sequence[SocketAddress]]
"""Looks up a host name and port; raises OSError when there is no answer."""

CURRENT_DEADLINE: ContextVar[Deadline] = ContextVar("CURRENT_DEADLINE")
"""The deadline of the chain that the current thread works on."""


def resolve_by_system(host: str, port: int) -> Sequence[SocketAddress]:
    """Look a name up with the operating system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [address for *_, address in found]  # type: ignore[misc]


class BadChunkError(http.client.HTTPException):
    """A chunked body is not one."""


class Guard:
    """Opens sockets to permitted addresses only.

    Args:
        policy: Which addresses and ports are permitted.
        resolve: Looks names up; each lookup runs in a thread of its own, as it may hang.
        proxy: Where tunnels to those addresses are asked for; its own address is the operator's
            choice and not judged.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolve, proxy: Proxy | None = None) -> None:
        self._policy = policy
        self._resolve = resolve
        self._proxy = proxy
        self._free_lookups = BoundedSemaphore(MAX_LOOKUPS)

    def connect(self, owner: object, host: str, port: int) -> socket.socket:
        """Return a socket connected to one of the addresses of ``host``.

        Raises:
            EndedError: With the reason ``dns``, ``blocked_address`` (one of the addresses is not
                permitted: all are refused), ``connect`` or ``timeout``.
        """
        deadline = CURRENT_DEADLINE.get()
        addresses = self._addresses(host, port, deadline)
        if not all(map(self._policy.permits_socket, addresses)):
            raise EndedError(Reason.BLOCKED_ADDRESS, f"{host} leads to an address not permitted")
        deadline.before_connect()
        failure: OSError | None = None
        for address in addresses[:MAX_ADDRESSES_TRIED]:
            try:
                return self._open(owner, address, deadline)
            except OSError as error:
                failure = error
        deadline.left()
        raise EndedError(Reason.CONNECT, f"{host} does not accept connections: {failure}")

    def _open(self, owner: object, address: SocketAddress, deadline: Deadline) -> socket.socket:
        if self._proxy is None:
            return _open_socket(owner, address, deadline)
        found = self._look_up(self._proxy.host, self._proxy.port, deadline, resolve_by_system)
        sock = _open_socket(owner, found[0], deadline)
        try:
            self._proxy.open_tunnel(sock, address)
        except BaseException:
            sock.close()
            raise
        return sock

    def _addresses(self, host: str, port: int, deadline: Deadline) -> Sequence[SocketAddress]:
        try:
            literal = ip_address(host)
        except ValueError:
            return self._look_up(host, port, deadline, self._resolve)
        return [(host, port)] if literal.version == 4 else [(host, port, 0, 0)]

    def _look_up(
        self, host: str, port: int, deadline: Deadline, resolve: Resolve
    ) -> Sequence[SocketAddress]:
        seconds = min(deadline.left(), CONNECT_SECONDS)
        answer: Future[Sequence[SocketAddress]] = Future()

        def run() -> None:
            try:
                answer.set_result(resolve(host, port))
            except BaseException as error:  # noqa: BLE001 - raised where the answer is awaited
                answer.set_exception(error)
            finally:
                self._free_lookups.release()

        if not self._free_lookups.acquire(timeout=seconds):
            raise EndedError(Reason.DNS, f"{host} was not looked up: the name server is slow")
        Thread(target=run, daemon=True, name=f"look up {host}").start()
        try:
            addresses = answer.result(seconds)
        except (OSError, UnicodeError) as error:
            # A TimeoutError is an OSError too.
            if isinstance(error, TimeoutError) and seconds < CONNECT_SECONDS:
                raise deadline.error() from error
            detail = str(error) or f"no answer within {seconds:g} s"
            raise EndedError(Reason.DNS, f"{host} was not found: {detail}") from error
        if not addresses:
            raise EndedError(Reason.DNS, f"{host} has no address")
        return addresses


def _open_socket(owner: object, address: SocketAddress, deadline: Deadline) -> socket.socket:
    """Connect to an address; the deadline watches over the socket from then on.

    Raises:
        OSError: The address does not accept the connection in time.
    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(min(deadline.left(), CONNECT_SECONDS))
        deadline.connects += 1
        sock.connect(address)
        deadline.watch(owner, sock)
        sock.settimeout(deadline.left())
    except BaseException:
        sock.close()
        raise
    return sock


class _Response(http.client.HTTPResponse):
    """A response whose interim answers (1xx) are few and whose chunks are what they say.

    Chunks are read here, not in urllib3, as both it and the parent take a sign, a prefix or
    anything in place of a line break for granted (RFC 9112, 7.1).
    """

    fp: BufferedReader
    chunk_left: int | None

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MAX_INTERIM_RESPONSES):
            status_line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not 100 <= status_line[1] < 200 or status_line[1] == 101:
                return status_line
            http.client.parse_headers(self.fp)
        raise http.client.BadStatusLine("too many interim responses")

    def _get_chunk_left(self) -> int | None:
        """Return what is left of a chunk, the next one's size at its end, None after the last."""
        if not self.chunk_left:
            if self.chunk_left is not None and self._line() not in (b"\r\n", b"\n"):
                raise BadChunkError("a chunk is longer than it says")
            size = _CHUNK_SIZE.fullmatch(self._line())
            if size is None:
                raise BadChunkError("a chunk has no size")
            self.chunk_left = int(size[1], 16)
            if self.chunk_left == 0:
                http.client.parse_headers(self.fp)
                self._close_conn()  # type: ignore[attr-defined]
                self.chunk_left = None
        return self.chunk_left

    def _line(self) -> bytes:
        line = self.fp.readline(_MAX_LINE_BYTES + 1)
        if len(line) > _MAX_LINE_BYTES:
            raise BadChunkError("the line of a chunk does not end")
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(b"")
        return line


class _GuardedHTTPConnection(HTTPConnection):
    response_class = _Response

    def __init__(self, *args: Any, guard: Guard, **options: Any) -> None:
        super().__init__(*args, **options)
        self._guard = guard

    def _new_conn(self) -> socket.socket:
        return self._guard.connect(self, self._dns_host, self.port)

    def request(self, *args: Any, **options: Any) -> None:
        deadline = CURRENT_DEADLINE.get()
        if self.sock is not None and not deadline.watches(self):
            deadline.before_connect()
            deadline.watch(self, self.sock)
        super().request(*args, **options)


class _GuardedHTTPSConnection(_GuardedHTTPConnection, HTTPSConnection):
    """Takes its socket from the guard and everything of TLS from urllib3."""


class GuardedHTTPConnectionPool(HTTPConnectionPool):
    """Connections to one host by plain HTTP."""

    ConnectionCls = _GuardedHTTPConnection

    def _put_conn(self, conn: "BaseHTTPConnection | None") -> None:
        # The next chain may take it at once: this one must not shut it down any more.
        deadline = CURRENT_DEADLINE.get(None)
        if deadline is not None:
            deadline.release(conn)
        super()._put_conn(conn)


class GuardedHTTPSConnectionPool(GuardedHTTPConnectionPool, HTTPSConnectionPool):
    """Connections to one host by TLS."""

    ConnectionCls = _GuardedHTTPSConnection
