"""A backup taken under load, brought back into an empty system with a Redis of its own."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsmill_cli.main import app
from newsmill_cli.mill import MillOptions, running_mill
from newsmill_shared.database.engine import make_engine
from tests.e2e.conftest import HOST_DELAY_SECONDS, Running
from tests.support.press import Press, running_press


@pytest.fixture
def press() -> Iterator[Press]:
    """Sites that both systems fetch from."""
    with running_press(10) as running:
        yield running


@contextmanager
def system_over(data: Path, press: Press) -> Iterator[Running]:
    """Run everything over a data folder."""
    settings = {
        "NEWSMILL_FETCH_ALLOW": f"127.77.0.0/16:{press.port}",
        "NEWSMILL_HOST_DELAY_SECONDS": str(HOST_DELAY_SECONDS),
        # How long a restored ledger holds the hosts of chains that nobody ends.
        "NEWSMILL_CLAIM_SECONDS": "2",
        "NEWSMILL_FETCH_SECONDS": "2",
    }
    with running_mill(MillOptions(data=data, settings=settings)) as mill:
        assert mill.wait_until_ready()
        engine = make_engine(mill.engines.database_url, name="test", pool_size=2)
        yield Running(mill, press, engine)
        engine.dispose()


def test_a_backup_taken_under_load_goes_on_in_an_empty_system(
    press: Press, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="nm-") as home:
        folders = {name: Path(home) / name for name in ("first", "second", "copy")}
        with system_over(folders["first"], press) as first:
            jobs = first.add(press.urls(60, name="copied"))
            first.wait_for(lambda: 10 < sum(first.outcomes(jobs).values()) < 50, "half is done")
            taken = app(["backup", str(folders["copy"]), "--data", str(folders["first"]), "--json"])
            first.wait_until_done(jobs)
        capsys.readouterr()

        restored = app(
            ["restore", str(folders["copy"]), "--data", str(folders["second"]), "--json"]
        )

        said = json.loads(capsys.readouterr().out)
        assert (taken, restored) == (0, 0)
        assert (said["accepted"], said["unaccounted"]) == (60, 0)
        assert said["ended"] + said["open"] == 60
        assert said["open"] > 0
        with system_over(folders["second"], press) as second:
            second.wait_until_done(jobs)
            assert second.outcomes(jobs) == {"stored:new": 60}
            second.assert_conserved()


def test_a_restore_never_replaces_a_ledger_that_holds_work(
    press: Press, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="nm-") as home:
        data, copy = Path(home) / "data", Path(home) / "copy"
        with system_over(data, press) as system:
            system.wait_until_done(system.add(press.urls(3, name="kept")))
            assert app(["backup", str(copy), "--data", str(data)]) == 0
            running = app(["restore", str(copy), "--data", str(data)])
        assert "in use" in capsys.readouterr().err

        stopped = app(["restore", str(copy), "--data", str(data)])

        assert (running, stopped) == (1, 1)
        assert "the ledger is not empty" in capsys.readouterr().err
