"""`up`: one a data directory, stopped in order, and gone when it is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg
import pytest

from newsmill_cli.api import Api
from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.engines import Engines, Given
from newsmill_cli.errors import CommandError
from newsmill_cli.main import app
from newsmill_cli.mill import Mill, MillOptions, reserved_port, running_mill
from newsmill_cli.supervisor import Service, Supervisor
from tests.integration.cli.processes import all_ended, eventually, processes_of, tree_of
from tests.support.engines import chosen, open_folder

ROOT = "tests.integration.cli.standins.root"


def test_up_tells_where_it_answers_and_what_it_keeps_where(common_up: "Up") -> None:
    """People read it, and other commands find the API by it."""
    running = DataDirectory(common_up.data).running()
    kept = common_up.ready["keeps"]

    assert running is not None
    with Api(running.api_url) as api:
        said = api.ready()
    assert said == {"ready": True}
    assert common_up.ready["api"] == running.api_url
    assert Path(kept["postgres"]).is_dir()
    assert kept["pages"] == f"file://{common_up.data}/pages"
    assert running.settings["NEWSMILL_PAGE_STORE_URL"] == kept["pages"]


def test_ctrl_c_stops_services_before_engines_and_leaves_nothing(data: Path) -> None:
    """And the data directory is free again."""
    with an_up(data) as up:
        family = tree_of(up.process.pid)
        up.process.send_signal(signal.SIGINT)
        code = up.process.wait(20)
        said = [event["kind"] for event in up.rest()]
        stopped = [event.get("name") for event in up.heard if event["kind"] == "stopped"]

    assert code == 0
    assert stopped[:3] == ["gateway", "first", "second"]
    assert said[-1] == "stopped"
    assert all_ended(family)
    assert DataDirectory(data).holder() is None


def test_killed_it_leaves_no_process_within_five_seconds_and_starts_again(data: Path) -> None:
    """SIGKILL leaves no time to clean up; the next start goes on where it stopped."""
    with an_up(data) as up:
        database_url = settings_of(data)["NEWSMILL_DATABASE_URL"]
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("create table kept as select 1 as one")
        family = tree_of(up.process.pid)
        assert len(family) > 8

        up.process.kill()

        eventually(lambda: all_ended(family), seconds=5)
        assert processes_of(data) == []

    with an_up(data), psycopg.connect(settings_of(data)["NEWSMILL_DATABASE_URL"]) as connection:
        row = connection.execute("select one from kept").fetchone()
    assert row == (1,)


def test_a_second_up_refuses_and_says_who_holds_the_directory(common_up: "Up") -> None:
    """The first is not disturbed."""
    second = subprocess.run(
        [sys.executable, "-m", ROOT, common_up.data], capture_output=True, text=True, check=False
    )

    assert second.returncode == 1
    assert f"in use by another newsmill (process {common_up.process.pid}, since " in second.stderr
    assert f"API {common_up.ready['api']}" in second.stderr
    assert "--data" in second.stderr
    assert common_up.process.poll() is None


def test_a_service_that_is_killed_comes_back(common_up: "Up") -> None:
    """While all others run on."""
    pid = common_up.ready["pids"]["first"]

    os.kill(pid, signal.SIGKILL)
    died = common_up.hear("died")
    again = common_up.hear("started")

    assert (died["name"], died["pid"]) == ("first", pid)
    assert again["name"] == "first"
    assert again["pid"] != pid


def test_doctor_sees_what_runs_and_what_is_missing(
    common_up: "Up", capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here no service beats: doctor says which is missing, and shows no password."""
    monkeypatch.setenv("NEWSMILL_ENGINES", chosen())

    code = app(["doctor", "--json", "--data", str(common_up.data)])

    said = json.loads(capsys.readouterr().out)
    assert code == 1
    assert said["holder"]["pid"] == common_up.process.pid
    assert [view["answers"] for view in said["engines"]] == [True, True, True]
    assert said["schema_is_current"] is True
    assert said["queues"] == {"ingest": 0, "enrich": 0, "store": 0, "notes": 0}
    assert said["diagnosis"][0]["said"] == "Stalled: no live worker for any service"
    assert ":***@" in said["settings"]["NEWSMILL_DATABASE_URL"]


def test_doctor_works_when_nothing_runs(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says which engines it would take, and how to start."""
    monkeypatch.setenv("NEWSMILL_ENGINES", chosen())

    code = app(["doctor", "--data", str(data)])

    said = capsys.readouterr().out
    assert code == 3
    assert "PostgreSQL" in said
    assert f"newsmill up --data {data}" in said


def test_a_taken_port_is_told_before_anything_starts(
    common_up: "Up", data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the way out."""
    port = common_up.ready["api"].rpartition(":")[2]

    code = app(["up", "--port", port, "--data", str(data)])

    said = capsys.readouterr().err
    assert code == 1
    assert f"port {port} of 127.0.0.1 cannot be had" in said
    assert "--port" in said


def test_a_port_that_was_chosen_is_chosen_by_nobody_else() -> None:
    """Though nothing listens there yet."""
    with reserved_port("127.0.0.1", None) as first, reserved_port("127.0.0.1", None) as second:
        refused = pytest.raises(CommandError, match=f"port {first} of 127.0.0.1 cannot be had")
        with refused, reserved_port("127.0.0.1", first):
            pass

    assert first != second


def test_services_that_are_not_installed_are_named_before_anything_starts(data: Path) -> None:
    """An image of one service has the others' modules not."""
    options = MillOptions(data / "made", services=(Service("one", "newsmill_nowhere.worker"),))

    refused = pytest.raises(CommandError, match="newsmill-nowhere")
    with refused, running_mill(options):
        pass

    assert not (data / "made").exists()


def test_an_api_of_another_program_is_not_taken_for_ours(common_up: "Up", data: Path) -> None:
    """Two that start at once may find the same port free."""
    api_url = common_up.ready["api"]
    port = api_url.rpartition(":")[2]
    mill = Mill(
        DataDirectory(data),
        Engines(data, given=Given("unused", "unused", "unused")),
        Supervisor([], environment={}, logs=data),
        api_url,
        None,
        {"NEWSMILL_GATEWAY_PORT": port},
    )

    with pytest.raises(CommandError, match="another program answers"):
        mill.wait_until_ready()


def test_doctor_names_engines_of_others_by_their_setting(
    engines: Engines,
    data: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And finds an empty database to lack the schema."""
    assert engines.postgres is not None
    monkeypatch.setenv("NEWSMILL_DATABASE_URL", engines.postgres.url("postgres"))
    monkeypatch.setenv("NEWSMILL_REDIS_URL", "redis://127.0.0.1:9/0")

    app(["doctor", "--json", "--data", str(data)])

    said = json.loads(capsys.readouterr().out)
    database, broker, index = said["engines"]
    assert database["program"] == "yours, from NEWSMILL_DATABASE_URL"
    assert database["answers"]
    assert said["schema_is_current"] is False
    assert (broker["answers"], broker["where"]) == (False, "redis://127.0.0.1:9/0")
    assert "refused" in broker["problem"]
    assert index["where"] == f"{data}/engines/index"


def test_migrate_brings_the_embedded_database_to_the_newest_schema(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is started for the purpose, and stopped again."""
    monkeypatch.setenv("NEWSMILL_ENGINES", chosen())

    code = app(["migrate", "--json", "--data", str(data)])

    assert code == 0
    assert json.loads(capsys.readouterr().out)["revision"]
    assert processes_of(data) == []


def test_killed_with_its_real_services_it_leaves_none_of_their_pools(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery's children are tied to their worker as the worker is to `up`."""
    monkeypatch.setenv("NEWSMILL_ENGINES", chosen())

    def is_well() -> bool:
        app(["doctor", "--json", "--data", str(data)])
        said = json.loads(capsys.readouterr().out)
        return bool(said["diagnosis"][0]["code"] == "ready")

    with an_up(data, "-m", "newsmill_cli", "up", "--json", "--workers", "enrich=2", "--data") as up:
        # Looking costs more than waiting: the services need the processors.
        eventually(lambda: len(enrichers_of(up)) == 3, seconds=60, every=0.5)
        eventually(is_well, seconds=40, every=2)
        family = tree_of(up.process.pid)

        up.process.kill()

        eventually(lambda: all_ended(family), seconds=5)
    assert processes_of(data) == []


@dataclass
class Up:
    """A running `up` with stand-ins for services."""

    data: Path
    process: "subprocess.Popen[str]"
    output: IO[str]
    heard: list[dict[str, Any]]
    ready: dict[str, Any]

    def hear(self, kind: str) -> dict[str, Any]:
        """Wait for the next event of a kind."""
        for line in self.output:
            event: dict[str, Any] = json.loads(line)
            self.heard.append(event)
            if event["kind"] == kind:
                return event
        raise AssertionError(f"it ended without saying {kind}: {self.heard}")

    def rest(self) -> list[dict[str, Any]]:
        """Everything it said since, to its end."""
        said = [json.loads(line) for line in self.output]
        self.heard += said
        return said


@contextmanager
def an_up(data: Path, *command: str) -> Iterator[Up]:
    """Start one and wait until it is ready; stop it afterwards."""
    words = [sys.executable, *(command or ("-m", ROOT)), str(data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        up = Up(data, process, process.stdout, [], {})
        try:
            up.ready = up.hear("ready")
            yield up
        finally:
            if process.poll() is None:
                psutil.Process(process.pid).terminate()
                up.rest()


@pytest.fixture(scope="module")
def common_up() -> Iterator[Up]:
    """One that tests share which leave it as it is."""
    with open_folder() as data, an_up(data) as up:
        yield up


def enrichers_of(up: Up) -> list[psutil.Process]:
    """The enrich worker and its pool."""
    module = "newsmill_enrich.worker"
    return [item for item in tree_of(up.process.pid) if module in item.cmdline()]


def settings_of(data: Path) -> dict[str, str]:
    """What the services of a running `up` were told."""
    running = DataDirectory(data).running()
    assert running is not None
    return dict(running.settings)
