"""Hosts on 250 loopback addresses in one process of their own, which logs every request.

Started by a run as ``python -m tests.chaos.press LOG``; it prints its port, obeys lines on its
standard input (``hang ADDRESS SECONDS``) and ends when that closes.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.chaos.pages import HOSTS, address
from tests.support.press import an_article_page

__all__ = ["PressProcess", "Request", "read_log", "running_press"]

_FIRST_BYTE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the server saw it; times are monotonic seconds, the same in all processes."""

    host: str
    path: str
    connected: float
    """When the connection was made that it came on, or its last request answered."""
    start: float
    end: float | None
    """When it was answered or the client went away; None while it lasts."""


class PressProcess:
    """A press that runs, from outside."""

    def __init__(self, process: subprocess.Popen[str], log: Path, port: int) -> None:
        self._process = process
        self.log = log
        self.port = port

    def hang(self, host: str, seconds: float) -> None:
        """Have a host accept requests and answer none, for so many seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"hang {host} {seconds}\n")
        self._process.stdin.flush()

    def requests(self) -> list[Request]:
        """Return every request so far, in order of their start."""
        return read_log(self.log)


@contextmanager
def running_press(log: Path) -> Iterator[PressProcess]:
    """Serve until the block ends."""
    command = [sys.executable, "-m", "tests.chaos.press", str(log)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        yield PressProcess(process, log, int(process.stdout.readline()))
        assert process.stdin is not None
        process.stdin.close()


def read_log(log: Path) -> list[Request]:
    """Return the requests of a log, in order of their start."""
    found: dict[int, Request] = {}
    for line in log.read_text().splitlines():
        number, *told = json.loads(line)
        if len(told) == 1:
            begun = found[number]
            found[number] = Request(begun.host, begun.path, begun.connected, begun.start, told[0])
        else:
            host, path, connected, start = told
            found[number] = Request(host, path, connected, start, None)
    return sorted(found.values(), key=lambda request: request.start)


class _Server:
    def __init__(self, log: IO[str]) -> None:
        self._log = log
        self._requests = 0
        self._hang_until: dict[str, float] = {}

    def obey(self, line: str) -> None:
        """Do what a line of standard input says."""
        _, host, seconds = line.split()
        self._hang_until[host] = time.monotonic() + float(seconds)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        host = str(writer.get_extra_info("sockname")[0])
        connected = time.monotonic()
        # A client that was killed is what this is for.
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _FIRST_BYTE_SECONDS)
                number, self._requests = self._requests, self._requests + 1
                path = head.split(b" ", 2)[1].decode()
                self._write([number, host, path, connected, time.monotonic()])
                try:
                    if not await self._stays(reader, self._seconds(host, path)):
                        break
                    writer.write(_answer(host, path))
                    await writer.drain()
                finally:
                    connected = time.monotonic()
                    self._write([number, connected])
        writer.close()

    def _seconds(self, host: str, path: str) -> float:
        """Return how long an answer takes: 50 to 450 ms, or as long as the host hangs."""
        hangs = self._hang_until.get(host, 0.0) - time.monotonic()
        return max(hangs, 0.05 + zlib.crc32(path.encode()) % 400 / 1000)

    async def _stays(self, reader: asyncio.StreamReader, seconds: float) -> bool:
        """Wait, and tell whether the client is still there."""
        with suppress(TimeoutError):
            return bool(await asyncio.wait_for(reader.read(1), seconds))
        return True

    def _write(self, told: list[object]) -> None:
        self._log.write(json.dumps(told) + "\n")
        self._log.flush()


def _answer(host: str, path: str) -> bytes:
    robots = path == "/robots.txt"
    body = b"" if robots else an_article_page(f"{host}{path}")
    status = "404 Not Found" if robots else "200 OK"
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _main(log: IO[str]) -> None:
    server = _Server(log)
    port = 0
    for number in range(HOSTS):
        listening = socket.create_server((address(number), port), backlog=64)
        port = listening.getsockname()[1]
        await asyncio.start_server(server.serve, sock=listening)
    print(port, flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        server.obey(line)


if __name__ == "__main__":
    with Path(sys.argv[1]).open("a") as file:
        asyncio.run(_main(file))
