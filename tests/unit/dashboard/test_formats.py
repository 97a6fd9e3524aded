"""Numbers, ages and links, as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.dashboard.formats import (
    age,
    bare_host,
    count,
    host_of,
    lasting,
    megabytes,
    percent,
    safe_link,
)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "none"),
        (-3.0, "0.0 s"),
        (0.3, "0.3 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (161.2, "2 min 41 s"),
        (2760, "46 min"),
        (36_420, "10 h 7 min"),
        (7200, "2 h"),
        (525_600, "6 d 2 h"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds: float | None, said: str) -> None:
    assert age(seconds) == said


@given(st.floats(min_value=0, max_value=1e10))
def test_any_length_of_time_is_short_to_read(seconds: float) -> None:
    assert 1 <= len(age(seconds).split()) <= 4


def test_what_takes_less_than_a_tenth_of_a_second_is_told_in_milliseconds() -> None:
    said = [lasting(seconds) for seconds in (None, 0, 0.0354, 0.0999, 0.1, 59.6)]

    assert said == ["none", "0 ms", "35 ms", "100 ms", "0.1 s", "1 min"]


def test_counts_shares_and_sizes_are_spelled_alike() -> None:
    assert count(2_314_090) == "2,314,090"
    assert (percent(29, 1000), percent(31, 100), percent(1, 0)) == ("2.9 %", "31 %", "none")
    assert (megabytes(2 * 2**30), megabytes(512 * 2**20), megabytes(2_300_000)) == (
        "2 GB",
        "512 MB",
        "2.2 MB",
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT://x/%0aalert(1)",
        "data:text/html,x",
        "//x",
        "/x",
        "",
        7,
        "http://",
        "http://[",
        None,
    ],
)
def test_only_web_pages_are_linked_to(url: object) -> None:
    assert safe_link(url) is None


def test_web_pages_are_linked_to_as_they_are() -> None:
    assert safe_link("HTTPS://paper.example/a?b") == "HTTPS://paper.example/a?b"


@given(st.text())
def test_any_text_has_a_host_or_none(text: str) -> None:
    assert isinstance(host_of(text), str)
    assert isinstance(bare_host(text), str)


def test_a_host_keeps_a_port_only_where_the_ledger_does() -> None:
    assert host_of("http://Paper.example:80/a") == "paper.example"
    assert host_of("http://paper.example:8080/a") == "paper.example:8080"
    assert bare_host("paper.example:8080") == "paper.example"
