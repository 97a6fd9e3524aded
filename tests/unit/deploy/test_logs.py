"""What is logged of a defect: where it was, and no secret."""

import json
import logging
from collections.abc import Iterator
from threading import Thread
from uuid import UUID

import pytest
import structlog
from pydantic import ValidationError

from newsmill_shared.logs import about, set_up_logs
from newsmill_shared.messages import FetchPage, Work
from newsmill_shared.settings import Settings


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def fail(password: str) -> None:
    raise ValueError(f"a defect of {len(password)}")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_defect_is_logged_with_its_lines_and_without_the_values_in_them(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(Settings.model_validate({"log_format": log_format}), service="ingest")

    try:
        fail("".join(["a-", "secret"]))
    except ValueError:
        structlog.get_logger().exception("fetching failed")

    said = capsys.readouterr().err
    assert "a defect of 8" in said
    assert "in fail" in said or '"name": "fail"' in said
    assert "a-secret" not in said


def test_json_logs_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(Settings.model_validate({"log_format": "json"}), service="ingest")

    structlog.get_logger().warning("waiting", cause="two\nlines")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["cause"] == "two\nlines"


def test_what_a_thread_says_names_its_service_and_the_attempt_that_it_works_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs(Settings.model_validate({"log_format": "json"}), service="ingest")
    work = Work(job_id=UUID(int=7), attempt=2, epoch="e")

    def handle() -> None:
        with about(work):
            structlog.get_logger().info("asked")
        structlog.get_logger().info("idle")

    thread = Thread(target=handle)
    thread.start()
    thread.join()

    asked, idle = map(json.loads, capsys.readouterr().err.splitlines())
    assert (asked["service"], asked["job_id"], asked["attempt"]) == ("ingest", str(UUID(int=7)), 2)
    assert (idle["service"], "job_id" in idle) == ("ingest", False)


def test_a_message_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        FetchPage.model_validate({"cookies": {"session": ["a-secret"]}})

    assert "a-secret" not in str(refused.value)
