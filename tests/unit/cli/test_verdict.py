"""Doctor names one cause, the first that explains the rest, and the command that helps."""

from dataclasses import replace

import pytest

from newsmill_cli.data_directory import Holder
from newsmill_cli.doctor.snapshot import EngineView, Snapshot, masked
from newsmill_cli.doctor.verdict import SERVICES_THAT_BEAT, conclude
from newsmill_cli.errors import ExitCode


def test_all_is_well_when_everything_answers() -> None:
    """The only verdict with exit code 0."""
    verdict = conclude(a_snapshot())

    assert (verdict.cause, verdict.exit_code) == ("all is well", ExitCode.OK)


def test_nothing_runs_is_told_apart_from_something_broken() -> None:
    """A stopped newsmill is started by one command."""
    verdict = conclude(a_snapshot(holder=None, api_url=None, engines=()))

    assert verdict.cause == "nothing runs here"
    assert verdict.command == "newsmill up --data /data"
    assert verdict.exit_code is ExitCode.UNREACHABLE


def test_a_missing_engine_is_named_before_anybody_starts() -> None:
    """Starting would fail: say so now, and how to get one."""
    view = EngineView("broker", "none", "/data/engines/broker", problem="no usable Valkey")

    verdict = conclude(a_snapshot(holder=None, api_url=None, engines=(view,)))

    assert "no usable Valkey" in verdict.cause
    assert verdict.command.startswith("pip install")


def test_an_engine_that_is_away_explains_everything_after_it() -> None:
    """With the database away the API is not ready either: that is not the cause."""
    away = replace(a_view("database"), answers=False, problem="connection refused")

    verdict = conclude(a_snapshot(engines=(away,), api_ready=False, workers={}))

    assert verdict.cause == "the database does not answer: connection refused"
    assert verdict.command == "tail /data/logs/postgres.log"


@pytest.mark.parametrize(
    ("snapshot", "cause", "command"),
    [
        ({"schema_is_current": False}, "older schema", "newsmill migrate"),
        ({"api_ready": None}, "does not answer at http://127.0.0.1:1", "gateway.log"),
        ({"api_ready": False, "api_says": {"detail": "no disk"}}, "no disk", "gateway.log"),
        ({"workers": {"bridge": 1, "dispatcher": 1, "ingest": 1}}, "no enrich", "enrich.log"),
        ({"counts": {"unaccounted": 2}}, "2 accepted jobs are nowhere", "doctor --json"),
        ({"queues": {"ingest": 5, "enrich": 1000}}, "enrich is behind", "--workers enrich=2"),
    ],
)
def test_each_fault_has_its_cause_and_its_command(
    snapshot: dict[str, object], cause: str, command: str
) -> None:
    """What is seen leads to what to do."""
    verdict = conclude(a_snapshot(**snapshot))

    assert cause in verdict.cause
    assert command in verdict.command
    assert verdict.exit_code is not ExitCode.OK


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


def a_view(role: str) -> EngineView:
    """An engine that answers."""
    return EngineView(role, "an engine", f"/data/engines/{role}", answers=True)


def a_snapshot(**changes: object) -> Snapshot:
    """A newsmill that is well, but for ``changes``."""
    well = Snapshot(
        data="/data",
        holder=Holder(1, "2026-01-01T00:00:00+00:00"),
        api_url="http://127.0.0.1:1",
        api_ready=True,
        engines=tuple(a_view(role) for role in ("database", "broker", "index")),
        schema_is_current=True,
        queues={"ingest": 0, "enrich": 0, "store": 0},
        workers=dict.fromkeys(SERVICES_THAT_BEAT, 1),
        counts={"accepted": 1, "unaccounted": 0},
    )
    return replace(well, **changes)  # type: ignore[arg-type]
