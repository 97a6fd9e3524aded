"""Request bodies become lines; nothing in them ends more than a line or the request."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.bodies import MAX_ITEMS, Format, Line, body_format, read_lines, read_object
from newsmill_gateway.problems import Code, ProblemError, Refusal


def code_of(line: Line) -> str | None:
    return line.value.code if isinstance(line.value, Refusal) else None


@pytest.mark.parametrize(
    ("content_type", "written"),
    [
        ("application/json", "json"),
        ("Application/JSON; charset=UTF-8", "json"),
        ('application/json; charset="utf-8"', "json"),
        ("application/x-ndjson", "ndjson"),
        ("application/jsonl", "ndjson"),
    ],
)
def test_json_types_are_taken(content_type: str, written: Format) -> None:
    assert body_format(content_type) == written


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=iso-8859-1",
        "application/jsonx",
    ],
)
def test_what_a_web_page_may_send_unasked_is_not_taken(content_type: str | None) -> None:
    with pytest.raises(ProblemError) as refused:
        body_format(content_type)

    assert (refused.value.status, refused.value.code) == (415, Code.MEDIA_TYPE)


def test_one_value_and_a_list_are_both_a_batch() -> None:
    one = read_lines(b'{"url": "https://a.example/"}', "json")
    many = read_lines(b'["https://a.example/", {"url": "https://b.example/"}]', "json")

    assert one == [Line(1, {"url": "https://a.example/"})]
    assert many == [Line(1, "https://a.example/"), Line(2, {"url": "https://b.example/"})]


def test_lines_are_objects_strings_or_bare_urls_and_count_as_in_the_file() -> None:
    body = b'\xef\xbb\xbfhttps://a.example/\r\n\n"https://b.example/"\n{"url": "x"}\n'

    lines = read_lines(body, "ndjson")

    assert lines == [
        Line(1, "https://a.example/"),
        Line(3, "https://b.example/"),
        Line(4, {"url": "x"}),
    ]


def test_a_line_that_cannot_be_read_leaves_the_others_alone() -> None:
    body = b'https://a.example/\n{"url": \n\xff\xfe\n{"url": NaN}\n"\\ud800"\nhttps://b.example/'

    lines = read_lines(body, "ndjson")

    assert [code_of(line) for line in lines] == [
        None,
        Code.JSON,
        Code.ENCODING,
        Code.JSON,
        Code.JSON,
        None,
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", Code.BODY_EMPTY),
        (b" \r\n ", Code.BODY_EMPTY),
        (b"[]", Code.BODY_EMPTY),
        (b"\xff\xfe{\x00}\x00", Code.ENCODING),
        (b"\x00\x01\x02", Code.JSON),
        (b"{'url': 1}", Code.JSON),
        (b'{"url": "https://a.example/"} {}', Code.JSON),
        (b"[NaN]", Code.JSON),
        (b"[" * 100_000, Code.JSON),
        (b'{"a":' * 300 + b"1" + b"}" * 300, Code.JSON),
        (b"9" * 10_000, Code.JSON),
    ],
)
def test_a_body_that_is_not_json_is_refused_with_a_code(body: bytes, code: Code) -> None:
    with pytest.raises(ProblemError) as refused:
        read_lines(body, "json")

    assert (refused.value.status, refused.value.code) == (400, code)


def test_a_batch_is_bounded() -> None:
    body = json.dumps(["https://a.example/"] * (MAX_ITEMS + 1)).encode()

    with pytest.raises(ProblemError) as refused:
        read_lines(body, "json")

    assert (refused.value.status, refused.value.code) == (413, Code.TOO_MANY_ITEMS)


def test_a_document_is_one_object() -> None:
    with pytest.raises(ProblemError) as refused:
        read_object(b'["https://a.example/"]')

    assert (refused.value.status, refused.value.code) == (422, Code.WRONG_TYPE)


@given(st.binary(max_size=400), st.sampled_from(["json", "ndjson"]))
def test_no_bytes_do_anything_but_become_lines_or_a_problem(body: bytes, written: Format) -> None:
    try:
        count = len(read_lines(body, written))
    except ProblemError as problem:
        count = int(problem.status)

    assert count in {400, 413} or 0 < count < 400
