"""What callers may ask for, and what each mistake is called."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from newsmill_gateway.intake import MAX_CONTENT_BYTES, Document, read_document, read_url
from newsmill_gateway.problems import Code, Refusal
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.accept import Submission

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
POLICY = AddressPolicy()
URL = "https://paper.example/story"

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
OPTIONS = st.sampled_from(
    ["url", "label", "priority", "not_before", "expires_at", "max_age_seconds", "force", "meta"]
)


def accepted(value: JsonValue) -> Submission:
    verdict = read_url(value, POLICY)
    assert isinstance(verdict, Submission), verdict
    return verdict


def refused(value: JsonValue) -> Refusal:
    verdict = read_url(value, POLICY)
    assert isinstance(verdict, Refusal), verdict
    return verdict


def a_document(**changes: JsonValue) -> Document | Refusal:
    value: dict[str, JsonValue] = {
        "url": URL,
        "content": "<h1>A story</h1>",
        "media_type": "text/html",
        **changes,
    }
    return read_document({name: item for name, item in value.items() if item is not None}, now=NOON)


def refused_document(**changes: JsonValue) -> Refusal:
    verdict = a_document(**changes)
    assert isinstance(verdict, Refusal), verdict
    return verdict


def test_a_bare_url_gets_the_defaults() -> None:
    submission = accepted(f"  {URL}?utm_source=mail#top ")

    assert submission.url == f"{URL}?utm_source=mail"
    assert submission.host == "paper.example"
    assert submission.url_key == accepted(URL).url_key
    assert (submission.priority, submission.force, submission.max_age_seconds) == (0, False, 900)


def test_every_option_is_kept() -> None:
    submission = accepted(
        {
            "url": URL,
            "label": "front page",
            "priority": 9,
            "not_before": "2026-11-25T12:00:00+04:00",
            "expires_at": "2026-11-26T00:00:00Z",
            "max_age_seconds": 60,
            "force": True,
            "meta": {"order": [1, 2.5, None, "x"]},
            "timezone": "Asia/Baku",
        }
    )

    assert submission.label == "front page"
    assert submission.priority == 9
    assert submission.not_before == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert submission.expires_at == datetime(2026, 11, 26, tzinfo=UTC)
    assert submission.max_age_seconds == 60
    assert submission.force
    assert submission.meta == {"order": [1, 2.5, None, "x"]}
    assert submission.timezone == "Asia/Baku"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"url": 7}, Code.WRONG_TYPE),
        ({"url": None}, Code.WRONG_TYPE),
        ({"url": ["x"]}, Code.WRONG_TYPE),
        ({"label": 7}, Code.WRONG_TYPE),
        ({"label": ""}, Code.INVALID_OPTION),
        ({"label": "a\0b"}, Code.INVALID_OPTION),
        ({"label": "x" * 201}, Code.INVALID_OPTION),
        ({"priority": "9"}, Code.WRONG_TYPE),
        ({"priority": True}, Code.WRONG_TYPE),
        ({"priority": 1.0}, Code.WRONG_TYPE),
        ({"priority": 10}, Code.INVALID_OPTION),
        ({"priority": -1}, Code.INVALID_OPTION),
        ({"not_before": 1764072000}, Code.WRONG_TYPE),
        ({"not_before": "tomorrow"}, Code.INVALID_OPTION),
        ({"not_before": "2026-11-25T12:00:00"}, Code.INVALID_OPTION),
        ({"expires_at": "0001-01-01T00:00:00Z"}, Code.INVALID_OPTION),
        ({"expires_at": "9999-12-31T23:59:59Z"}, Code.INVALID_OPTION),
        ({"max_age_seconds": "60"}, Code.WRONG_TYPE),
        ({"max_age_seconds": -1}, Code.INVALID_OPTION),
        ({"max_age_seconds": float("inf")}, Code.INVALID_OPTION),
        ({"force": "yes"}, Code.WRONG_TYPE),
        ({"force": 1}, Code.WRONG_TYPE),
        ({"meta": []}, Code.WRONG_TYPE),
        ({"meta": {"x": float("inf")}}, Code.INVALID_OPTION),
        ({"meta": {"x": "y" * 20_000}}, Code.INVALID_OPTION),
        ({"timezone": 4}, Code.WRONG_TYPE),
        ({"timezone": "Baku"}, Code.INVALID_OPTION),
        ({"timezone": "../../etc/passwd"}, Code.INVALID_OPTION),
        ({"colour": "red"}, Code.UNKNOWN_OPTION),
        (
            {"not_before": "2026-11-26T00:00:00Z", "expires_at": "2026-11-25T00:00:00Z"},
            Code.INVALID_OPTION,
        ),
    ],
)
def test_a_wrong_option_is_refused_by_name(changes: dict[str, Any], code: Code) -> None:
    refusal = refused({"url": URL, **changes})

    assert refusal.code == code
    assert len(refusal.detail) < 300
    assert any(name in refusal.detail for name in changes)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "not_a_url"),
        ("not a url", "not_a_url"),
        ("//paper.example/story", "not_a_url"),
        ("ftp://paper.example/story", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("https://user:secret@paper.example/", "userinfo"),
        ("https://paper.example:22/", "port"),
        ("https://paper.example/\0", "characters"),
        ("http://127.0.0.1/", "address"),
        ("http://10.1.2.3/", "address"),
        ("http://[::1]/", "address"),
        ("http://169.254.169.254/latest/meta-data", "address"),
        ("https://paper.example/" + "x" * 1_000_000, "too_long"),
    ],
)
def test_a_url_that_cannot_be_fetched_is_refused_with_its_code(url: str, code: str) -> None:
    refusal = refused({"url": url})

    assert refusal.code == code
    assert refusal.url == url[:200]


@pytest.mark.parametrize("value", [None, 7, True, ["https://paper.example/"], 1.5])
def test_a_line_is_a_url_or_an_object(value: JsonValue) -> None:
    assert refused(value).code == Code.WRONG_TYPE


def test_a_missing_url_is_named() -> None:
    refusal = refused({"label": "x"})

    assert (refusal.code, refusal.detail) == (Code.MISSING_OPTION, "url is missing")


def test_a_network_that_is_allowed_may_be_asked_at_its_port() -> None:
    policy = AddressPolicy.parse("127.77.0.0/16:8099")

    verdicts = [read_url(f"http://127.77.0.1:{port}/", policy) for port in (8099, 8080)]

    assert [type(verdict) for verdict in verdicts] == [Submission, Refusal]


@given(st.dictionaries(OPTIONS, JSON_VALUES, max_size=8))
def test_no_values_of_options_do_anything_but_pass_or_be_refused(value: dict[str, Any]) -> None:
    verdict = read_url({"url": URL, **value}, POLICY)

    assert isinstance(verdict, Submission | Refusal)


def test_a_document_keeps_its_bytes_and_says_how_to_read_them() -> None:
    body = "<h1>Уже вечер</h1>".encode("windows-1251")

    document = a_document(
        content=None,
        content_base64=base64.b64encode(body).decode(),
        media_type="Text/HTML; charset=windows-1251",
    )

    assert isinstance(document, Document)
    assert document.body == body
    assert document.media_type == "text/html"
    assert document.content_type == "text/html; charset=windows-1251"


def test_content_that_comes_as_text_is_utf_8_whatever_it_was() -> None:
    document = a_document(content="Ağdam", media_type="text/plain; charset=windows-1254")

    assert isinstance(document, Document)
    assert document.body == "Ağdam".encode()
    assert document.content_type == "text/plain; charset=utf-8"


def test_a_document_may_come_from_anywhere_as_it_is_not_fetched() -> None:
    document = a_document(url="http://10.0.0.1:3000/intranet")

    assert isinstance(document, Document)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"url": "intranet"}, "not_a_url"),
        ({"url": 1}, Code.WRONG_TYPE),
        ({"content": None}, Code.INVALID_OPTION),
        ({"content": 7}, Code.WRONG_TYPE),
        ({"content": " \n"}, Code.CONTENT_EMPTY),
        ({"content": "a\0b"}, Code.CONTENT_BINARY),
        ({"content": "%PDF-1.7 ..."}, Code.CONTENT_BINARY),
        ({"content": "x" * (MAX_CONTENT_BYTES + 1)}, Code.CONTENT_TOO_LARGE),
        ({"content_base64": "eA=="}, Code.INVALID_OPTION),
        ({"content": None, "content_base64": "***"}, Code.INVALID_OPTION),
        ({"content": None, "content_base64": "ключ"}, Code.INVALID_OPTION),
        ({"content": None, "content_base64": "iVBORw0KGgo="}, Code.CONTENT_BINARY),
        ({"media_type": None}, Code.MISSING_OPTION),
        ({"media_type": 7}, Code.WRONG_TYPE),
        ({"media_type": "application/pdf"}, Code.MEDIA_TYPE),
        ({"fetched_at": 0}, Code.WRONG_TYPE),
        ({"fetched_at": (NOON + timedelta(hours=1)).isoformat()}, Code.INVALID_OPTION),
        ({"timezone": "Mars/Olympus"}, Code.INVALID_OPTION),
        ({"force": True}, Code.UNKNOWN_OPTION),
    ],
)
def test_a_document_that_cannot_be_used_is_refused(
    changes: dict[str, JsonValue], code: str
) -> None:
    assert refused_document(**changes).code == code
