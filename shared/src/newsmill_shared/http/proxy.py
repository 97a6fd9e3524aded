"""An outbound proxy that never decides where a request goes.

Names are looked up and checked here, as without a proxy; the proxy is asked for a tunnel
(``CONNECT``) to the address that was checked, for plain HTTP too. It needs to allow that.
"""

import base64
import socket
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from newsmill_shared.addresses import SocketAddress
from newsmill_shared.errors import SettingsError

__all__ = ["Proxy"]

_MAX_ANSWER_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where the proxy is, and what it wants to hear."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``http://host:port`` or ``http://user:password@host:port``.

        Raises:
            SettingsError: It is something else.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if host is None or port is None or parts.scheme != "http" or parts.path.strip("/"):
            # The URL itself may hold a password.
            raise SettingsError("NEWSMILL_PROXY must be written as http://host:port")
        if parts.username is None:
            return cls(host, port)
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(host, port, f"Basic {base64.b64encode(credentials.encode()).decode()}")

    def open_tunnel(self, sock: socket.socket, address: SocketAddress) -> None:
        """Turn a connection to the proxy into one to ``address``.

        Raises:
            OSError: The proxy refuses, or its answer is none.
        """
        host, port = address[0], address[1]
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        status = _read_head(sock).split(b"\r\n", 1)[0].split(b" ", 2)
        if len(status) < 2 or not status[0].startswith(b"HTTP/1.") or status[1] != b"200":
            raise OSError(f"the proxy answers {b' '.join(status)[:100]!r}")


def _read_head(sock: socket.socket) -> bytes:
    """Read an answer's head and not a byte more: what follows belongs to the tunnel."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte or len(head) >= _MAX_ANSWER_BYTES:
            raise OSError("the proxy's answer is none")
        head += byte
    return bytes(head)
