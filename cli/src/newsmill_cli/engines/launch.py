"""Starts a program as our own child in the foreground, and ends it."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from newsmill_cli.engines.account import Account
from newsmill_shared.process import die_with_parent

__all__ = ["Child", "launch", "log_tail", "rotate_log", "stop"]

_MAX_LOG_BYTES = 10_000_000

Child = subprocess.Popen[bytes]


def launch(
    command: Sequence[str | Path],
    *,
    log: Path,
    death_signal: signal.Signals = signal.SIGKILL,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Start ``command``; it gets ``death_signal`` when the calling thread's process ends.

    It runs in a session of its own, so that Ctrl-C reaches its parent alone, which then stops
    its children in order. Output is appended to ``log``.

    Args:
        command: Program and arguments.
        log: Where output goes.
        death_signal: What the kernel sends it when we are gone.
        account: Whom it runs as; None = ourselves.
        environment: Its whole environment; None = ours.
    """
    parent = os.getpid()

    def tie() -> None:
        die_with_parent(death_signal, parent=parent)

    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the caller names the program
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/" if account else None,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # The wish must be made after the change of user and before exec. The callee takes
            # no lock and imports nothing.
            preexec_fn=tie,  # noqa: PLW1509
        )


def stop(child: Child, signal_number: signal.Signals, *, seconds: float) -> bool:
    """End ``child`` with a signal, after ``seconds`` by force; True if it went by itself."""
    if child.poll() is not None:
        return True
    # A child that ends right now is what we want.
    with suppress(ProcessLookupError):
        child.send_signal(signal_number)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return False
    return True


def log_tail(log: Path, *, lines: int = 12, since: int = 0) -> str:
    """Return the last lines that were written to ``log`` after byte ``since``."""
    try:
        with log.open("rb") as file:
            file.seek(since)
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def rotate_log(log: Path, *, max_bytes: int = _MAX_LOG_BYTES) -> None:
    """Set a large log file aside as ``NAME.1``, in place of the one before."""
    if log.exists() and log.stat().st_size > max_bytes:
        log.replace(log.with_name(f"{log.name}.1"))
