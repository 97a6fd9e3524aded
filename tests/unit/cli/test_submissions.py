"""URLs come as arguments, as lines or as JSON; pages come as files."""

import base64
import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_cli.errors import UsageError
from newsmill_cli.submissions import (
    MAX_LINE_BYTES,
    BadLine,
    Submission,
    document_of,
    lines_of,
    read_arguments,
    read_lines,
)


def test_arguments_become_submissions_with_the_options() -> None:
    """Options of the command line go with every URL."""
    read = list(read_arguments(["http://a.example/1", "http://a.example/2"], {"label": "x"}))

    assert read == [
        Submission(1, {"url": "http://a.example/1", "label": "x"}, 18),
        Submission(2, {"url": "http://a.example/2", "label": "x"}, 18),
    ]


def test_blank_lines_and_comments_are_skipped_but_counted() -> None:
    """Line numbers are those of the input, as an editor shows them."""
    lines = [b"# mine\n", b"\n", b"  http://a.example/1  \n", b"http://a.example/2"]

    read = list(read_lines(lines, {}))

    assert read == [
        Submission(3, {"url": "http://a.example/1"}, 18),
        Submission(4, {"url": "http://a.example/2"}, 18),
    ]


def test_a_json_line_says_more_and_goes_before_the_options() -> None:
    """What a line says of itself is more particular than the command line."""
    line = json.dumps({"url": "http://a.example/1", "priority": 9}).encode()

    [read] = read_lines([line], {"priority": 1, "label": "x"})

    assert isinstance(read, Submission)
    assert read.fields == {"url": "http://a.example/1", "priority": 9, "label": "x"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "json"),
        (b"[" * 100_000, "json"),
        (b'{"url": NaN}', "json"),
        (b'"http://a.example/\\ud800"', "json"),
        (b"http://a.example/\xff", "encoding"),
        (b'{"link": "http://a.example"}', "missing_option"),
        (b"[1]", "wrong_type"),
        (b'{"url": 7}', "wrong_type"),
        (b"x" * (MAX_LINE_BYTES + 1), "body_too_large"),
    ],
)
def test_a_bad_line_is_reported_and_the_next_is_read(line: bytes, code: str) -> None:
    """One bad line does not fail the others."""
    first, second = read_lines([line, b"http://a.example/2"], {})

    assert isinstance(first, BadLine)
    assert (first.line, first.code) == (1, code)
    assert first.text == line.decode(errors="replace")[:200]
    assert second == Submission(2, {"url": "http://a.example/2"}, 18)


def test_a_line_without_end_is_not_kept_as_a_whole() -> None:
    """Somebody pipes in a file of another kind."""
    stream = BytesIO(b"x" * (5 * MAX_LINE_BYTES) + b"\nhttp://a.example/2\n")

    first, second = lines_of(stream)

    assert len(first) == MAX_LINE_BYTES + 1
    assert second == b"http://a.example/2\n"


def test_a_byte_order_mark_is_not_part_of_a_url() -> None:
    """Editors of another system put one at the head of a file."""
    assert list(read_lines(["\ufeffhttp://a.example/1\n".encode()], {})) == [
        Submission(1, {"url": "http://a.example/1"}, 18)
    ]


@given(st.lists(st.binary() | st.text().map(lambda text: text.encode(errors="replace"))))
def test_every_line_is_read_once_or_skipped(lines: list[bytes]) -> None:
    """No input makes the reader fail, and nothing is read twice."""
    read = list(read_lines(lines, {}))

    numbers = [item.line for item in read]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= len(lines) for number in numbers)


@pytest.mark.parametrize(
    ("name", "media_type"), [("page.HTML", "text/html"), ("page.txt", "text/plain")]
)
def test_a_file_goes_as_its_bytes(tmp_path: Path, name: str, media_type: str) -> None:
    """Its encoding is found out later, with the page's own words about it."""
    file = tmp_path / name
    file.write_bytes(b"\xc4\x99 or not")

    document = document_of(file, url="http://a.example/1", timezone="Asia/Baku")

    assert document == {
        "url": "http://a.example/1",
        "content_base64": base64.b64encode(b"\xc4\x99 or not").decode(),
        "media_type": media_type,
        "timezone": "Asia/Baku",
    }


def test_a_file_of_another_kind_is_refused_with_the_kinds_that_are_known(tmp_path: Path) -> None:
    """Guessing from the content would hand in what nobody meant."""
    with pytest.raises(UsageError) as refused:
        document_of(tmp_path / "page.pdf", url="http://a.example/1", timezone=None)

    assert ".html" in refused.value.remedy


def test_a_file_that_is_not_there_is_a_matter_of_usage(tmp_path: Path) -> None:
    """The message says which file, and why."""
    with pytest.raises(UsageError, match=r"page\.txt: No such file"):
        document_of(tmp_path / "page.txt", url="http://a.example/1", timezone=None)


def test_a_file_that_no_page_is_as_large_as_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    """Of a huge file no more is read than shows that it is huge."""
    file = tmp_path / "page.html"
    with file.open("wb") as stream:
        stream.truncate(10**10)

    with pytest.raises(UsageError, match="too large"):
        document_of(file, url="http://a.example/1", timezone=None)
