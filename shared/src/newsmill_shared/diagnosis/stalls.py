"""What keeps work from moving although the engines serve."""

from collections.abc import Iterator

from newsmill_shared.diagnosis.advice import KEPT, jobs_are, logs, restart, seconds_between, start
from newsmill_shared.diagnosis.cause import DATA, SERVICES, Cause, Code, Command, Help
from newsmill_shared.diagnosis.snapshot import Away, Beat, Broker, Pause, Snapshot
from newsmill_shared.figures import clock, count

__all__ = [
    "api_unreachable",
    "dispatcher_inactive",
    "events_unnumbered",
    "no_bridge",
    "no_worker",
    "nothing_ends",
    "nothing_sent",
    "redis_other_data",
    "service_waits",
    "stage_failing",
    "unaccounted",
]

DUE_ALARM_SECONDS = 60
"""Due work that nobody sends for so long wakes somebody."""
_QUEUE_ALARM_SECONDS = 120
_NUMBER_ALARM_SECONDS = 30
_HICCUP_SECONDS = 4


def redis_other_data(seen: Snapshot) -> Iterator[Cause]:
    """Find a Redis that does not belong to this ledger, or has forgotten it."""
    broker, ledger = seen.broker, seen.ledger
    if not isinstance(broker, Broker) or ledger is None or not ledger.epoch:
        return
    if broker.epoch == ledger.epoch:
        return
    what = "the data of another ledger" if broker.epoch else "no data of this ledger"
    yield Cause(
        code=Code.REDIS_OTHER_DATA,
        state="bad",
        said=f"Redis has {what}",
        meaning="Work that was under way waits until the dispatcher sends it again, which takes"
        " seconds. If this stays, two ledgers share one Redis.",
        help=Help(
            start("dispatcher"),
            "Give each newsmill a Redis of its own: NEWSMILL_REDIS_URL.",
            logs("dispatcher"),
            f"{KEPT} No host is asked sooner than its delay.",
        ),
    )


def unaccounted(seen: Snapshot) -> Iterator[Cause]:
    """Find a ledger that does not add up."""
    if seen.ledger is not None and seen.ledger.unaccounted:
        jobs = abs(seen.ledger.unaccounted)
        yield Cause(
            code=Code.UNACCOUNTED,
            state="bad",
            said=f"The ledger does not add up: {jobs_are(jobs)} unaccounted for",
            meaning="Accepted, outcomes and open jobs are counted from separate tables in one"
            " snapshot; they must agree. This is a defect of ours, or of the database.",
            help=Help(
                Command(
                    "docker compose logs --since 1h dispatcher store",
                    f"newsmill doctor --data {DATA}",
                ),
                "Keep what it says: it is what a bug report needs.",
                logs("postgres"),
                "Nothing is removed meanwhile. Do not restore or repair the database by hand.",
            ),
        )


def no_worker(seen: Snapshot) -> Iterator[Cause]:
    """Find services of which no process lives."""
    if not isinstance(seen.broker, Broker):
        return
    alive = {beat.service for beat in seen.living}
    gone = [name for name in SERVICES if name not in alive]
    if gone:
        names = " and ".join(gone) if len(gone) < len(SERVICES) else "any service"
        last = seen.ledger.last_outcome_at if seen.ledger else None
        yield Cause(
            code=Code.NO_WORKER,
            state="bad",
            said=f"Stalled: no live worker for {names}",
            meaning="A heartbeat is due every 2 s, and none has come for more than 8 s."
            + (f" The last outcome of any kind came at {clock(last)}." if last else ""),
            help=Help(
                start(*gone),
                "Heartbeats show here within 10 s.",
                logs(*gone),
                f"{KEPT} Jobs in the hands of lost workers go back to waiting within about 25 s"
                " of a dispatcher's return.",
            ),
        )


def no_bridge(seen: Snapshot) -> Iterator[Cause]:
    """Find that nobody takes what other systems leave in Redis."""
    if not isinstance(seen.broker, Broker) or not seen.living:
        return
    if not any(beat.service == "bridge" for beat in seen.living):
        yield Cause(
            code=Code.NO_BRIDGE,
            state="bad",
            said="No live bridge: what other systems leave in Redis is not taken",
            meaning="URLs in the inbox and the Celery queue wait there. HTTP goes on.",
            help=Help(
                start("bridge"),
                "It takes what waits, in order.",
                logs("bridge"),
                "What waits in Redis stays there.",
            ),
        )


def dispatcher_inactive(seen: Snapshot) -> Iterator[Cause]:
    """Find dispatchers that live, of which none leads."""
    ledger = seen.ledger
    alive = any(beat.service == "dispatcher" for beat in seen.living)
    if ledger is not None and alive and not ledger.dispatcher_active:
        yield Cause(
            code=Code.DISPATCHER_INACTIVE,
            state="bad",
            said="Stalled: a dispatcher lives, and none is active",
            meaning="Nothing is sent, and what ends gets no number.",
            help=Help(
                restart("dispatcher"),
                "It takes its lock within seconds, or says what keeps it from that.",
                logs("dispatcher"),
                KEPT,
            ),
        )


def stage_failing(seen: Snapshot) -> Iterator[Cause]:
    """Find stages that are stopped because they fail everything."""
    for failing in seen.ledger.failing if seen.ledger else ():
        yield Cause(
            code=Code.STAGE_FAILING,
            state="bad",
            said=f"Stalled: {failing.stage} fails everything since {clock(failing.since)}:"
            f" {failing.error}",
            meaning="No work is sent to it, so that no job ends dead for this. One job now and"
            " then shows whether it works again; then all go on.",
            help=Help(
                Command(
                    f"docker compose logs --since 15m {failing.stage}",
                    f"tail -n 100 {DATA}/logs/{failing.stage}.log",
                ),
                "Mend what the error names: a release goes back by its tag, a network comes back.",
                logs("dispatcher"),
                f"{KEPT} Jobs that failed meanwhile wait and are tried again.",
            ),
            since=failing.since,
        )


def service_waits(seen: Snapshot) -> Iterator[Cause]:
    """Find processes that say themselves what they wait for."""
    told: set[str] = set()
    for beat in seen.living:
        if beat.service not in told and _waits_long(beat, seen):
            told.add(beat.service)
            yield Cause(
                code=Code.SERVICE_WAITS,
                state="bad",
                said=f"Stalled: {beat.service} waits: {beat.waits_for}",
                meaning="It lives, keeps what it has begun, and tries again every few seconds.",
                help=Help(
                    Command(
                        f"docker compose logs --since 15m {beat.service}",
                        f"tail -n 100 {DATA}/logs/{beat.service}.log",
                    ),
                    "Mend what it names: it goes on by itself.",
                    logs("postgres", "redis", laptop=("postgres", "broker")),
                    "What it holds is recorded when it can be.",
                ),
                since=beat.waits_since,
            )


def nothing_sent(seen: Snapshot) -> Iterator[Cause]:
    """Find due work, and neither sent nor ended for a minute."""
    ledger = seen.ledger
    if ledger is None or ledger.backlog is None or ledger.backlog.due_since is None:
        return
    since = max(
        moment
        for moment in (ledger.backlog.due_since, ledger.last_sent_at, ledger.last_outcome_at)
        if moment is not None
    )
    if (
        seconds_between(since, ledger.now) < DUE_ALARM_SECONDS
        or _stands(ledger.pauses)
        or ledger.disk_short
    ):
        return
    yield Cause(
        code=Code.NOTHING_SENT,
        state="bad",
        said=f"Stalled: {jobs_are(ledger.backlog.due)} due, and none was sent since {clock(since)}",
        meaning="Their hosts may be asked now, and the dispatcher does not send them.",
        help=Help(
            restart("dispatcher"),
            "Another takes over within seconds; what is in the queues is kept.",
            logs("dispatcher"),
            "URLs are still accepted, and hosts are never asked too early by a restart.",
        ),
        since=since,
    )


def nothing_ends(seen: Snapshot) -> Iterator[Cause]:
    """Find messages that wait while workers live and nothing has ended for two minutes."""
    ledger, broker = seen.ledger, seen.broker
    if ledger is None or not isinstance(broker, Broker):
        return
    oldest = min((run.oldest_at for run in ledger.running.values() if run.oldest_at), default=None)
    service = max(broker.depths, key=lambda name: broker.depths[name], default="")
    if oldest is None or not service or not broker.depths[service]:
        return
    since = max(oldest, ledger.last_outcome_at or oldest)
    if seconds_between(since, ledger.now) < _QUEUE_ALARM_SECONDS:
        return
    yield Cause(
        code=Code.NOTHING_ENDS,
        state="bad",
        said=f"Stalled: messages wait for {service}, and no job has ended since {clock(since)}",
        meaning=f"{count(broker.depths[service])} of them. Its workers live and do not take them,"
        " or each takes very long.",
        help=Help(
            restart(service),
            "What it has begun is begun again; a page that kills its worker ends as dead.",
            logs(service),
            KEPT,
        ),
        since=since,
    )


def events_unnumbered(seen: Snapshot) -> Iterator[Cause]:
    """Find that what ends gets no number."""
    ledger = seen.ledger
    if ledger is None or ledger.unnumbered_since is None:
        return
    if seconds_between(ledger.unnumbered_since, ledger.now) >= _NUMBER_ALARM_SECONDS:
        yield Cause(
            code=Code.EVENTS_UNNUMBERED,
            state="bad",
            said=f"Changes are not published since {clock(ledger.unnumbered_since)}",
            meaning="Jobs end and their events get no number, so readers of /v1/changes and lists"
            " of articles see nothing new.",
            help=Help(
                restart("dispatcher"),
                "The dispatcher numbers what has ended, in order; nothing is skipped.",
                logs("dispatcher"),
                "Nothing is lost: events wait for their numbers.",
            ),
            since=ledger.unnumbered_since,
        )


def api_unreachable(seen: Snapshot) -> Iterator[Cause]:
    """Find a gateway that does not answer."""
    if seen.api is not None and not seen.api.answers:
        yield Cause(
            code=Code.API_UNREACHABLE,
            state="bad",
            said=f"Stalled: the API does not answer at {seen.api.url}",
            meaning="Nothing can be handed in by HTTP. What was accepted goes on.",
            help=Help(
                start("gateway"),
                "The gateway starts within seconds; `newsmill up` restarts it by itself.",
                logs("gateway"),
                "What was accepted is in the ledger.",
            ),
        )


def _waits_long(beat: Beat, seen: Snapshot) -> bool:
    """Whether a process waits for longer than a hiccup, and not for what is known to be away."""
    if not beat.waits_for or beat.waits_since is None or not isinstance(seen.broker, Broker):
        return False
    waited = seconds_between(beat.waits_since, seen.broker.now) + beat.clock_ahead_seconds
    explained = isinstance(seen.database, Away) and "PostgreSQL" in beat.waits_for
    return waited >= _HICCUP_SECONDS and not explained


def _stands(pauses: tuple[Pause, ...]) -> bool:
    return any(pause.whole for pause in pauses)
