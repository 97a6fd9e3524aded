"""What is logged of a defect: where it was, and no secret."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from newsmill_shared.logs import set_up_logs
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
