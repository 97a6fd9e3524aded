"""`newsmill dead`, `cancel` and `drain` on a gateway."""

import json
from typing import Any
from uuid import UUID

import pytest

from newsmill_cli.main import app
from newsmill_shared.database.finish import Ending
from newsmill_shared.reasons import Reason
from tests.support.gateway import Mill


@pytest.fixture(autouse=True)
def the_gateway(mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands find the gateway, in the name of ana."""
    monkeypatch.setenv("NEWSMILL_API_URL", str(mill.api.base_url))
    monkeypatch.setenv("LOGNAME", "ana")


def died(mill: Mill, url: str, reason: Reason = Reason.MEMORY) -> UUID:
    job_id = mill.add(url)
    mill.finish(Ending(job_id=job_id, attempt=None, reason=reason, detail="so"))
    return job_id


def acts(mill: Mill) -> list[Any]:
    found: Any = mill.get("/v1/audit")["acts"]
    return [(act["by"], act["act"], act["subject"]) for act in found]


def test_what_died_is_listed_by_reason_and_host(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    died(mill, "https://paper.example/1")
    died(mill, "https://paper.example/2")
    died(mill, "https://gone.example/1", Reason.HTTP_404)

    assert app(["dead", "list"]) == 1
    shown = capsys.readouterr().out
    assert app(["dead", "list", "--reason", "http_404"]) == 1
    gone = capsys.readouterr().out

    assert "2 memory at paper.example" in shown
    assert "mend the cause first; of its last 2 jobs 0 ended well" in shown
    assert "gone.example" not in shown
    assert "a retry does not help" in gone


def test_a_dry_run_says_what_it_would_take_and_takes_nothing(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    died(mill, "https://paper.example/1")
    died(mill, "https://paper.example/2")

    assert app(["dead", "retry", "--limit", "1", "--dry-run"]) == 0

    shown = capsys.readouterr().out
    assert "1 job; 1 more are not taken" in shown
    assert mill.get("/v1/conservation")["open"] == {}


def test_many_are_not_retried_before_somebody_is_sure(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    died(mill, "https://paper.example/1")

    assert app(["dead", "retry", "--host", "paper.example"]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert app(["dead", "retry", "--host", "paper.example", "--yes", "--why", "mended"]) == 0

    assert "retried 1 job; 0 left" in capsys.readouterr().out
    assert acts(mill) == [("ana", "dead.retry", "paper.example")]
    assert app(["dead", "list"]) == 0


def test_one_job_is_retried_without_a_question_and_shown_as_such(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    job = died(mill, "https://paper.example/1")

    assert app(["dead", "retry", str(job)]) == 0
    assert app(["dead", "retry", str(job)]) == 1
    capsys.readouterr()
    assert app(["dead", "show", str(job)]) == 0

    assert "now waiting, by ana" in capsys.readouterr().out


def test_what_is_discarded_is_not_listed(mill: Mill) -> None:
    job = died(mill, "https://paper.example/1")

    assert app(["dead", "discard", str(job), "--why", "known"]) == 0

    assert app(["dead", "list"]) == 0
    assert acts(mill) == [("ana", "dead.discard", f"job {job}")]


def test_what_waits_is_cancelled_once_somebody_is_sure(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    mill.add("https://paper.example/1")
    mill.add("https://paper.example/2")
    mill.sql("update job set state = 'running' where url like '%/1'")

    assert app(["cancel", "--host", "paper.example", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cancelled"] == 1
    assert app(["cancel", "--host", "paper.example"]) == 2
    assert app(["cancel", "--host", "paper.example", "--yes"]) == 0

    assert "1 cancelled; 1 run, and go on to their end" in capsys.readouterr().out
    assert app(["cancel", "--host", "paper.example", "--yes"]) == 1
    assert mill.get("/v1/conservation")["unaccounted"] == 0


def test_a_system_is_drained_and_goes_on_without_lifting_what_others_stopped(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["pause", "all", "--reason", "of my own"])

    assert app(["drain", "--reason", "a deploy"]) == 0
    assert "drained: nothing is under way" in capsys.readouterr().out
    assert app(["drain", "--resume"]) == 0

    pauses: Any = mill.get("/v1/pauses")["pauses"]
    assert [(pause["by"], pause["reason"]) for pause in pauses] == [("ana", "of my own")]
    assert app(["drain", "--resume"]) == 1


def test_a_drain_that_takes_too_long_says_what_it_waits_for_and_holds(
    mill: Mill, capsys: pytest.CaptureFixture[str]
) -> None:
    mill.add("https://paper.example/1")
    mill.sql("update job set state = 'running', stage = 'ingest', dispatched_at = now()")

    assert app(["drain", "--timeout", "0.1s"]) == 1

    said = capsys.readouterr()
    assert "waiting for 1 in ingest" in said.err
    assert "https://paper.example/1" in said.out
    pauses: Any = mill.get("/v1/pauses")["pauses"]
    assert [(pause["by"], pause["reason"]) for pause in pauses] == [("drain", "by ana")]
