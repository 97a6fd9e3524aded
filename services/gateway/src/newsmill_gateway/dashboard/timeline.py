"""The story of one job: what happened when, what it waited for, and where its time went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal

from newsmill_gateway.answers import AttemptAnswer, JobInFull
from newsmill_gateway.dashboard.formats import age, clock, count, host_of, lasting, percent
from newsmill_gateway.dashboard.ports import Retrieval
from newsmill_shared.database.attempts import AttemptEnd
from newsmill_shared.reasons import RULES, Outcome

__all__ = ["Part", "Step", "Story", "step", "story"]

Kind = Literal["turn", "held", "fetch", "queue", "enrich", "lost", "store"]

_PARTS: dict[Kind, tuple[str, str]] = {
    "turn": ("turn", "waiting for its turn"),
    "held": ("held", "backing off after failed tries"),
    "fetch": ("work", "fetching"),
    "queue": ("retry", "waiting in queues"),
    "enrich": ("updated", "enriching"),
    "lost": ("blocked", "lost on the way, until that was seen"),
    "store": ("unchanged", "waiting to be recorded"),
}
"""How the bar tints each, and what it is called."""

_WORTH_TELLING = 0.05
"""Seconds; a shorter wait has no line of its own."""

_STATES = {
    AttemptEnd.DONE: "ok",
    AttemptEnd.MOVED: "ok",
    AttemptEnd.LATE: "off",
    AttemptEnd.LOST: "bad",
    AttemptEnd.VOID: "warn",
}
_SAYS = {
    AttemptEnd.DONE: {"ingest": "fetched", "enrich": "enriched"},
    AttemptEnd.MOVED: dict.fromkeys(("ingest", "enrich"), "led to another host"),
    AttemptEnd.LATE: {"ingest": "too late for ingest", "enrich": "too late for enrich"},
    AttemptEnd.LOST: {
        "ingest": "lost with its ingest worker",
        "enrich": "lost with its enrich worker",
    },
    AttemptEnd.VOID: {
        "ingest": "gone at ingest, at no cost",
        "enrich": "gone at enrich, at no cost",
    },
}
_GONE = frozenset({AttemptEnd.LATE, AttemptEnd.LOST, AttemptEnd.VOID})
_OUTCOME_STATES = {Outcome.SKIPPED: "off", Outcome.FAILED: "warn", Outcome.DEAD: "bad"}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history; a wait has no icon of its own."""

    at: str
    at_iso: str
    state: str
    said: str
    took: str
    more: str
    hops: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A share of the whole time: its tint, what it was, how long it took (ms for the bar)."""

    css: str
    said: str
    start_ms: int
    width_ms: int
    took: str
    share: str


@dataclass(frozen=True, slots=True)
class Story:
    """What happened until now, or until the outcome; without the outcome itself."""

    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    whole: str
    until: datetime
    """When the last of it ended."""
    has_fetch: bool
    """Whether one of the attempts fetched the page."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    kind: Kind
    seconds: float
    step: Step


def step(
    at: datetime,
    state: str,
    said: str,
    more: str,
    *,
    took: str = "",
    hops: tuple[tuple[int, str], ...] = (),
) -> Step:
    """Return a line for a moment."""
    return Step(clock(at), at.isoformat(), state, said, took, more, hops)


def story(job: JobInFull, came: Retrieval | None) -> Story:
    """Tell a job's attempts in order, with the waits between them.

    Args:
        job: The job, with its attempts.
        came: How its page came, if it did.
    """
    stretches: list[_Stretch] = []
    at = job.accepted_at
    before: AttemptAnswer | None = None
    # Of several fetched pages the last is the one that is kept.
    fetches = [entry for entry in job.attempts if entry.stage == "ingest" and _is_done(entry)]
    for _, stages in groupby(job.attempts, key=lambda entry: entry.attempt):
        for nth, attempt in enumerate(stages):
            for stretch in _until(attempt, at, before if nth == 0 else None, job, first=nth == 0):
                stretches.append(stretch)
                at += timedelta(seconds=stretch.seconds)
            stretches.append(_work(attempt, came if attempt in fetches[-1:] else None))
            at = max(at, _end(attempt))
            before = attempt
    if job.finished_at is not None:
        stretches.extend(_recording(job, before, at))
    told = [one.step for one in stretches if one.step.state != "wait" or _is_long(one.seconds)]
    whole = lasting(sum(one.seconds for one in stretches))
    return Story(tuple(told), _parts(stretches), whole, at, has_fetch=bool(fetches))


def _until(
    attempt: AttemptAnswer,
    at: datetime,
    before: AttemptAnswer | None,
    job: JobInFull,
    *,
    first: bool,
) -> Iterator[_Stretch]:
    """Tell what a job waited for until a worker began."""
    begin = _begin(attempt)
    if first:
        gap = _between(at, min(attempt.sent_at or begin, begin))
        held = min(before.held_seconds or 0.0, gap) if before else 0.0
        if held:
            yield _wait("held", at, held, "Backed off", "Until its next try.")
            at += timedelta(seconds=held)
        yield _wait("turn", at, gap - held, *_turn(attempt, before, job))
        at += timedelta(seconds=gap - held)
    said = f"Waited for a free {attempt.stage} worker"
    yield _wait("queue", at, _between(at, begin), said, f"In the queue of {attempt.stage}.")


def _turn(attempt: AttemptAnswer, before: AttemptAnswer | None, job: JobInFull) -> tuple[str, str]:
    if attempt.stage == "enrich":
        return "Waited for a place in enrich", "Its page was there already."
    if before is not None and before.ended is AttemptEnd.MOVED:
        return "Waited for the other host's turn", "It is asked one page at a time, as every host."
    why = f"{host_of(job.url)} is asked one page at a time, at its own pace."
    return "Waited for the host's turn", why


def _work(attempt: AttemptAnswer, fetched: Retrieval | None) -> _Stretch:
    kind: Kind = "fetch" if attempt.stage == "ingest" else "enrich"
    seconds = attempt.seconds
    if seconds is None:
        seconds = _between(_begin(attempt), attempt.ended_at)
    if attempt.ended in _GONE:
        kind = "lost"
    said = f"Attempt {attempt.attempt}: {_said(attempt, fetched)}"
    more = [_worker(attempt.worker)]
    if fetched is not None:
        more.append(f"{count(fetched.size)} bytes, {fetched.media_type}")
        more.append(f"sha256 {fetched.sha256[:12]}…")
    elif attempt.reason:
        more.append(f"reason {attempt.reason}")
    if attempt.detail and attempt.ended is not AttemptEnd.ENDED:
        more.append(attempt.detail)
    if attempt.held_seconds:
        more.append(f"tried again after {age(attempt.held_seconds)}")
    line = step(
        _begin(attempt),
        _state(attempt),
        said,
        " · ".join(more),
        took=lasting(seconds),
        hops=fetched.hops if fetched else (),
    )
    return _Stretch(kind, seconds, line)


def _said(attempt: AttemptAnswer, fetched: Retrieval | None) -> str:
    if attempt.ended is AttemptEnd.DONE and fetched is not None:
        return f"fetched, {fetched.status}"
    if attempt.ended is AttemptEnd.ENDED:
        return attempt.detail or str(attempt.reason)
    return _SAYS[attempt.ended][attempt.stage]


def _state(attempt: AttemptAnswer) -> str:
    if attempt.ended is not AttemptEnd.ENDED:
        return _STATES[attempt.ended]
    return (
        "ok" if attempt.reason is None else _OUTCOME_STATES.get(RULES[attempt.reason].outcome, "ok")
    )


def _recording(job: JobInFull, last: AttemptAnswer | None, at: datetime) -> Iterator[_Stretch]:
    """Tell what lies between the last attempt and the outcome."""
    if job.finished_at is None:
        return
    seconds = _between(at, job.finished_at)
    if last is None:
        yield _wait("turn", at, seconds, "Waited", "No attempt was needed.")
    elif last.stage == "enrich":
        yield _wait("store", at, seconds, "Waited for the store's next batch", "In its queue.")
    else:
        said = "Waited for the dispatcher"
        yield _wait("store", at, seconds, said, "It reads what workers note.")


def _wait(kind: Kind, at: datetime, seconds: float, said: str, more: str) -> _Stretch:
    return _Stretch(kind, seconds, step(at, "wait", said, more, took=lasting(seconds)))


def _parts(stretches: Sequence[_Stretch]) -> tuple[Part, ...]:
    seconds: dict[Kind, float] = dict.fromkeys(_PARTS, 0.0)
    for stretch in stretches:
        seconds[stretch.kind] += stretch.seconds
    whole = sum(seconds.values())
    parts: list[Part] = []
    start = 0
    for kind, (css, said) in _PARTS.items():
        width = round(seconds[kind] * 1000)
        if width:
            share = percent(seconds[kind], whole)
            parts.append(Part(css, said, start, width, lasting(seconds[kind]), share))
            start += width
    return tuple(parts)


def _begin(attempt: AttemptAnswer) -> datetime:
    return attempt.began_at or attempt.sent_at or attempt.ended_at


def _end(attempt: AttemptAnswer) -> datetime:
    if attempt.began_at is None or attempt.seconds is None:
        return attempt.ended_at
    return attempt.began_at + timedelta(seconds=attempt.seconds)


def _between(start: datetime, end: datetime) -> float:
    """Return the seconds between two moments; 0 where the clocks of machines disagree."""
    return max((end - start).total_seconds(), 0.0)


def _is_done(attempt: AttemptAnswer) -> bool:
    return attempt.ended is AttemptEnd.DONE


def _is_long(seconds: float) -> bool:
    return seconds >= _WORTH_TELLING


def _worker(incarnation: str | None) -> str:
    """Name a process as the list of workers does: ``ingest host-1:4711``."""
    if not incarnation:
        return "worker unknown"
    parts = incarnation.split(":")
    return f"{parts[0]} {':'.join(parts[1:3])}" if len(parts) > 2 else incarnation
