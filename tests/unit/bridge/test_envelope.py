"""Celery's messages: what they hand in, and that no junk is an error."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.bridge.envelope import read_envelope
from newsmill_gateway.problems import Refusal
from tests.unit.bridge.builders import a_message

STORY = "https://paper.example/story"
FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def test_keyword_arguments_are_options() -> None:
    message = a_message(kwargs={"url": STORY, "priority": 3})

    assert read_envelope(message) == {"url": STORY, "priority": 3}


def test_the_only_argument_is_the_url() -> None:
    assert read_envelope(a_message(STORY, kwargs={"force": True})) == {"url": STORY, "force": True}


def test_an_eta_and_an_expiry_of_the_message_stand_for_those_of_the_job() -> None:
    headers: dict[str, object] = {"eta": "2026-01-01T00:00:00+00:00", "expires": "2027-01-01"}

    assert read_envelope(a_message(STORY, headers=headers)) == {
        "url": STORY,
        "not_before": "2026-01-01T00:00:00+00:00",
        "expires_at": "2027-01-01",
    }


def test_options_come_before_those_of_the_message() -> None:
    message = a_message(STORY, kwargs={"not_before": "2030"}, headers={"eta": "2026"})

    assert read_envelope(message) == {"url": STORY, "not_before": "2030"}


def test_a_datetime_is_read_as_kombu_writes_it() -> None:
    written = {"__type__": "datetime", "__value__": "2030-01-01T00:00:00+00:00"}

    assert read_envelope(a_message(STORY, kwargs={"not_before": written})) == {
        "url": STORY,
        "not_before": "2030-01-01T00:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "envelope"),
        (b"\x80\x04\x95", "envelope"),
        (b"[]", "envelope"),
        (b"{}", "envelope"),
        (a_message(STORY, headers={"task": "other"}), "unknown_task"),
        (a_message(STORY, headers={"task": ["newsmill.url.submit"]}), "unknown_task"),
        (a_message(STORY, headers={"compression": "application/x-gzip"}), "envelope"),
        (a_message(STORY, content_type="application/x-python-serialize"), "envelope"),
        (a_message(STORY, properties={"body_encoding": "utf-8"}), "envelope"),
        (a_message(STORY, properties=[]), "envelope"),
        (a_message(STORY, body=7), "envelope"),
        (a_message(STORY, body="é"), "envelope"),
        (a_message(STORY, body="a"), "envelope"),
        (a_message(STORY, body=base64.b64encode(b"[").decode()), "envelope"),
        (a_message(STORY, body=base64.b64encode(b"[[], {}]").decode()), "envelope"),
        (a_message(STORY, body=base64.b64encode(b"[{}, [], {}]").decode()), "envelope"),
        (a_message(STORY, STORY), "arguments"),
        (a_message(7), "arguments"),
        (a_message(STORY, kwargs={"url": STORY}), "arguments"),
    ],
)
def test_what_is_no_sound_message_is_refused(message: bytes, code: str) -> None:
    refusal = read_envelope(message)

    assert isinstance(refusal, Refusal)
    assert refusal.code == code


@given(st.binary())
def test_bytes_are_never_an_error(raw: bytes) -> None:
    assert isinstance(read_envelope(raw), Refusal)


@given(JSON, JSON, JSON, JSON, JSON)
def test_json_of_any_shape_is_never_an_error(
    headers: object, body: object, kind: object, properties: object, inner: object
) -> None:
    shapes = [
        {"headers": headers, "body": body, "content-type": kind, "properties": properties},
        {"headers": {"task": "newsmill.url.submit"}, "body": body, "properties": properties},
        inner,
    ]

    answers = [read_envelope(json.dumps(shape).encode()) for shape in shapes]
    answers.append(
        read_envelope(a_message(body=base64.b64encode(json.dumps(inner).encode()).decode()))
    )

    # Hypothesis also finds [[], {}, null], which is the body of a message without arguments.
    assert all(isinstance(answer, Refusal | dict) for answer in answers)


@given(st.dictionaries(st.text(), JSON, max_size=3))
def test_arguments_arrive_as_they_were_sent(kwargs: dict[str, object]) -> None:
    assert read_envelope(a_message(kwargs=kwargs)) == kwargs
