"""An embedded PostgreSQL server: made, started, watched and stopped by us."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from newsmill_cli.engines.account import Account, give, initdb_account
from newsmill_cli.engines.launch import Child, launch, log_tail, stop
from newsmill_cli.engines.locate import Located
from newsmill_cli.engines.places import Places, runnable
from newsmill_cli.errors import EngineError

__all__ = ["SETTINGS", "PostgreSQL"]

SETTINGS: Mapping[str, str] = {
    "cluster_name": "newsmill",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "80",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "max_wal_size": "1GB",
    # The open jobs are one small hot table: dead rows must go before they are scanned.
    "autovacuum_naptime": "5s",
    "log_autovacuum_min_duration": "-1",
    "log_checkpoints": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""Small enough for a laptop; reached through a unix socket alone."""

_USER = "newsmill"
_PORT = 5432
_LOCK_SECONDS = 10.0
# What a server says when the children of a killed one have not all noticed yet.
_STILL_IN_USE = ("still in use", "already exists", "Is another postmaster")


class PostgreSQL:
    """One server over one folder.

    Args:
        located: Which program.
        places: Where its files go.
        password: Of its only user.
        account: Whom it runs as; None = ourselves.
        settings: Settings beyond `SETTINGS`.
        safe: False gives up safety against a crash of the machine (of the server not), for tests.
    """

    name = "postgres"

    def __init__(
        self,
        located: Located,
        places: Places,
        password: str,
        *,
        account: Account | None = None,
        settings: Mapping[str, str] | None = None,
        safe: bool = True,
    ) -> None:
        self.located = located
        self.folder = places.home / "postgres"
        self.log = places.logs / "postgres.log"
        self.sockets = places.sockets
        self.child: Child | None = None
        self._binary = runnable(located, account)
        self._password = password
        self._account = account
        self._safe = safe
        relaxed = {"fsync": "off", "full_page_writes": "off"}
        self._settings = {**SETTINGS, **({} if safe else relaxed), **(settings or {})}

    def url(self, database: str = "newsmill") -> str:
        """Return the database's URL, for psycopg and SQLAlchemy alike."""
        return (
            f"postgresql://{_USER}:{quote(self._password, safe='')}@/{database}"
            f"?host={quote(str(self.sockets))}&port={_PORT}"
        )

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self.child.pid if self.child and self.child.poll() is None else None

    def start(self, *, seconds: float = 30.0) -> None:
        """Start the server, over a new cluster if there is none yet, and wait until it answers.

        Raises:
            EngineError: It does not come up; the message ends with its log.
        """
        if not (self.folder / "PG_VERSION").exists():
            self._make_cluster()
        give(self.folder, self._account)
        try:
            self._start(time.monotonic() + seconds)
            self._make_database()
        except BaseException:
            self.stop()
            raise

    def _start(self, deadline: float) -> None:
        """Launch the server, again while a dead one's memory is still in use."""
        retry_until = time.monotonic() + _LOCK_SECONDS
        while True:
            since = self.log.stat().st_size if self.log.exists() else 0
            self._drop_stale_lock()
            self.child = launch(
                self._command(),
                log=self.log,
                # An immediate shutdown: a checkpoint could outlast those who wait for us to go.
                death_signal=signal.SIGQUIT,
                account=self._account,
                environment=_environment(),
            )
            if self._wait_until_ready(deadline):
                return
            said = log_tail(self.log, since=since)
            in_use = any(words in said for words in _STILL_IN_USE)
            if not in_use or time.monotonic() > retry_until:
                raise EngineError(
                    f"PostgreSQL ({self._binary}) did not start; its log {self.log} ends with:\n"
                    f"{said}"
                )
            time.sleep(0.2)

    def stop(self, *, seconds: float = 10.0) -> None:
        """Stop the server: sessions are cut, what was committed is on disk."""
        if self.child:
            stop(self.child, signal.SIGINT, seconds=seconds)
            self.child = None

    def kill(self) -> None:
        """End the server as a crash would."""
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child = None

    def _command(self) -> list[str | Path]:
        words: list[str | Path] = [self._binary, "-D", self.folder, "-k", self.sockets]
        words += ["-p", str(_PORT)]
        for name, value in self._settings.items():
            words += ["-c", f"{name}={value}"]
        return words

    def _make_cluster(self) -> None:
        """Run initdb in a folder of its own, so that no half-made cluster is taken for one."""
        account = initdb_account(self._account) if self._account else None
        for broken_off in self.folder.parent.glob("initdb-*"):
            shutil.rmtree(broken_off)
        with tempfile.TemporaryDirectory(prefix="initdb-", dir=self.folder.parent) as name:
            work = Path(name)
            password = work / "password"
            password.touch(mode=0o600)
            password.write_text(self._password)
            if account:
                # Its owner may be another than the one who owns the folder above.
                self.folder.parent.chmod(0o711)
                give(work, account)
            made = subprocess.run(  # noqa: S603 - initdb by its full path
                [
                    *(self._binary.parent / "initdb", "-D", work / "cluster", "-U", _USER),
                    *("--auth=scram-sha-256", f"--pwfile={password}"),
                    *("--encoding=UTF8", "--locale=C.UTF-8"),
                    *([] if self._safe else ["--no-sync"]),
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                cwd=work,
                env=_environment(),
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
            if made.returncode:
                raise EngineError(
                    f"PostgreSQL could not make its files in {self.folder}:\n{made.stdout.strip()}"
                )
            shutil.rmtree(self.folder, ignore_errors=True)
            (work / "cluster").rename(self.folder)
            give(self.folder, self._account)
            if account:
                self.folder.parent.chmod(0o700)

    def _wait_until_ready(self, deadline: float) -> bool:
        while time.monotonic() < deadline and self.child and self.child.poll() is None:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=3).close()
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise EngineError(
                        "the password in secrets.json is not the one the database was made with",
                        f"Restore the file, or remove {self.folder} to begin anew.",
                    ) from error
                time.sleep(0.02)
            else:
                return True
        return False

    def _make_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = 'newsmill'")
            if known.fetchone() is None:
                connection.execute("create database newsmill")

    def _drop_stale_lock(self) -> None:
        """Remove a pid file whose server is gone, though something still has its number.

        That may be some other program, or the dead server itself, which nobody has waited for:
        PostgreSQL takes either for a living one.
        """
        file = self.folder / "postmaster.pid"
        try:
            holder = psutil.Process(int(file.read_text().split("\n", 1)[0]))
            alive = holder.status() != psutil.STATUS_ZOMBIE and holder.name().startswith("postgres")
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return
        if not alive:
            file.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    """Our environment without what would bend the server: PGDATA, PGPORT, a missing locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8"}
