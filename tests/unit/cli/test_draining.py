"""How long is waited for the window to empty, and what is said meanwhile."""

from newsmill_cli.api import Json
from newsmill_cli.draining import wait_until_empty


class Emptying:
    """A window with fewer and fewer jobs; its clock moves when somebody sleeps."""

    def __init__(self, *running: int) -> None:
        self._running = list(running)
        self.now = 0.0

    def window(self) -> Json:
        running = self._running.pop(0) if len(self._running) > 1 else self._running[0]
        stage = {"stage": "enrich", "jobs": running, "oldest_seconds": 2.4, "oldest_url": "u"}
        return {"running": running, "stages": [stage] if running else []}

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def waited(window: Emptying, seconds: float = 60) -> tuple[Json, list[str]]:
    said: list[str] = []
    last = wait_until_empty(
        window, seconds=seconds, report=said.append, clock=lambda: window.now, sleep=window.sleep
    )
    return last, said


def test_each_change_is_said_once_until_nothing_is_under_way() -> None:
    last, said = waited(Emptying(3, 3, 1, 0))

    assert last["running"] == 0
    assert said == [
        "waiting for 3 in enrich, the oldest for 2 s: u",
        "waiting for 1 in enrich, the oldest for 2 s: u",
    ]


def test_the_wait_ends_with_its_time() -> None:
    window = Emptying(2)

    last, _ = waited(window, seconds=5)

    assert (last["running"], window.now) == (2, 5.0)
