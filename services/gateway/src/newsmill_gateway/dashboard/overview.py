"""The overview: verdict, the sum, the flow, why jobs wait, outcomes a minute, workers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.formats import age, clock, count, rate
from newsmill_gateway.dashboard.hosts import drain_seconds
from newsmill_gateway.dashboard.ports import Backlog, Failures, Pulse, Queues
from newsmill_gateway.dashboard.throughput import (
    HOUR,
    Spark,
    by_ending,
    failed_share,
    latencies,
    per_minute,
    spark,
)
from newsmill_gateway.dashboard.verdict import Facts, checks, missing_services
from newsmill_shared.database.conservation import Conservation
from newsmill_shared.database.tallies import Count
from newsmill_shared.diagnosis.snapshot import Beat
from newsmill_shared.reasons import Outcome

__all__ = [
    "Bar",
    "causes_panel",
    "chart_panel",
    "daylight_panel",
    "flow_panel",
    "ledger_panel",
    "verdict_panel",
    "workers_panel",
]

Context = Mapping[str, object]

_TERM_PAGES = {
    "stored": "/articles",
    "updated": "/articles?story=changed",
    "duplicate": "/articles?story=copy",
    "failed": "/failures?kind=failed",
    "dead": "/failures?kind=dead",
    "waiting": "/hosts",
}
_STAGE_SAYS = {
    "ingest": "fetches, one host at a time",
    "enrich": "text, language, duplicates, categories",
    "store": "article, evidence and outcome at once",
}
_SPARK_SAYS = {
    "ingest": "Attempts at ingest",
    "enrich": "Attempts at enrich",
    "store": "Results recorded",
}
_GROUPS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a proportional bar; where it begins, and how wide it is, in jobs."""

    name: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class _Term:
    name: str
    css: str
    jobs: str
    href: str | None


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    state: str
    state_said: str
    age: str
    said: str
    spark: Spark | None
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Cause:
    name: str
    css: str
    jobs: int
    oldest: str
    ends: str


def verdict_panel(facts: Facts) -> Context:
    """Return the first line of the page and the checks behind it."""
    verdict, *others = facts.told.causes
    return {"verdict": verdict, "others": others, "checks": checks(facts.told)}


def ledger_panel(kept: Kept[Conservation] | None) -> Context:
    """Return the conservation line as the sum that it is."""
    if kept is None:
        return {"sum": None}
    counted = kept.value
    held_back = counted.open.get("waiting", 0) + counted.open.get("held", 0)
    terms = [(outcome.value, counted.outcomes.get(outcome.value, 0)) for outcome in Outcome]
    terms += [("waiting", held_back), ("in flight", counted.open.get("running", 0))]
    return {
        "sum": tuple(
            _Term(name, _css(name), count(jobs), _TERM_PAGES.get(name)) for name, jobs in terms
        ),
        "bars": bars(terms),
        "accepted": counted.accepted,
        "unaccounted": counted.unaccounted,
        "counted_ago": age(kept.seconds_old),
    }


def bars(parts: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    """Return parts side by side, those of no width left out."""
    found: list[Bar] = []
    start = 0
    for name, width in parts:
        if width > 0:
            found.append(Bar(_css(name), start, width))
            start += width
    return tuple(found)


def _css(name: str) -> str:
    return "flying" if name == "in flight" else name


def flow_panel(facts: Facts, counts: tuple[Count, ...] | None) -> Context:
    """Return the stages in the order of the work; empty while PostgreSQL is away.

    Args:
        facts: How everything is now.
        counts: What stages did in the last hour.
    """
    pulse = facts.pulse
    if pulse is None:
        return {"stages": ()}
    backlog = facts.backlog.value if facts.backlog else None
    depths = facts.queues.depths if facts.queues else None
    gone = set(missing_services(facts.queues)) if facts.queues else set()
    return {
        "stages": (
            _ledger_stage(backlog, pulse, counts, nobody="dispatcher" in gone),
            *(
                _queue_stage(name, depths, pulse, counts, nobody=name in gone)
                for name in _STAGE_SAYS
            ),
        )
    }


def _ledger_stage(
    backlog: Backlog | None, pulse: Pulse, counts: tuple[Count, ...] | None, *, nobody: bool
) -> _Stage:
    waiting = backlog.waiting if backlog else 0
    oldest = _oldest(backlog) if backlog else None
    slowest = max(backlog.largest, key=drain_seconds, default=None) if backlog else None
    if nobody:
        state, said = "bad", "no live dispatcher"
    elif not waiting:
        state, said = "off", "nothing to do"
    elif backlog and backlog.due:
        state, said = "ok", "moving"
    else:
        state, said = "wait", "waiting on purpose"
    net = pulse.ended_per_second - pulse.accepted_per_second
    return _Stage(
        "Ledger",
        state,
        said,
        _ago(pulse.now, oldest),
        "every URL is written here first",
        _spark(counts, "job", "Outcomes", pulse.now),
        (
            ("waiting", count(waiting)),
            ("in", rate(pulse.accepted_per_second)),
            ("due now", count(backlog.due if backlog else 0)),
            ("out", rate(pulse.ended_per_second)),
            ("oldest due", _ago(pulse.now, backlog.due_since if backlog else None)),
            ("alarm at", "1 min"),
            ("drains in", _drains(waiting, net)),
            ("slowest host", age(drain_seconds(slowest)) if slowest and waiting else "none"),
            *latencies(counts or (), "job", pulse.now).items(),
        ),
    )


def _queue_stage(
    name: str,
    depths: Mapping[str, int] | None,
    pulse: Pulse,
    counts: tuple[Count, ...] | None,
    *,
    nobody: bool,
) -> _Stage:
    waiting = depths.get(name, 0) if depths is not None else None
    run = pulse.running.get(name)
    # Store has no stage of its own in the ledger: its jobs are those of enrich until they end.
    flying = run.jobs if run else 0
    busy = bool(waiting) or bool(flying)
    state, said = ("ok", "moving") if busy else ("off", "nothing to do")
    if nobody:
        state, said = "bad", "no live worker"
    figures: list[tuple[str, str]] = [
        ("in its queue", "unknown" if waiting is None else count(waiting))
    ]
    if name != "store":
        figures.append(("under way", count(flying)))
    if counts is not None:
        full = per_minute(counts, name, pulse.now)[:-1]
        figures.append(("last minute", count(full[-1])))
        if name != "store":
            figures.append(("failed", failed_share(counts, name)))
        figures.extend(latencies(counts, name, pulse.now).items())
    return _Stage(
        name.capitalize(),
        state,
        said,
        _ago(pulse.now, run.oldest_at if run else None)
        if name != "store"
        else ("some" if waiting else "none"),
        _STAGE_SAYS[name],
        _spark(counts, name, _SPARK_SAYS[name], pulse.now),
        tuple(figures),
    )


def _spark(counts: tuple[Count, ...] | None, stage: str, what: str, now: datetime) -> Spark | None:
    return None if counts is None else spark(per_minute(counts, stage, now), what)


def causes_panel(kept: Kept[Backlog] | None, now: datetime | None) -> Context:
    """Return what the waiting jobs wait for."""
    if kept is None or now is None:
        return {"causes": None}
    backlog = kept.value
    slowest = max(backlog.largest, key=drain_seconds, default=None)
    causes = (
        _Cause("due now", "due", backlog.due, _ago(now, backlog.due_since), "the next dispatch"),
        _Cause(
            "the host's turn",
            "turn",
            backlog.turn,
            _ago(now, backlog.turn_oldest_at),
            f"one request a host at a time; slowest {slowest.name}, {age(drain_seconds(slowest))}"
            if slowest and backlog.turn
            else "one request a host at a time",
        ),
        _Cause(
            "backing off",
            "retry",
            backlog.held,
            _ago(now, backlog.held_oldest_at),
            f"each job's own retry time; the first at {clock(backlog.retry_at)}"
            if backlog.retry_at
            else "each job's own retry time",
        ),
        _Cause(
            "a place in enrich",
            "held",
            backlog.fetched,
            _ago(now, backlog.fetched_oldest_at),
            "the page is there and is not fetched again",
        ),
    )
    return {
        "causes": causes,
        "cause_bars": bars((cause.css, cause.jobs) for cause in causes),
        "waiting": backlog.waiting,
        "causes_counted_ago": age(kept.seconds_old),
    }


def chart_panel(counts: tuple[Count, ...] | None, now: datetime | None) -> Context:
    """Return the outcomes of the last hour, a column a minute, stacked by outcome."""
    if counts is None or now is None:
        return {"chart": None}
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=HOUR - 1)
    columns = by_ending(counts, "job", now)
    sums = [sum(column.values()) for column in columns]
    top = max([*sums, 1])
    paths: dict[str, list[str]] = {}
    totals: dict[str, int] = {}
    for nth, column in enumerate(columns):
        floor = top
        for outcome in Outcome:
            jobs = column.get(outcome.value, 0)
            if jobs:
                floor -= jobs
                paths.setdefault(outcome.value, []).append(
                    f"M{nth + 0.1:.1f} {floor}h.8v{jobs}h-.8z"
                )
                totals[outcome.value] = totals.get(outcome.value, 0) + jobs
    peak = max(range(HOUR), key=lambda nth: sums[nth])
    return {
        "chart": {name: "".join(strokes) for name, strokes in paths.items()},
        "chart_top": top,
        "chart_totals": totals,
        "chart_peak": sums[peak],
        "chart_peak_at": f"{first + timedelta(minutes=peak):%H:%M}",
        "chart_last": sums[-2],
        "chart_failed": failed_share(counts, "job"),
        "chart_marks": tuple(
            f"{first + timedelta(minutes=nth):%H:%M}" for nth in (0, 15, 30, 45, 59)
        ),
    }


def workers_panel(queues: Queues | None, now: datetime) -> Context:
    """Return the processes that live, by service."""
    if queues is None:
        return {"workers": None}
    return {
        "workers": tuple(
            {
                "name": f"{beat.service} {beat.host}:{beat.pid}",
                "service": beat.service,
                "up": age((now - beat.started_at).total_seconds()),
            }
            for beat in sorted(queues.beats, key=_by_service)
        )
    }


def daylight_panel(kept: Kept[Failures] | None) -> Context:
    """Return what needs a person, but wakes none."""
    if kept is None:
        return {"daylight": None}
    failures = kept.value
    lines: list[tuple[str, str, str]] = []
    if failures.dead:
        jobs = "1 job is" if failures.dead == 1 else f"{count(failures.dead)} jobs are"
        lines.append(
            (
                f"{jobs} dead: a page kills its worker, or a defect of ours",
                "/failures?kind=dead",
                "dead jobs",
            )
        )
    for group in [group for group in failures.groups if group.kind == "failed"][:_GROUPS_NAMED]:
        host = group.host or "no host"
        lines.append(
            (
                f"{host}: {group.reason}",
                f"/failures?reason={group.reason}&host={group.host}",
                f"{count(group.jobs)} failed",
            )
        )
    return {"daylight": tuple(lines)}


def _by_service(beat: Beat) -> tuple[str, str, int]:
    return beat.service, beat.host, beat.pid


def _oldest(backlog: Backlog) -> datetime | None:
    moments = (
        backlog.turn_oldest_at,
        backlog.held_oldest_at,
        backlog.fetched_oldest_at,
        backlog.due_since,
    )
    return min((moment for moment in moments if moment is not None), default=None)


def _drains(waiting: int, net_per_second: float) -> str:
    if not waiting:
        return "empty"
    return age(waiting / net_per_second) if net_per_second > 0.05 else "not at this rate"


def _ago(now: datetime, moment: datetime | None) -> str:
    return age(None if moment is None else (now - moment).total_seconds())
