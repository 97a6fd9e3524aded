"""The diagnosis as the gateway gives it: looked for now and then, however many ask."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsmill_gateway.answers import CauseAnswer, CommandAnswer
from newsmill_gateway.dashboard.caching import Cached
from newsmill_shared.diagnosis import Cause, Code, dated, diagnose
from newsmill_shared.diagnosis.snapshot import Snapshot

__all__ = ["Diagnosed", "Diagnosis", "causes_answer"]

_SECONDS = 2.0
_SHARE = 0.5
_PATIENCE_SECONDS = 1.5
"""A look ends within four seconds, whatever hangs; meanwhile the last one is told."""


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """What was seen, and what it means."""

    seen: Snapshot
    causes: tuple[Cause, ...]


class Diagnosis:
    """The diagnosis, some seconds old at most; thread-safe. Causes are dated by their first look.

    Args:
        look: Takes a snapshot; asked by one thread at a time.
    """

    def __init__(self, look: Callable[[], Snapshot]) -> None:
        self._look = look
        self._known: dict[tuple[Code, str], datetime] = {}
        self._cached = Cached(
            self._diagnosed, seconds=_SECONDS, share=_SHARE, patience=_PATIENCE_SECONDS
        )

    def now(self) -> Diagnosed | None:
        """Return it; None when the first look has not ended within some seconds."""
        kept = self._cached.get()
        return kept.value if kept else None

    def last(self) -> Diagnosed | None:
        """Return what was found last, without looking again."""
        kept = self._cached.peek()
        return kept.value if kept else None

    def _diagnosed(self) -> Diagnosed:
        seen = self._look()
        causes = dated(diagnose(seen), self._known, seen.now)
        self._known = {(cause.code, cause.said): cause.since for cause in causes if cause.since}
        return Diagnosed(seen, causes)


def causes_answer(diagnosed: Diagnosed | None, *, full: bool) -> tuple[CauseAnswer, ...]:
    """Return the causes as they are answered, the verdict first.

    Args:
        diagnosed: The diagnosis; none until the first look has ended.
        full: Whether the caller may read more than codes and states.
    """
    return tuple(_answer(cause, full=full) for cause in (diagnosed.causes if diagnosed else ()))


def _answer(cause: Cause, *, full: bool) -> CauseAnswer:
    if not full:
        return CauseAnswer(code=cause.code, state=cause.state, since=cause.since)
    advice = cause.help
    return CauseAnswer(
        code=cause.code,
        state=cause.state,
        said=cause.said,
        meaning=cause.meaning,
        command=CommandAnswer.of(advice.do) if advice else None,
        then=advice.then if advice else None,
        look=CommandAnswer.of(advice.look) if advice else None,
        safe=advice.safe if advice else None,
        since=cause.since,
    )
