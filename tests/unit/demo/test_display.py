"""What the demo shows of its pages."""

import json
from typing import Any

import pytest

from newsmill_cli.demo.content import Submission, load_content
from newsmill_cli.demo.display import Board, Report, print_report
from newsmill_cli.demo.expectations import Observed

PORT = 8099


def as_expected(number: int, submission: Submission) -> Observed:
    """What comes of a submission if all goes well."""
    content, expected = load_content(), submission.article
    job = {
        "job_id": str(number),
        "url": content.address(submission.url, PORT),
        "state": "finished",
        "outcome": submission.outcome,
        "reason": submission.reason,
    }
    if expected is None:
        return Observed(submission, job)
    article = {
        "language": expected.language,
        "published_at": expected.published_at.isoformat(),
        "categories": [{"name": expected.category}],
        "duplicate_of": submission.duplicate_of,
    }
    return Observed(submission, {**job, "article_id": expected.url}, article)


def a_report(**changes: Any) -> Report:
    observed = [as_expected(*entry) for entry in enumerate(load_content().submissions)]
    values: dict[str, Any] = {
        "api_url": "http://127.0.0.1:8321",
        "observed": observed,
        "differences": {},
        "conservation": {
            "accepted": 22,
            "outcomes": {"stored": 15, "failed": 7},
            "open": {},
            "unaccounted": 0,
        },
        "first_stored": 4.2,
        **changes,
    }
    return Report(**values)


def test_a_good_report_says_so_and_closes_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    report = a_report()

    print_report(report, as_json=False)

    shown = capsys.readouterr().out
    assert report.is_good
    assert "All 22 came out as expected." in shown
    assert "accepted 22 = stored 15 + failed 7; unaccounted 0" in shown
    assert "The first article was stored 4.2 s after the start." in shown
    assert "API http://127.0.0.1:8321" in shown
    assert "2024-06-17" in shown


def test_what_differs_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    report = a_report(differences={"khazar/list/ (round 1)": ["outcome is 'stored'"]})

    print_report(report, as_json=False)

    shown = capsys.readouterr().out
    assert not report.is_good
    assert "khazar/list/ (round 1)\n  outcome is 'stored'" in shown
    assert "as expected" not in shown


def test_a_lost_page_makes_a_report_bad_even_if_nothing_differs() -> None:
    counts = {"accepted": 23, "outcomes": {"stored": 22}, "open": {}, "unaccounted": 1}

    assert not a_report(conservation=counts).is_good


def test_a_program_gets_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(a_report(), as_json=True)

    said = json.loads(capsys.readouterr().out)
    assert len(said["results"]) == 22
    assert said["differences"] == {}
    assert said["first_stored_seconds"] == 4.2


def test_the_board_names_each_page_once_and_notes_the_first_article(
    capsys: pytest.CaptureFixture[str],
) -> None:
    jobs = {entry.job["job_id"]: entry.job for entry in a_report().observed}

    with Board(began=0, total=22, visible=True) as board:
        board.show({"17": jobs["17"]})
        before = board.first_stored
        board.show(jobs)
        board.show(jobs)

    shown = capsys.readouterr().out
    assert before is None
    assert board.first_stored is not None
    assert shown.count("127.77.0.1/en/economics/5120") == 1
    assert "skipped: robots" in shown
