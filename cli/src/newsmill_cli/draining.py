"""Waits until nothing is under way any more, and says what it waits for."""

from collections.abc import Callable
from typing import Protocol

from newsmill_cli.api import Json

__all__ = ["WindowReader", "wait_until_empty", "window_line"]

_LOOK_SECONDS = 1.0


class WindowReader(Protocol):
    """Where it is read what is under way."""

    def window(self) -> Json:
        """Return it."""


def wait_until_empty(
    api: WindowReader,
    *,
    seconds: float,
    report: Callable[[str], None],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Json:
    """Wait until the window is empty, or so many seconds; return what was seen last.

    Args:
        api: Where to look.
        seconds: The longest wait.
        report: Told in words what is waited for, whenever the number of jobs changes.
        clock: Monotonic seconds.
        sleep: How to wait.
    """
    end = clock() + seconds
    told = None
    while True:
        window = api.window()
        if not window["running"] or clock() >= end:
            return window
        if window["running"] != told:
            report(f"waiting for {window_line(window)}")
        told = window["running"]
        sleep(_LOOK_SECONDS)


def window_line(window: Json) -> str:
    """Return what is under way as one line: how many at each stage, and the oldest."""
    return "; ".join(
        f"{stage['jobs']:,} in {stage['stage']}, the oldest for "
        f"{stage['oldest_seconds']:.0f} s: {stage['oldest_url']}"
        for stage in window["stages"]
    )
