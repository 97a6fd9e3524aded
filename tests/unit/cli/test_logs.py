"""Log files of several processes, read as one story."""

from pathlib import Path

import pytest

from newsmill_cli.logs import LogFile, Record, merged, records
from newsmill_cli.main import app

JOB = "01a211f6-a5fb-7569-97c1-7634a0905a43"


def test_a_traceback_belongs_to_the_line_above_it() -> None:
    lines = [
        "left of an older program",
        f"2026-11-25T10:00:01.5Z [error    ] fetching failed  job_id={JOB}",
        "Traceback (most recent call last):",
        "ValueError: so",
        "2026-11-25T10:00:02.5Z [info     ] worker ready",
    ]

    found = list(records(lines, "ingest"))

    assert [record.text for record in found] == ["\n".join(lines[1:4]), lines[4]]
    assert [record.is_about(JOB) for record in found] == [True, False]


def test_lines_for_programs_are_read_as_well() -> None:
    line = f'{{"job_id": "{JOB}", "event": "sent", "timestamp": "2026-11-25T10:00:01.500000Z"}}'

    assert list(records([line], "enrich")) == [
        Record("2026-11-25T10:00:01.500000Z", "enrich", line)
    ]


def test_files_are_merged_by_time(tmp_path: Path) -> None:
    (tmp_path / "ingest.log").write_text("2026-11-25T10:00:01Z a\n2026-11-25T10:00:03Z c\n")
    (tmp_path / "enrich.log").write_text("2026-11-25T10:00:02Z b\n")

    found = merged(
        record for path in sorted(tmp_path.glob("*.log")) for record in LogFile(path).read()
    )

    assert [record.text[-1] for record in found] == ["a", "b", "c"]


def test_what_was_set_aside_comes_first_and_half_a_line_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "ingest.log"
    (tmp_path / "ingest.log.1").write_text("2026-11-25T10:00:01Z a\n")
    path.write_text("2026-11-25T10:00:02Z b\n2026-11-25T10:00:03Z")
    file = LogFile(path)

    first = file.read()
    with path.open("a") as log:
        log.write(" c\n")
    then = file.more()

    assert [record.text[-1] for record in first] == ["a", "b"]
    assert [record.text for record in then] == ["2026-11-25T10:00:03Z c"]


def test_a_file_that_was_begun_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "ingest.log"
    path.write_text("2026-11-25T10:00:01Z a longer line\n")
    file = LogFile(path)
    file.read()

    path.write_text("2026-11-25T10:00:02Z b\n")

    assert [record.text[-1] for record in file.more()] == ["b"]


def test_what_was_said_about_one_job_is_shown_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "ingest.log").write_text(
        f"2026-11-25T10:00:01Z fetched job_id={JOB}\n2026-11-25T10:00:02Z worker ready\n"
    )

    code = app(["logs", JOB, "--data", str(tmp_path)])

    assert code == 0
    assert capsys.readouterr().out == f"ingest     2026-11-25T10:00:01Z fetched job_id={JOB}\n"


def test_where_no_files_are_it_says_where_logs_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = app(["logs", "--data", str(tmp_path)])

    assert code == 1
    assert "docker compose logs" in capsys.readouterr().err
