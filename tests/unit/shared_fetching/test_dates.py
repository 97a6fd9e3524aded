"""Times in feeds, sitemaps and headers are read exactly or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.dates import read_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-06-17T22:17:00+04:00", "2024-06-17T18:17:00"),
        (" 2024-06-17T22:17:00.123Z ", "2024-06-17T22:17:00"),
        ("2024-06-17t22:17z", "2024-06-17T22:17:00"),
        ("2024-06-17 22:17:00", "2024-06-17T22:17:00"),
        ("2024-06-17", "2024-06-17T00:00:00"),
        ("2024-06", "2024-06-01T00:00:00"),
        ("2024", "2024-01-01T00:00:00"),
        ("Mon, 17 Jun 2024 22:17:00 +0400", "2024-06-17T18:17:00"),
        ("Monday, 17-Jun-24 22:17:00 GMT", "2024-06-17T22:17:00"),
    ],
)
def test_a_time_is_read_in_any_standard_form(text: str, expected: str) -> None:
    found = read_time(text)

    assert found is not None
    assert found.isoformat() == f"{expected}+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "never",
        "0001-01-01T00:00:00Z",
        "0000-00-00",
        "2024-13",
        "1970-01-01",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_a_placeholder_is_no_time(text: str) -> None:
    assert read_time(text) is None


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = read_time(text)

    assert found is None or found.utcoffset() is not None
