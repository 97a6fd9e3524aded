"""What came out is held against the manifest."""

from typing import Any

import pytest

from newsmill_cli.demo.content import Submission, load_content
from newsmill_cli.demo.expectations import Observed, differences

STORM = "harbour/weather/storm-ottilie"
ORIGINAL = "khazar/en/great-east/4411"
COPY = "harbour/world/caspian-secretariat"


def submission_of(url: str, *, round_number: int) -> Submission:
    return next(
        entry
        for entry in load_content().submissions
        if (entry.url, entry.round) == (url, round_number)
    )


def an_article_of(submission: Submission, **changes: Any) -> dict[str, Any]:
    expected = submission.article
    assert expected is not None
    return {
        "article_id": "the-article",
        "title": expected.title,
        "language": expected.language,
        "published_at": expected.published_at.isoformat(),
        "section_raw": expected.section,
        "categories": [{"name": expected.category}],
        "duplicate_of": None,
        **changes,
    }


def test_nothing_differs_when_all_is_as_the_manifest_says() -> None:
    storm = submission_of(STORM, round_number=1)
    observed = Observed(storm, {"outcome": "stored"}, an_article_of(storm))

    found = differences(observed, {STORM: "the-article"})

    assert found == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "Another"}, "title is 'Another'"),
        ({"language": "de"}, "language is 'de', expected 'en'"),
        ({"published_at": None}, "published_at is None"),
        ({"section_raw": None}, "section_raw is None, expected 'Weather'"),
        ({"categories": []}, "category is None, expected 'weather'"),
        ({"duplicate_of": "another"}, "duplicate_of is 'another', expected None"),
        ({"article_id": "another"}, "article is 'another', expected 'the-article'"),
    ],
)
def test_each_fact_that_differs_is_named(change: dict[str, Any], words: str) -> None:
    storm = submission_of(STORM, round_number=1)
    observed = Observed(storm, {"outcome": "stored"}, an_article_of(storm, **change))

    found = differences(observed, {STORM: "the-article"})

    assert len(found) == 1
    assert words in found[0]


def test_a_page_without_an_article_is_right_only_with_its_reason() -> None:
    report = submission_of("harbour/files/annual-report.pdf", round_number=1)

    right = differences(Observed(report, {"outcome": "skipped", "reason": "content_type"}), {})
    wrong = differences(Observed(report, {"outcome": "skipped", "reason": "robots"}), {})

    assert right == []
    assert wrong == ["reason is 'robots', expected 'content_type'"]


def test_an_article_that_is_missing_is_a_difference() -> None:
    storm = submission_of(STORM, round_number=1)

    found = differences(Observed(storm, {"outcome": "stored"}), {})

    assert found[0].startswith("article is None")


def test_a_job_that_never_ended_differs_in_its_outcome() -> None:
    report = submission_of("harbour/files/annual-report.pdf", round_number=1)

    found = differences(Observed(report, {"state": "running"}), {})

    assert found[0] == "outcome is 'running', expected 'skipped'"


def test_a_wire_copy_must_point_to_the_agency_s_article() -> None:
    copy = submission_of(COPY, round_number=2)
    ids = {COPY: "the-article", ORIGINAL: "the-original"}

    right = Observed(
        copy, {"outcome": "duplicate"}, an_article_of(copy, duplicate_of="the-original")
    )
    wrong = Observed(copy, {"outcome": "duplicate"}, an_article_of(copy))

    assert differences(right, ids) == []
    assert differences(wrong, ids) == ["duplicate_of is None, expected 'the-original'"]


def test_the_revised_story_is_expected_in_the_second_round() -> None:
    revised = submission_of(STORM, round_number=2)

    assert revised.article is not None
    assert "118 km/h" in revised.article.title
