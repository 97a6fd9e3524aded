"""An embedded Valkey (or Redis) server: started, watched and stopped by us."""

import signal
import time
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.exceptions import BusyLoadingError, RedisError

from newsmill_cli.engines.account import Account, give
from newsmill_cli.engines.launch import Child, launch, log_tail, stop
from newsmill_cli.engines.locate import WRITTEN_BY, Located
from newsmill_cli.engines.places import Places, runnable
from newsmill_cli.errors import EngineError

__all__ = ["Valkey"]


class Valkey:
    """One server over one folder.

    Args:
        name: Its role, which names its folder: ``broker`` or ``index``.
        located: Which program.
        places: Where its files go.
        password: What clients must say.
        account: Whom it runs as; None = ourselves.
    """

    def __init__(
        self,
        name: str,
        located: Located,
        places: Places,
        password: str,
        *,
        account: Account | None = None,
    ) -> None:
        self.name = name
        self.located = located
        self.folder = places.home / name
        self.log = places.logs / f"{name}.log"
        self.socket = places.sockets / f"{name}.sock"
        self.child: Child | None = None
        self._binary = runnable(located, account)
        self._password = password
        self._account = account

    @property
    def url(self) -> str:
        """The server's URL, for redis-py."""
        password = quote(self._password, safe="")
        return f"unix://:{password}@{quote(str(self.socket))}?db=0"

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self.child.pid if self.child and self.child.poll() is None else None

    def start(self, *, seconds: float = 30.0) -> None:
        """Start the server and wait until it has read its data and answers.

        Raises:
            EngineError: It does not come up; the message ends with its log.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        give(self.folder, self._account)
        configuration = self._write("valkey.conf", self._configuration())
        self._write(WRITTEN_BY, self.located.writes)
        since = self.log.stat().st_size if self.log.exists() else 0
        self.child = launch(
            [self._binary, configuration],
            log=self.log,
            death_signal=signal.SIGTERM,
            account=self._account,
        )
        if not self._wait_until_ready(time.monotonic() + seconds):
            self.stop()
            raise EngineError(
                f"{self.located.product} ({self._binary}) did not start; its log {self.log} "
                f"ends with:\n{log_tail(self.log, since=since)}"
            )

    def stop(self, *, seconds: float = 10.0) -> None:
        """Stop the server: what it holds is on disk."""
        if self.child:
            stop(self.child, signal.SIGTERM, seconds=seconds)
            self.child = None

    def kill(self) -> None:
        """End the server as a crash would."""
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child = None

    def _configuration(self) -> str:
        """Return the settings; a password on the command line would be everybody's."""
        lines = [
            f"dir {_quoted(self.folder)}",
            "daemonize no",
            "loglevel warning",
            f"requirepass {_quoted(self._password)}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            # What is queued must not vanish quietly: a full broker refuses, and we wait.
            "maxmemory-policy noeviction",
            "port 0",
            f"unixsocket {_quoted(self.socket)}",
            "unixsocketperm 700",
        ]
        return "\n".join(lines)

    def _write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(f"{text}\n")
        give(file, self._account)
        return file

    def _wait_until_ready(self, deadline: float) -> bool:
        with Redis.from_url(self.url, socket_timeout=3) as client:
            while time.monotonic() < deadline and self.child and self.child.poll() is None:
                try:
                    client.ping()
                except (RedisError, BusyLoadingError, OSError):
                    time.sleep(0.02)
                else:
                    return True
        return False


def _quoted(value: Path | str) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
