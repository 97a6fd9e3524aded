"""What two versions of an article say differently."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.differences import FIELDS, Told, differences

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
STORY, OTHER_STORY = UUID(int=1), UUID(int=2)
TOLD = Told(
    title="A title",
    text="What happened.",
    content_hash="aa",
    published_at=NOON,
    modified_at=None,
    authors=("Ana",),
    section_raw=None,
    site_name=None,
    canonical_url=None,
    image=None,
    language="en",
    categories=("medtop:1",),
    cluster_id=STORY,
    duplicate_of=None,
)


def test_what_says_the_same_has_no_differences() -> None:
    assert differences(TOLD, replace(TOLD)) == {}


def test_each_field_is_told_as_it_was_and_as_it_is() -> None:
    after = replace(
        TOLD,
        title="Another",
        published_at=None,
        authors=(),
        language="de",
        categories=("medtop:2", "medtop:3"),
        cluster_id=OTHER_STORY,
        duplicate_of=OTHER_STORY,
    )

    assert differences(TOLD, after) == {
        "title": ["A title", "Another"],
        "published_at": ["2026-11-25T12:00:00+00:00", None],
        "authors": [["Ana"], []],
        "language": ["en", "de"],
        "categories": [["medtop:1"], ["medtop:2", "medtop:3"]],
        "cluster_id": [str(STORY), str(OTHER_STORY)],
        "duplicate_of": [None, str(OTHER_STORY)],
    }


def test_the_same_moment_in_another_zone_is_no_difference() -> None:
    elsewhere = datetime.fromisoformat("2026-11-25T14:00:00+02:00")

    assert differences(TOLD, replace(TOLD, published_at=elsewhere)) == {}


def test_of_texts_that_part_late_the_place_is_shown() -> None:
    lead = "x" * 1_000
    before = replace(TOLD, text=f"{lead} and cookies", content_hash="bb")
    after = replace(TOLD, text=f"{lead} and so on", content_hash="cc")

    found = differences(before, after)

    assert found == {
        "text": [
            {"characters": 1_012, "excerpt": f"…{'x' * 35} and cookies"},
            {"characters": 1_010, "excerpt": f"…{'x' * 35} and so on"},
        ]
    }


def test_texts_in_the_page_store_are_told_apart_by_what_they_hash_to() -> None:
    before = replace(TOLD, text=None)

    assert differences(before, replace(before)) == {}
    assert differences(before, replace(before, content_hash="bb")) == {"text": [None, None]}


@given(before=st.text(max_size=400), after=st.text(max_size=400))
def test_two_texts_differ_or_do_not_whatever_they_are(before: str, after: str) -> None:
    one, other = (replace(TOLD, text=text, content_hash=text) for text in (before, after))

    found = differences(one, other)

    assert set(found) <= set(FIELDS)
    assert ("text" in found) == (before != after)
