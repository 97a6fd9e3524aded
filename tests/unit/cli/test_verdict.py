"""Doctor speaks in the words of the diagnosis, and names the command that helps here."""

from dataclasses import replace

import pytest

from newsmill_cli.data_directory import Holder
from newsmill_cli.doctor.report import EngineView, Report, masked
from newsmill_cli.doctor.verdict import conclude, exit_code
from newsmill_cli.errors import ExitCode
from newsmill_shared.diagnosis import Snapshot, diagnose
from newsmill_shared.diagnosis.snapshot import Api, Away
from tests.unit.diagnosis.builders import a_broker, a_database, a_quiet_ledger, a_snapshot


def a_report(**changes: object) -> Report:
    """A newsmill that runs on this machine and is well, but for ``changes``."""
    well = Report(
        data="/data",
        holder=Holder(1, "2026-01-01T00:00:00+00:00"),
        api_url="http://127.0.0.1:1",
        api_ready=True,
        seen=a_snapshot(),
    )
    return replace(well, **changes)  # type: ignore[arg-type]


def test_all_is_well_when_everything_moves() -> None:
    findings = conclude(a_report())

    assert [finding.code for finding in findings] == ["moving"]
    assert exit_code(findings) is ExitCode.OK


def test_waiting_on_purpose_is_well() -> None:
    findings = conclude(a_report(seen=a_snapshot(database=a_database(a_quiet_ledger()))))

    assert exit_code(findings) is ExitCode.OK


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (a_snapshot(broker=a_broker("dispatcher", "ingest", "store", "bridge")), ExitCode.NO),
        (a_snapshot(database=Away("refused")), ExitCode.UNREACHABLE),
        (a_snapshot(broker=Away("refused")), ExitCode.UNREACHABLE),
        (a_snapshot(api=Api("http://127.0.0.1:1", answers=False)), ExitCode.UNREACHABLE),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_diagnosis(
    seen: Snapshot, code: ExitCode
) -> None:
    findings = conclude(a_report(seen=seen))

    assert [finding.said for finding in findings] == [cause.said for cause in diagnose(seen)]
    assert exit_code(findings) is code


def test_the_command_is_one_for_this_machine_if_it_runs_here() -> None:
    seen = a_snapshot(database=Away("refused"))

    here, elsewhere = (
        conclude(a_report(seen=seen, holder=holder))[0].command
        for holder in (Holder(1, "2026-01-01T00:00:00+00:00"), None)
    )

    assert here == "tail /data/logs/postgres.log"
    assert elsewhere == "docker compose up -d postgres"


def test_only_an_api_is_asked_what_it_knows() -> None:
    told = {
        "code": "no_worker",
        "state": "bad",
        "said": "Stalled: no live worker for enrich",
        "command": {"compose": "docker compose up -d enrich", "laptop": "x"},
        "since": "2026-11-25T03:12:07+00:00",
    }

    (finding,) = conclude(a_report(seen=None, holder=None, api_says={"diagnosis": [told]}))

    assert finding.said == "Stalled: no live worker for enrich"
    assert finding.command == "docker compose up -d enrich"
    assert finding.since is not None


def test_an_api_that_does_not_answer_is_named() -> None:
    findings = conclude(a_report(seen=None, api_ready=None))

    assert findings[0].said == "Stalled: the API does not answer at http://127.0.0.1:1"
    assert exit_code(findings) is ExitCode.UNREACHABLE


def test_nothing_runs_is_told_apart_from_something_broken() -> None:
    findings = conclude(a_report(holder=None, api_url=None, seen=None))

    assert findings[0].said == "Nothing runs here"
    assert findings[0].command == "newsmill up --data /data"
    assert exit_code(findings) is ExitCode.UNREACHABLE


def test_a_missing_engine_is_named_before_anybody_starts() -> None:
    view = EngineView("broker", "none", "/data/engines/broker", problem="no usable Valkey")

    (finding,) = conclude(a_report(holder=None, api_url=None, seen=None, engines=(view,)))

    assert "no usable Valkey" in finding.said
    assert finding.command.startswith("pip install")


def test_no_password_is_shown() -> None:
    """Doctor's output is pasted into bug reports."""
    shown = masked(
        {
            "NEWSMILL_DATABASE_URL": "postgresql://newsmill:se@cret@/newsmill?host=/run",
            "NEWSMILL_REDIS_URL": "unix://:secret@/run/broker.sock?db=0",
            "NEWSMILL_INDEX_URL": "redis://localhost:6379/0",
            "NEWSMILL_API_KEY": "secret",
            "NEWSMILL_FETCH_ALLOW": "127.77.0.0/16:8080",
        }
    )

    assert shown == {
        "NEWSMILL_API_KEY": "***",
        "NEWSMILL_DATABASE_URL": "postgresql://newsmill:***@/newsmill?host=/run",
        "NEWSMILL_FETCH_ALLOW": "127.77.0.0/16:8080",
        "NEWSMILL_INDEX_URL": "redis://localhost:6379/0",
        "NEWSMILL_REDIS_URL": "unix://:***@/run/broker.sock?db=0",
    }
