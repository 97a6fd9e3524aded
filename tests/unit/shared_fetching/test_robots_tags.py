"""What publishers ask of crawlers in headers and meta elements is read in every form."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.robots_tags import Directives, read_robots_metas, read_robots_tags

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "noindex"),
    [
        ([], False),
        (["nofollow"], False),
        (["noindex"], True),
        (["nofollow, NoIndex"], True),
        (["noindex nofollow"], True),
        (["none"], True),
        (["all"], False),
        (["index", "noindex"], True),
        (["googlebot: noindex"], False),
        (["googlebot: nofollow, noindex"], False),
        (["googlebot: nofollow", "noindex"], True),
        (["NewsMill: NOINDEX"], True),
        (["googlebot: noindex, newsmill: none"], True),
        (["newsmill: nofollow, otherbot: noindex"], False),
        (["*: noindex"], True),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST"], True),
        (["unavailable_after: Friday, 25-Jun-10 15:00:00 UTC, nofollow"], True),
        (["unavailable_after: Wed, 03 Dec 2031 13:09:53 GMT"], False),
        (["unavailable_after: Wed, 03 Dec 2031 13:09:53 GMT, noindex"], True),
        (["unavailable_after: 2031-12-03, noarchive"], False),
        (["newsmill: unavailable_after: 2020-12-03T10:00:00Z"], True),
        (["otherbot: unavailable_after: 2020-12-03T10:00:00Z"], False),
        (["unavailable_after: whenever"], False),
        (["max-snippet:10, max-image-preview: large"], False),
    ],
)
def test_a_header_holds_for_all_or_for_who_is_named(headers: list[str], noindex: bool) -> None:
    assert read_robots_tags(headers, "newsmill").forbids(NOW) is noindex


@pytest.mark.parametrize(
    ("metas", "expected"),
    [
        ([("robots", "index, follow")], Directives()),
        ([("ROBOTS", "NOINDEX,NOFOLLOW")], Directives(noindex=True)),
        ([("robots", "noindex; nofollow")], Directives(noindex=True)),
        ([("newsmill", "none")], Directives(noindex=True, noarchive=True)),
        ([("googlebot", "noindex")], Directives()),
        ([("googlebot, newsmill", "noarchive")], Directives(noarchive=True)),
        ([("robots", "nocache")], Directives(noarchive=True)),
        ([("robots", "index"), ("newsmill", "noindex")], Directives(noindex=True)),
        ([("x-robots-tag", "otherbot: noindex, newsmill: noarchive")], Directives(noarchive=True)),
        ([("description", "noindex")], Directives()),
    ],
)
def test_a_meta_element_says_the_same(metas: list[tuple[str, str]], expected: Directives) -> None:
    assert read_robots_metas(metas, "newsmill") == expected


def test_of_two_times_the_earlier_holds() -> None:
    headers = ["unavailable_after: 2031-01-02", "unavailable_after: 2030-01-02"]

    found = read_robots_tags(headers, "newsmill")

    assert found.unavailable_after == datetime(2030, 1, 2, tzinfo=UTC)


def test_a_header_made_to_be_searched_for_ever_is_read_at_once() -> None:
    headers = [f"unavailable_after: x{' ' * 60_000}!", "unavailable_after: " + ",a." * 20_000]

    assert read_robots_tags(headers, "newsmill") == Directives()


@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_text_can_stand_in_a_header(headers: list[str]) -> None:
    assert isinstance(read_robots_tags(headers, "newsmill"), Directives)


@given(st.text(alphabet="unavailable_after: 0123456789,;noindex", max_size=60))
def test_half_a_date_is_none(text: str) -> None:
    assert isinstance(read_robots_tags([f"unavailable_after: {text}"], "newsmill"), Directives)
