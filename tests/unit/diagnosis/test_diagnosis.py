"""From what was seen to what an operator must know; the first cause explains the rest."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.diagnosis import SERVICES, Cause, Code, Snapshot, dated, diagnose
from newsmill_shared.diagnosis.snapshot import (
    Api,
    Away,
    Backlog,
    Failing,
    Index,
    PageStoreRoom,
    Pause,
    Running,
)
from tests.unit.diagnosis.builders import (
    EVERYBODY,
    NOW,
    a_beat,
    a_broker,
    a_database,
    a_ledger,
    a_quiet_ledger,
    a_snapshot,
    ago,
)

_DISK_FULL = "PostgreSQL: could not extend file: No space left on device"

FAULTS: tuple[tuple[Snapshot, Code, str], ...] = (
    (
        a_snapshot(database=Away("refused")),
        Code.DATABASE_UNREACHABLE,
        "Stalled: PostgreSQL does not answer",
    ),
    (
        a_snapshot(database=Away("too many clients", "connections")),
        Code.DATABASE_CONNECTIONS,
        "Stalled: PostgreSQL has no connection left",
    ),
    (
        a_snapshot(database=a_database(connections=96)),
        Code.DATABASE_CONNECTIONS,
        "PostgreSQL has few connections left: 96 of 100 are taken",
    ),
    (
        a_snapshot(database=a_database(read_only=True)),
        Code.DATABASE_READ_ONLY,
        "Stalled: PostgreSQL is set to read only and takes no writes",
    ),
    (
        a_snapshot(database=a_database(standby=True)),
        Code.DATABASE_READ_ONLY,
        "Stalled: PostgreSQL is a standby and takes no writes",
    ),
    (
        a_snapshot(database=a_database(schema_is_current=False)),
        Code.SCHEMA_OLD,
        "Stalled: the database does not have the schema of this version",
    ),
    (
        a_snapshot(database=a_database(Away("canceling statement", "slow"))),
        Code.DATABASE_SLOW,
        "PostgreSQL is slow: a simple question takes more than a second",
    ),
    (
        a_snapshot(database=a_database(answered_seconds=1.5)),
        Code.DATABASE_SLOW,
        "PostgreSQL is slow: a simple question takes more than a second",
    ),
    (
        a_snapshot(broker=Away("refused")),
        Code.REDIS_UNREACHABLE,
        "Stalled: Redis does not answer",
    ),
    (
        a_snapshot(broker=a_broker(read_only=True)),
        Code.REDIS_READ_ONLY,
        "Stalled: Redis is a read-only replica",
    ),
    (
        a_snapshot(broker=a_broker(used_bytes=100 * 2**20)),
        Code.REDIS_FULL,
        "Stalled: Redis is full, all of its 100 MB are used",
    ),
    (
        a_snapshot(broker=a_broker(write_problem="it cannot save its data")),
        Code.REDIS_DISK,
        "Stalled: Redis refuses writes, it cannot save its data",
    ),
    (
        a_snapshot(broker=a_broker(epoch=None)),
        Code.REDIS_OTHER_DATA,
        "Redis has no data of this ledger",
    ),
    (
        a_snapshot(broker=a_broker(epoch="other")),
        Code.REDIS_OTHER_DATA,
        "Redis has the data of another ledger",
    ),
    (
        a_snapshot(database=a_database(a_ledger(unaccounted=2))),
        Code.UNACCOUNTED,
        "The ledger does not add up: 2 jobs are unaccounted for",
    ),
    (
        a_snapshot(broker=a_broker("dispatcher", "ingest", "store", "bridge")),
        Code.NO_WORKER,
        "Stalled: no live worker for enrich",
    ),
    (
        a_snapshot(broker=a_broker(*SERVICES)),
        Code.NO_BRIDGE,
        "No live bridge: what other systems leave in Redis is not taken",
    ),
    (
        a_snapshot(database=a_database(a_ledger(dispatcher_active=False))),
        Code.DISPATCHER_INACTIVE,
        "Stalled: a dispatcher lives, and none is active",
    ),
    (
        a_snapshot(pages=Away("no such folder")),
        Code.PAGE_STORE_UNREACHABLE,
        "Stalled: the page store cannot be used",
    ),
    (
        a_snapshot(pages=PageStoreRoom(2**29, 2**40)),
        Code.DISK_FULL,
        "Stalled: a disk is full, so nothing can be fetched",
    ),
    (
        a_snapshot(database=a_database(a_quiet_ledger(disk_short="/pages: 900 MB left"))),
        Code.DISK_FULL,
        "Stalled: a disk is full, so nothing can be fetched",
    ),
    (
        a_snapshot(
            broker=a_broker(beats=(*map(a_beat, EVERYBODY), a_beat("store", waits_for=_DISK_FULL)))
        ),
        Code.DISK_FULL,
        "Stalled: the disk of PostgreSQL is full",
    ),
    (
        a_snapshot(index=Away("Redis: refused")),
        Code.INDEX_UNREACHABLE,
        "Stalled: the duplicate index does not answer",
    ),
    (
        a_snapshot(
            database=a_database(
                a_quiet_ledger(failing=(Failing("enrich", "KeyError: 'x'", ago(60)),))
            )
        ),
        Code.STAGE_FAILING,
        "Stalled: enrich fails everything since 03:11:07: KeyError: 'x'",
    ),
    (
        a_snapshot(
            broker=a_broker(
                beats=(
                    *map(a_beat, EVERYBODY),
                    a_beat("store", waits_for="PostgreSQL: read-only", waits_since=ago(60)),
                )
            )
        ),
        Code.SERVICE_WAITS,
        "Stalled: store waits: PostgreSQL: read-only",
    ),
    (
        a_snapshot(database=a_database(a_quiet_ledger(backlog=Backlog(due=3, due_since=ago(300))))),
        Code.NOTHING_SENT,
        "Stalled: 3 jobs are due, and none was sent since 03:07:07",
    ),
    (
        a_snapshot(
            database=a_database(a_quiet_ledger(running={"enrich": Running(40, ago(400))})),
            broker=a_broker(depths={"ingest": 0, "enrich": 40, "store": 0}),
        ),
        Code.NOTHING_ENDS,
        "Stalled: messages wait for enrich, and no job has ended since 03:05:27",
    ),
    (
        a_snapshot(database=a_database(a_ledger(unnumbered=5, unnumbered_since=ago(60)))),
        Code.EVENTS_UNNUMBERED,
        "Changes are not published since 03:11:07",
    ),
    (
        a_snapshot(
            broker=a_broker(
                beats=(*map(a_beat, EVERYBODY), a_beat("ingest", clock_ahead_seconds=-3601))
            )
        ),
        Code.CLOCK_SKEW,
        "The clock of ingest here:1 is 1 h behind Redis' clock",
    ),
    (
        a_snapshot(broker=a_broker(now=NOW - timedelta(minutes=2))),
        Code.CLOCK_SKEW,
        "PostgreSQL's clock is 2 min ahead of Redis' clock",
    ),
    (
        a_snapshot(api=Api("http://127.0.0.1:1", answers=False)),
        Code.API_UNREACHABLE,
        "Stalled: the API does not answer at http://127.0.0.1:1",
    ),
)
"""What wakes somebody."""

PURPOSES: tuple[tuple[Snapshot, Code, str], ...] = (
    (
        a_snapshot(
            database=a_database(
                a_ledger(pauses=(Pause("everything", "ann", "a move", ago(60), whole=True),))
            )
        ),
        Code.PAUSED,
        "Paused: everything, by ann: a move",
    ),
    (
        a_snapshot(broker=a_broker(depths={"ingest": 0, "enrich": 1000, "store": 0})),
        Code.ENRICH_SLOW,
        "Enrichment is slower than fetching: its queue is full",
    ),
    (
        a_snapshot(broker=a_broker(depths={"ingest": 0, "enrich": 1000, "store": 1000})),
        Code.STORE_SLOW,
        "Recording is slower than enrichment: its queue is full",
    ),
    (
        a_snapshot(index=Index(rebuilding="3 of 9 documents are loaded.")),
        Code.INDEX_REBUILDING,
        "The duplicate index is being rebuilt",
    ),
    (
        a_snapshot(index=Index(dropped_at=ago(1800), dropped=9)),
        Code.INDEX_FULL,
        "The duplicate index was full and has dropped its oldest documents",
    ),
    (
        a_snapshot(
            database=a_database(a_quiet_ledger(backlog=Backlog(turn=9, turn_at=ago(-90_000))))
        ),
        Code.POLITE,
        "Waiting on purpose: 9 jobs, none of them due before 04:12:07",
    ),
)
"""What is on purpose, or passes by itself."""


@pytest.mark.parametrize(("seen", "code", "said"), FAULTS)
def test_a_fault_is_named_first_and_wakes_somebody(seen: Snapshot, code: Code, said: str) -> None:
    verdict = diagnose(seen)[0]

    assert (verdict.code, verdict.said) == (code, said)
    assert verdict.state == "bad"


@pytest.mark.parametrize(("seen", "code", "said"), FAULTS)
def test_a_fault_says_what_it_means_and_what_to_type(seen: Snapshot, code: Code, said: str) -> None:
    verdict = diagnose(seen)[0]

    assert verdict.meaning.endswith((".", "folder"))
    assert verdict.help is not None, (code, said)
    assert all((verdict.help.do.compose, verdict.help.do.laptop, verdict.help.safe))


@pytest.mark.parametrize(("seen", "code", "said"), PURPOSES)
def test_what_is_on_purpose_is_named_and_raises_no_alarm(
    seen: Snapshot, code: Code, said: str
) -> None:
    verdict = diagnose(seen)[0]

    assert (verdict.code, verdict.said, verdict.state) == (code, said, "wait")


def test_every_code_is_found_by_some_snapshot() -> None:
    well = (
        a_snapshot(),
        a_snapshot(database=a_database(a_quiet_ledger())),
        a_snapshot(database=a_database(a_quiet_ledger(accepted_any=False))),
    )

    found = {diagnose(seen)[0].code for seen in (*well, *(row[0] for row in (*FAULTS, *PURPOSES)))}

    assert found == set(Code)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_without_a_live_worker_is_a_stall(service: str) -> None:
    others = [name for name in EVERYBODY if name != service]

    verdict = diagnose(a_snapshot(broker=a_broker(*others)))[0]

    assert verdict.said == f"Stalled: no live worker for {service}"
    assert verdict.help is not None
    assert verdict.help.do.compose == f"docker compose up -d {service}"


@pytest.mark.parametrize(
    ("ledger", "code", "said"),
    [
        (a_ledger(), Code.MOVING, "Moving: 34.1 pages a second"),
        (
            a_ledger(ended_last_minute=0, running={"enrich": Running(3, ago(1))}),
            Code.MOVING,
            "Moving: 3 jobs are under way",
        ),
        (
            a_quiet_ledger(accepted_any=False),
            Code.READY,
            "Ready: every part runs, nothing has been handed in yet",
        ),
        (a_quiet_ledger(), Code.IDLE, "Idle: nothing waits, nothing is under way"),
    ],
)
def test_what_is_well_says_how_it_goes(ledger: object, code: Code, said: str) -> None:
    (verdict,) = diagnose(a_snapshot(database=a_database(ledger)))  # type: ignore[arg-type]

    assert (verdict.code, verdict.said, verdict.state) == (code, said, "ok")
    assert verdict.help is None


def test_due_work_is_no_stall_while_other_work_is_sent() -> None:
    ledger = a_ledger(backlog=Backlog(due=3, due_since=ago(300)))

    assert diagnose(a_snapshot(database=a_database(ledger)))[0].state == "ok"


def test_due_work_is_no_stall_while_everything_is_paused() -> None:
    pause = Pause("everything", "ann", "", ago(400), whole=True)
    ledger = a_quiet_ledger(backlog=Backlog(due=3, due_since=ago(300)), pauses=(pause,))

    assert diagnose(a_snapshot(database=a_database(ledger)))[0].code is Code.PAUSED


def test_the_pause_of_one_host_does_not_hide_that_the_rest_moves() -> None:
    pause = Pause("host paper.example", "ann", "asked us to", ago(60))

    first, second = diagnose(a_snapshot(database=a_database(a_ledger(pauses=(pause,)))))

    assert first.code is Code.MOVING
    assert second.said == "Paused: host paper.example, by ann: asked us to"


def test_a_cause_comes_before_what_it_explains() -> None:
    seen = a_snapshot(broker=a_broker("bridge", read_only=True))

    codes = [cause.code for cause in diagnose(seen)]

    assert codes[:2] == [Code.REDIS_READ_ONLY, Code.NO_WORKER]


def test_what_a_process_waits_for_is_not_told_twice_nor_too_early() -> None:
    waiting = a_beat("store", waits_for="PostgreSQL: refused", waits_since=ago(60))
    hiccup = a_beat("store", waits_for="PostgreSQL: deadlock", waits_since=ago(1))

    away = diagnose(
        a_snapshot(
            database=Away("refused"), broker=a_broker(beats=(*map(a_beat, EVERYBODY), waiting))
        )
    )
    well = diagnose(a_snapshot(broker=a_broker(beats=(*map(a_beat, EVERYBODY), hiccup))))

    assert [cause.code for cause in (*away, *well)] == [Code.DATABASE_UNREACHABLE, Code.MOVING]


def test_a_full_queue_says_when_it_will_be_empty() -> None:
    ledger = a_ledger(ended_last_minute=600, backlog=Backlog(fetched=200))
    seen = a_snapshot(
        database=a_database(ledger), broker=a_broker(depths={"enrich": 1000, "store": 0})
    )

    meaning = diagnose(seen)[0].meaning

    assert meaning.startswith("1,200 pages wait for enrich.")
    assert meaning.endswith("At the pace of the last minute they are done in 2 min.")


def test_nothing_known_is_still_an_answer() -> None:
    (verdict,) = diagnose(Snapshot(now=NOW))

    assert verdict.said == "Nothing is known yet"


_PARTS: dict[str, Callable[[], object]] = {
    "database": lambda: Away("x"),
    "broker": lambda: Away("x"),
    "index": lambda: Away("x"),
    "pages": lambda: Away("x"),
}


@given(st.sets(st.sampled_from(sorted(_PARTS))), st.sets(st.sampled_from(sorted(_PARTS))))
def test_whatever_is_away_or_was_not_asked_there_is_a_verdict(
    away: set[str], unasked: set[str]
) -> None:
    parts = {name: _PARTS[name]() for name in away} | dict.fromkeys(unasked)

    causes = diagnose(a_snapshot(**parts))

    assert causes
    states = [cause.state for cause in causes]
    assert states == sorted(states, key=("bad", "wait", "ok").index)


def test_a_cause_is_dated_by_when_it_was_first_seen() -> None:
    (cause,) = diagnose(a_snapshot(broker=Away("refused")))

    first = dated([cause], {}, NOW)
    later = dated([cause], {(cause.code, cause.said): NOW}, NOW + timedelta(minutes=1))

    assert [each.since for each in (*first, *later)] == [NOW, NOW]


def test_a_cause_that_knows_its_beginning_keeps_it() -> None:
    cause = Cause(code=Code.PAUSED, state="wait", said="", meaning="", since=ago(60))

    assert dated([cause], {}, NOW) == (cause,)
