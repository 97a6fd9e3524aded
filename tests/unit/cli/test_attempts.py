"""The story of a job's attempts, as a table."""

from rich.console import Console

from newsmill_cli.attempts import attempts_of, attempts_table

FAILED = {
    "attempt": 1,
    "stage": "ingest",
    "ended": "ended",
    "reason": "http_5xx",
    "detail": "503 Service Unavailable",
    "worker": "ingest:host-1:7:ab12",
    "sent_at": "2026-11-25T10:00:00Z",
    "began_at": "2026-11-25T10:00:01Z",
    "seconds": 0.8,
    "held_seconds": 30.0,
    "ended_at": "2026-11-25T10:00:02Z",
}


def rendered(*attempts: dict[str, object]) -> list[str]:
    """Return the lines of a table on a wide screen."""
    printer = Console(width=240)
    with printer.capture() as captured:
        printer.print(attempts_table(attempts))
    return captured.get().splitlines()


def test_a_row_tells_when_how_long_why_and_what_followed() -> None:
    """All that an operator asks first."""
    row = rendered(FAILED)[1]

    for said in (
        "2026-11-25 10:00:01",
        "0.8 s",
        "http_5xx: 503 Service Unavailable; tried again after 30 s",
        "ingest:host-1:7:ab12",
    ):
        assert said in row


def test_what_nobody_measured_is_told_as_unknown() -> None:
    """An attempt whose process ended has no seconds, perhaps no worker."""
    lost = {**FAILED, "ended": "void", "seconds": None, "worker": None, "began_at": None}

    row = rendered(lost)[1]

    assert row.count("unknown") == 2
    assert "2026-11-25 10:00:00" in row


def test_an_answer_of_an_older_gateway_has_no_attempts() -> None:
    """The command and the gateway can be of different releases."""
    assert attempts_of({"job_id": "1"}) == []
