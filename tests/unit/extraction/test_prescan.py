"""Pages that would hang or kill a parser are refused at once, and the refusal says why."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmill_enrich.extraction.prescan import (
    FEW_TAGS,
    MAX_ATTRIBUTES,
    MAX_BYTES,
    binary_kind,
    scan_bytes,
    scan_markup,
)
from newsmill_shared.errors import EndedError
from newsmill_shared.reasons import Reason
from tests.unit.extraction.pages import ENGLISH, FORMS, read

MANY = " ".join(f'a{i}="x"' for i in range(60_000))

HOSTILE = {
    "a tag with 60,000 attributes": f"<p {MANY}>text",
    "attributes behind a stray quote": f'<p x=y" {MANY} z=">text',
    "attributes whose values hold tags": "<p " + 'a="<" ' * 60_000 + ">text",
    "50,000 nested elements": "<div>" * 50_000 + "text",
    "50,000 nested and closed elements": "<div>" * 50_000 + "</div>" * 50_000,
    "50,000 open formatting elements": "<b>" * 50_000 + "text",
    "four million openings": "<a" * 4_000_000,
    "a comment in a comment": "<!--" * 100_000,
    "quotes that never close": '<p "' * 100_000,
    "titles that never close": "<title" * 100_000,
    "scripts that never close": "<script>" * 100_000,
    "spaces in a tag": "<p" + " " * 8_000_000,
    "equals signs in a tag": "<p " + "=" * 8_000_000,
    "100,000 paragraphs": "<p>" * 100_000,
    "100,000 options": "<select>" + "<option>" * 100_000,
    "ten megabytes": "<p>" + "x" * 10_000_000,
    "one run of letters": "<p>" + "x" * 8_000_000,
    "30,000 datelines": "<p>17 June 2024 22:17</p>" * 30_000,
    "60,000 datelines": "<p>17 June 2024 22:17</p>" * 60_000,
    "30,000 headings": "<h1>The same heading</h1>" * 30_000,
    "a million lines": "17 June 2024 22:17\n" * 400_000,
    "brackets without end": '<script type="application/ld+json">' + "[" * 100_000,
    "control characters": "\x01\x02\x03" * 100_000,
    "NUL bytes": "<p>\0\0\0\0" * 1_000,
}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_page_ends_within_two_seconds_for_a_reason(page: str) -> None:
    started = time.process_time()

    with pytest.raises(EndedError) as refusal:
        read(page)

    assert time.process_time() - started < 2
    assert refusal.value.reason in (Reason.TOO_LARGE, Reason.DECODE, Reason.NOT_AN_ARTICLE)
    assert refusal.value.detail


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xd8\xff\xe0" + b"\x10" * 100, "JPEG"),
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04 ...", "ZIP"),
        (b"\0\0\0\x18ftypmp42", "MP4"),
        (bytes(range(256)) * 10, "binary"),
    ],
)
def test_what_is_no_text_is_refused_by_its_nature(body: bytes, kind: str) -> None:
    with pytest.raises(EndedError) as refusal:
        scan_bytes(body)

    assert refusal.value.reason is Reason.DECODE
    assert kind in refusal.value.detail


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
def test_a_text_in_any_encoding_is_no_binary(encoding: str) -> None:
    body = "<p>Plain text, обычный текст</p>".encode(encoding)

    kind = binary_kind(body)

    assert kind is None


def test_the_limits_are_named() -> None:
    tag = "<p " + " ".join(f"a{i}" for i in range(MAX_ATTRIBUTES + 1)) + ">"

    with pytest.raises(EndedError, match=f"more than {MAX_ATTRIBUTES} attributes"):
        scan_markup(tag)
    with pytest.raises(EndedError, match="nested 601 deep"):
        scan_markup("<div>" * 601 + "<br>" * FEW_TAGS)
    with pytest.raises(EndedError, match="8,388,609 bytes"):
        scan_bytes(b"x" * (MAX_BYTES + 1))


def test_scripts_are_not_taken_for_tags() -> None:
    words = " ".join(f"word{i}" for i in range(2_000))
    script = f"<script>if (a <b) {{ '{words}' }} {'<div>' * 2_000}</script>"

    scan = scan_markup(script)

    assert scan.tags > 2_000


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_an_ordinary_page_passes(form: object) -> None:
    page = FORMS["with_paragraphs"](ENGLISH) if form is None else form(ENGLISH)  # type: ignore[operator]

    scan = scan_markup(page)

    assert 0 < scan.tags < 200


@given(st.text(alphabet="<>/ab =\"'!-x\n", max_size=300))
@settings(max_examples=200)
def test_the_scan_ends_on_any_text(text: str) -> None:
    scan = scan_markup(text)

    assert scan.tags == text.count("<")


def outcome(body: bytes) -> str:
    """The text of a record, or the ground on which there is none."""
    try:
        return read(body).text
    except EndedError as error:
        return error.detail


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_record_or_a_reason(body: bytes) -> None:
    answer = outcome(body)

    assert answer
