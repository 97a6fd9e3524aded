"""The diagnosis on the overview, and the checks behind it."""

from newsmill_gateway.dashboard import overview
from newsmill_gateway.dashboard.verdict import checks, is_unused
from newsmill_shared.diagnosis import SERVICES
from newsmill_shared.diagnosis.snapshot import Away, PageStoreRoom, Pause
from tests.unit.dashboard.builders import ago, some_facts, some_told
from tests.unit.diagnosis.builders import a_broker, a_database, a_ledger, a_snapshot


def test_the_first_cause_is_the_verdict_and_the_others_follow() -> None:
    told = some_told(a_snapshot(broker=a_broker(*SERVICES), pages=Away("no such folder")))

    panel = overview.verdict_panel(some_facts(told=told))

    assert panel["verdict"] == told.causes[0]
    assert panel["others"] == list(told.causes[1:])


def test_every_check_is_made_whatever_is_away() -> None:
    told = some_told(a_snapshot(database=Away("refused"), broker=Away("refused"), pages=None))

    states = {check.name: check.state for check in checks(told)}

    assert states == {
        "Workers": "off",
        "Dispatcher": "off",
        "Hosts": "off",
        "Pauses": "off",
        "Redis": "bad",
        "Database": "bad",
        "Disk": "off",
    }


def test_a_check_is_bad_when_a_cause_is_about_it() -> None:
    seen = a_snapshot(
        broker=a_broker(used_bytes=100 * 2**20),
        database=a_database(connections=96),
        pages=PageStoreRoom(2**29, 2**40),
    )

    found = {check.name: check.said for check in checks(some_told(seen)) if check.state == "bad"}

    assert found == {
        "Redis": "100 % of 100 MB",
        "Database": "3 ms, 96 of 100",
        "Disk": "100 % used, 512 MB left",
    }


def test_what_is_paused_is_named() -> None:
    pause = Pause("ingest", "ann", "a move", ago(60), whole=True)
    seen = a_snapshot(database=a_database(a_ledger(pauses=(pause,))))

    pauses = next(check for check in checks(some_told(seen)) if check.name == "Pauses")

    assert (pauses.state, pauses.said) == ("wait", "ingest")


def test_a_ledger_that_took_nothing_yet_is_unused() -> None:
    assert is_unused(a_snapshot(database=a_database(a_ledger(accepted_any=False))))
    assert not is_unused(a_snapshot(database=Away("refused")))
