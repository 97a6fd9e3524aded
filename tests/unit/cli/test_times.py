"""Lengths of time and moments, as people write them."""

from datetime import UTC, datetime

import pytest

from newsmill_cli.errors import UsageError
from newsmill_cli.times import moment_of, seconds_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("1.5 h", 5400), ("1d", 86_400)]
)
def test_a_length_has_a_unit(text: str, seconds: float) -> None:
    assert seconds_of(text, "--for") == seconds


@pytest.mark.parametrize("text", ["", "5", "0s", "soon", "-1h"])
def test_what_is_no_length_is_refused_with_its_option(text: str) -> None:
    with pytest.raises(UsageError, match="--for"):
        seconds_of(text, "--for")


def test_a_moment_is_written_out_or_so_long_ago() -> None:
    assert moment_of("2h", now=NOON) == "2026-11-25T10:00:00+00:00"
    assert moment_of("2026-11-25T09:00:00Z", now=NOON) == "2026-11-25T09:00:00Z"
