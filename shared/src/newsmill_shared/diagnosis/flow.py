"""How it goes where nothing is wrong: moving, held back on purpose, or nothing to do."""

from collections.abc import Iterator

from newsmill_shared.diagnosis.advice import KEPT, logs, seconds_between
from newsmill_shared.diagnosis.cause import DATA, Cause, Code, Command, Help
from newsmill_shared.diagnosis.snapshot import Backlog, Broker, Pause, Snapshot
from newsmill_shared.figures import age, clock, count

__all__ = ["enrich_slow", "how_it_goes", "paused"]

_LONG_QUEUE = 900
"""The dispatcher stops at 1,000 messages."""


def paused(seen: Snapshot) -> Iterator[Cause]:
    """Find that a whole stage is stopped on purpose."""
    for pause in seen.ledger.pauses if seen.ledger else ():
        if pause.whole:
            yield _paused(pause)


def enrich_slow(seen: Snapshot) -> Iterator[Cause]:
    """Find a later stage that is slower than what comes before it."""
    broker, ledger = seen.broker, seen.ledger
    if not isinstance(broker, Broker) or ledger is None:
        return
    fetched = ledger.backlog.fetched if ledger.backlog else 0
    behind = (
        (Code.STORE_SLOW, "store", "Recording is slower than enrichment", 0),
        (Code.ENRICH_SLOW, "enrich", "Enrichment is slower than fetching", fetched),
    )
    for code, service, said, more in behind:
        depth = broker.depths.get(service, 0)
        if depth < _LONG_QUEUE:
            continue
        per_second = ledger.ended_last_minute / 60
        drains = (
            f" At the pace of the last minute they are done in {age((depth + more) / per_second)}."
            if per_second
            else ""
        )
        yield Cause(
            code=code,
            state="wait",
            said=f"{said}: its queue is full",
            meaning=f"{count(depth + more)} pages wait for {service}. Fetching holds back"
            f" meanwhile, so that nothing grows.{drains}",
            help=Help(
                Command(
                    f"docker compose up -d --scale {service}=2",
                    f"newsmill up --data {DATA} --workers {service}=2",
                ),
                "One process computes on one core: as many as there are cores help.",
                logs(service),
                "Nothing: it works, at its own pace.",
            ),
        )
        return


def how_it_goes(seen: Snapshot) -> Iterator[Cause]:
    """Say how it goes where nothing is wrong: moving, waiting on purpose, or nothing to do."""
    ledger = seen.ledger
    if ledger is None:
        return
    if not ledger.accepted_any:
        yield Cause(
            code=Code.READY,
            state="ok",
            said="Ready: every part runs, nothing has been handed in yet",
            meaning="Give it one URL and watch it go through. The page you get shows what became"
            " of it, and why.",
        )
        return
    backlog = ledger.backlog or Backlog()
    flying = sum(run.jobs for run in ledger.running.values())
    waiting = backlog.due + backlog.turn + backlog.held + backlog.fetched
    last = (
        f"Last outcome {age(seconds_between(ledger.last_outcome_at, ledger.now))} ago."
        if ledger.last_outcome_at
        else "No job has ended yet."
    )
    if ledger.ended_last_minute or flying or backlog.due or backlog.fetched:
        pages = f"{ledger.ended_last_minute / 60:,.1f} pages a second"
        moving = pages if ledger.ended_last_minute else f"{count(flying)} jobs are under way"
        yield Cause(
            code=Code.MOVING,
            state="ok",
            said=f"Moving: {moving}",
            meaning=f"{last} Nothing needs you now.",
        )
    elif waiting:
        until = min((at for at in (backlog.turn_at, backlog.held_until) if at), default=None)
        yield Cause(
            code=Code.POLITE,
            state="wait",
            said=f"Waiting on purpose: {count(waiting)} jobs, none of them due"
            + (f" before {clock(until)}" if until else ""),
            meaning=f"{last} Their hosts, or their own retry times, come first."
            " Nothing needs you now.",
        )
    else:
        yield Cause(
            code=Code.IDLE,
            state="ok",
            said="Idle: nothing waits, nothing is under way",
            meaning=last,
        )
    for pause in ledger.pauses:
        if not pause.whole:
            yield _paused(pause)


def _paused(pause: Pause) -> Cause:
    return Cause(
        code=Code.PAUSED,
        state="wait",
        said=f"Paused: {pause.what}, by {pause.by}" + (f": {pause.reason}" if pause.reason else ""),
        meaning="Its jobs wait in the ledger until the pause is lifted; the rest goes on.",
        help=Help(
            Command("newsmill status", "newsmill status"),
            "newsmill resume lifts it; work goes on within seconds.",
            Command("newsmill audit", "newsmill audit"),
            KEPT,
        ),
        since=pause.since,
    )
