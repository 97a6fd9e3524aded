"""Looking at processes from outside, and waiting for what becomes of them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

__all__ = ["all_ended", "eventually", "processes_of", "tree_of"]

_Value = TypeVar("_Value")


def eventually(look: Callable[[], _Value], *, seconds: float = 10.0, every: float = 0.02) -> _Value:
    """Look until it is true, and return what was seen; fail after ``seconds``."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < end, f"not within {seconds:g} s: {look}"
        time.sleep(every)


def tree_of(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def all_ended(processes: list[psutil.Process]) -> bool:
    """Tell whether no process runs: one that only waits to be reaped does not."""
    return not any(_runs(process) for process in processes)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Living processes whose command line names something in ``folder``."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if any(str(folder) in word for word in words):
            found.append(process)
    return found


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
