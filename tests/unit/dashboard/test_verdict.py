"""Is it moving, and if not, why."""

import pytest

from newsmill_gateway.dashboard.ports import Running
from newsmill_gateway.dashboard.verdict import SERVICES, Facts, checks, conclude
from tests.unit.dashboard.builders import (
    a_backlog,
    a_host,
    a_pulse,
    a_sum,
    ago,
    some_facts,
    some_queues,
)

QUIET = {"ended_per_second": 0.0, "running": {}, "last_outcome_at": ago(600), "last_sent_at": None}


def test_a_system_that_moves_says_how_fast() -> None:
    verdict = conclude(some_facts())

    assert (verdict.state, verdict.said) == ("ok", "Moving: 34.1 pages a second")
    assert verdict.help is None


def test_a_system_that_was_never_used_says_that_it_is_ready() -> None:
    verdict = conclude(some_facts(pulse=a_pulse(accepted_any=False, **QUIET)))

    assert verdict.state == "ok"
    assert verdict.empty
    assert verdict.said.startswith("Ready")


@pytest.mark.parametrize(("missing", "name"), [("pulse", "PostgreSQL"), ("queues", "Redis")])
def test_an_engine_that_is_away_is_named_first(missing: str, name: str) -> None:
    verdict = conclude(some_facts(**{missing: None}))

    assert verdict.state == "bad"
    assert name in verdict.said


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_without_a_live_worker_is_a_stall(service: str) -> None:
    others = [name for name in SERVICES if name != service]

    verdict = conclude(some_facts(queues=some_queues(*others)))

    assert verdict.said == f"Stalled: no live worker for {service}"
    assert verdict.help is not None
    assert verdict.help.command == f"docker compose up -d {service}"


def test_a_ledger_that_does_not_add_up_wakes_somebody() -> None:
    verdict = conclude(some_facts(conservation=a_sum(accepted=10, lost=2)))

    assert verdict.state == "bad"
    assert "2 jobs are unaccounted for" in verdict.said


def test_due_work_that_nobody_sends_is_a_stall() -> None:
    backlog = a_backlog(a_host(), due=3, due_since=ago(300))

    verdict = conclude(some_facts(pulse=a_pulse(**QUIET), backlog=backlog))

    assert verdict.said == "Stalled: 3 jobs are due, and none was sent for 5 min"


def test_due_work_is_no_stall_while_other_work_is_sent() -> None:
    backlog = a_backlog(a_host(), due=3, due_since=ago(300))

    assert conclude(some_facts(backlog=backlog)).state == "ok"


def test_messages_that_nobody_takes_are_a_stall() -> None:
    pulse = a_pulse(**{**QUIET, "running": {"enrich": Running(40, ago(400))}})

    verdict = conclude(some_facts(pulse=pulse, queues=some_queues(enrich=40)))

    assert verdict.state == "bad"
    assert "40 messages wait for enrich" in verdict.said


def test_waiting_on_purpose_raises_no_alarm_however_old() -> None:
    backlog = a_backlog(a_host(), turn=9, turn_oldest_at=ago(90_000))

    verdict = conclude(some_facts(pulse=a_pulse(**QUIET), backlog=backlog))

    assert verdict.state == "wait"
    assert verdict.help is None


def test_nothing_to_do_is_well() -> None:
    assert conclude(some_facts(pulse=a_pulse(**QUIET))).said.startswith("Idle")


def test_every_check_is_made_whatever_is_away() -> None:
    nothing = Facts(pulse=None, queues=None, backlog=None, conservation=None)

    states = {check.name: check.state for check in checks(nothing)}

    assert states == {
        "Workers": "off",
        "Dispatcher": "off",
        "Hosts": "off",
        "Redis": "bad",
        "Database": "bad",
    }


def test_a_full_redis_and_few_connections_are_warned_of() -> None:
    queues = some_queues()
    full = type(queues)(queues.depths, 95 * 2**20, 100 * 2**20, queues.beats)

    found = checks(some_facts(queues=full, pulse=a_pulse(connections=95)))

    assert {check.name: check.said for check in found if check.state == "warn"} == {
        "Redis": "95 % of 100 MB",
        "Database": "3 ms, 95 of 100",
    }
