"""Sessions and form tokens."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmill_gateway.dashboard.asked import local_path
from newsmill_gateway.dashboard.sessions import SESSION_SECONDS, Sessions

SESSIONS = Sessions.of("the key")
NOW = 1_000_000.0


def test_a_session_holds_until_its_end() -> None:
    session = SESSIONS.begin("an-id", now=NOW)

    assert SESSIONS.key_of(session, now=NOW) == "an-id"
    assert SESSIONS.key_of(session, now=NOW + SESSION_SECONDS - 1) == "an-id"
    assert SESSIONS.key_of(session, now=NOW + SESSION_SECONDS) is None


def test_another_key_ends_every_session() -> None:
    session = SESSIONS.begin("an-id", now=NOW)

    assert Sessions.of("the next key").key_of(session, now=NOW) is None


def test_another_gateway_with_the_same_key_knows_the_session() -> None:
    session = SESSIONS.begin("an-id", now=NOW)

    assert Sessions.of("the key").key_of(session, now=NOW) == "an-id"


def test_no_two_sessions_are_alike() -> None:
    assert SESSIONS.begin("an-id", now=NOW) != SESSIONS.begin("an-id", now=NOW)


@given(st.integers(min_value=0, max_value=80), st.characters())
def test_a_session_with_any_sign_changed_is_none(at: int, sign: str) -> None:
    session = SESSIONS.begin("an-id", now=NOW, nonce="nonce")
    at %= len(session)
    changed = session[:at] + sign + session[at + 1 :]

    assert (SESSIONS.key_of(changed, now=NOW) == "an-id") == (changed == session)


@given(st.text())
@settings(max_examples=200)
def test_no_text_is_a_session_or_a_token(text: str) -> None:
    assert SESSIONS.key_of(text, now=NOW) is None
    assert not SESSIONS.is_token(text, "cookie")


def test_a_token_is_bound_to_its_cookie() -> None:
    token = SESSIONS.token("cookie")

    assert SESSIONS.is_token(token, "cookie")
    assert not SESSIONS.is_token(token, "another")
    assert not SESSIONS.is_token(SESSIONS.token(""), "")


def test_a_session_is_no_token_and_a_token_no_session() -> None:
    session = SESSIONS.begin("an-id", now=NOW)
    body, _, signature = session.rpartition(".")

    assert not SESSIONS.is_token(signature, body)


@pytest.mark.parametrize(
    "path", ["//x", "/\\x", "https://x", "", "x", "/\n", "/ü", "javascript:x", "/\t/x"]
)
def test_only_paths_of_this_site_are_gone_on_to(path: str) -> None:
    assert local_path(path) == "/"


def test_a_path_of_this_site_keeps_its_query() -> None:
    assert local_path("/articles?lang=en&before=7") == "/articles?lang=en&before=7"
