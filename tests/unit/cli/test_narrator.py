"""What `up` says to people."""

from pathlib import Path

import pytest

from newsmill_cli.commands.up import Narrator
from newsmill_cli.supervisor import Event


def test_a_death_is_told_with_the_end_of_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Words of a log are shown as they are, brackets and all."""
    narrator = Narrator(as_json=False)
    detail = "ended with exit code 1; starting it again in 0.5 s"
    log = Path("/data/logs/enrich.log")

    narrator.report(Event("died", "enrich", 7, detail, log, "KeyError: '[red]'"))

    assert capsys.readouterr().out.splitlines() == [
        f"enrich died: {detail}",
        "its log /data/logs/enrich.log ends with:",
        "KeyError: '[red]'",
    ]


def test_an_ordinary_start_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Until all is ready, only what is amiss is said."""
    Narrator(as_json=False).report(Event("started", "store", 7))

    assert capsys.readouterr().out == ""


def test_a_forced_end_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What it had begun is done again later."""
    Narrator(as_json=False).report(Event("killed", "enrich", 7))

    assert "enrich did not stop in time and was killed" in capsys.readouterr().out
