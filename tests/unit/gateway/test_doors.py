"""Who may call: on loopback any program of this machine, elsewhere who knows the key."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.doors import Door
from newsmill_gateway.keyring import Keyring
from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.scopes import FIRST, LOCAL
from newsmill_gateway.settings import GatewaySettings
from newsmill_gateway.throttle import Rate, Throttle
from newsmill_shared.errors import SettingsError
from newsmill_shared.key_scopes import KeyScope
from tests.support.keys import FakeKeyBook, a_key

NO_KEYS = Keyring(FakeKeyBook())
asyncio.run(NO_KEYS.freshen(seconds=5))
LOOPBACK = Door(loopback=True, key=None, keyring=NO_KEYS)
PUBLIC = Door(
    loopback=False,
    key="correct horse",
    keyring=NO_KEYS,
    throttle=Throttle(Rate(1000, 1), Rate(1000, 1)),
)


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def refusal(door: Door, headers: dict[str, str], path: str = "/v1/urls") -> tuple[int, str] | None:
    try:
        door.admit(path, headers)
    except ProblemError as problem:
        return int(problem.status), problem.code
    return None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8765", "localhost:8765", "LOCALHOST", "[::1]:8765", "127.0.0.1", "127.8.8.8:1"],
)
def test_a_request_to_a_loopback_name_passes(host: str) -> None:
    assert refusal(LOOPBACK, {"host": host}) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1:8765@evil.example",
        "127.0.0.1/evil.example",
        "192.168.0.7:8765",
        "0.0.0.0:8765",
        "127.0.0.1:x",
        "[::1",
        "127.1",
    ],
)
def test_a_name_of_somebody_else_that_leads_here_is_refused(host: str) -> None:
    assert refusal(LOOPBACK, {"host": host}) == (403, Code.HOST_REFUSED)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://127.0.0.1:9999", "http://localhost:8765"]
)
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    headers = {"host": "127.0.0.1:8765", "origin": origin}

    assert refusal(LOOPBACK, headers) == (403, Code.ORIGIN_REFUSED)


def test_a_page_of_the_gateway_itself_passes() -> None:
    headers = {"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:8765"}

    assert refusal(LOOPBACK, headers) is None


def test_the_right_key_opens() -> None:
    headers = {"host": "mill.example", "authorization": "bearer correct horse"}

    assert refusal(PUBLIC, headers) is None


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic correct horse",
        "correct horse",
        "Bearer ключ",
    ],
)
def test_any_other_key_is_refused(authorization: str) -> None:
    headers = {"host": "mill.example", "authorization": authorization}

    assert refusal(PUBLIC, headers) == (401, Code.KEY_REFUSED)


def a_door(clock: Clock) -> Door:
    """A door behind which nobody has guessed yet."""
    return Door(loopback=False, key="correct horse", keyring=NO_KEYS, clock=clock)


def guess(door: Door, key: str = "wrong", address: str = "192.0.2.1") -> ProblemError | None:
    try:
        door.admit("/v1/urls", {"authorization": f"Bearer {key}"}, address=address)
    except ProblemError as problem:
        return problem
    return None


def test_after_many_wrong_keys_none_is_looked_at_for_a_while_not_even_the_right_one() -> None:
    clock = Clock()
    door = a_door(clock)

    said = [guess(door) for _ in range(11)]
    right = guess(door, "correct horse")
    elsewhere = guess(door, "correct horse", "198.51.100.7")
    assert right is not None
    clock.now += int(right.headers["Retry-After"])
    later = guess(door, "correct horse")

    assert [problem.status for problem in said if problem] == [401] * 10 + [429]
    assert (right.status, right.code) == (429, Code.KEY_THROTTLED)
    assert elsewhere is None
    assert later is None


def test_who_sends_no_key_has_guessed_nothing() -> None:
    door = a_door(Clock())

    for _ in range(50):
        assert refusal(door, {"host": "mill.example"}) == (401, Code.KEY_REFUSED)

    assert guess(door, "correct horse") is None


@given(st.text())
def test_no_other_text_is_the_key(text: str) -> None:
    problem = None
    try:
        a_door(Clock()).check_key(text, address="")
    except ProblemError as error:
        problem = error

    assert (problem is None) == (text == "correct horse")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(path: str) -> None:
    assert refusal(PUBLIC, {"host": "mill.example"}, path) is None


def test_a_key_is_asked_for_on_loopback_too_if_there_is_one() -> None:
    door = Door(loopback=True, key="correct horse", keyring=NO_KEYS)

    assert refusal(door, {"host": "localhost"}) == (401, Code.KEY_REFUSED)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "gateway"])
def test_an_address_that_others_reach_needs_a_key(host: str) -> None:
    open_door = GatewaySettings(gateway_host=host)
    empty_key = GatewaySettings.model_validate({"gateway_host": host, "api_key": ""})
    locked_door = GatewaySettings.model_validate({"gateway_host": host, "api_key": "secret"})

    for settings in (open_door, empty_key):
        with pytest.raises(SettingsError, match="NEWSMILL_API_KEY"):
            settings.check()
    locked_door.check()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_a_loopback_address_needs_none(host: str) -> None:
    GatewaySettings(gateway_host=host).check()


def test_the_key_shows_in_no_log() -> None:
    settings = GatewaySettings.model_validate({"api_key": "correct horse"})

    assert "correct horse" not in repr(settings)


def test_a_key_says_who_has_it_and_what_it_opens() -> None:
    keyring = Keyring(FakeKeyBook(a_key("second", "crawler"), a_key("third", "desk")))
    asyncio.run(keyring.freshen(seconds=5))
    door = Door(loopback=False, key="first", keyring=keyring)

    callers = [
        door.admit("/v1/urls", {"host": "a.example", "authorization": f"Bearer {key}"})
        for key in ("first", "second", "third")
    ]

    assert [caller.name for caller in callers] == ["default", "crawler", "desk"]
    assert callers[0] == FIRST
    assert callers[1].scopes == {KeyScope.ENQUEUE, KeyScope.READ}
    assert refusal(door, {"authorization": "Bearer crawler"}) == (401, Code.KEY_REFUSED)


def test_the_first_key_opens_while_nobody_can_tell_of_others() -> None:
    book = FakeKeyBook(a_key("second"))
    book.is_away = True
    keyring = Keyring(book)
    asyncio.run(keyring.freshen(seconds=5))
    door = Door(loopback=False, key="first", keyring=keyring)

    assert refusal(door, {"authorization": "Bearer first"}) is None
    assert refusal(door, {"authorization": "Bearer second"}) == (503, Code.DATABASE_AWAY)


def test_a_key_that_has_ended_is_refused_and_is_no_guess() -> None:
    old = a_key("old", "crawler", ends_at=datetime(2025, 6, 17, tzinfo=UTC))
    keyring = Keyring(FakeKeyBook(old))
    asyncio.run(keyring.freshen(seconds=5))
    door = Door(loopback=False, key="correct horse", keyring=keyring, clock=Clock())

    said = [guess(door, "old") for _ in range(200)]

    assert {problem.code for problem in said if problem} == {Code.KEY_REFUSED}
    assert said[0] is not None
    assert "crawler" in said[0].detail
    assert guess(door, "correct horse") is None


def test_where_no_key_is_asked_for_one_tells_who_calls_and_any_other_tells_nothing() -> None:
    keyring = Keyring(FakeKeyBook(a_key("second", "crawler")))
    asyncio.run(keyring.freshen(seconds=5))
    door = Door(loopback=True, key=None, keyring=keyring)

    named = door.admit("/v1/urls", {"host": "localhost", "authorization": "Bearer second"})
    other = door.admit("/v1/urls", {"host": "localhost", "authorization": "Bearer x"})

    assert named.name == "crawler"
    assert other == LOCAL


def test_whoever_needs_no_key_is_called_default() -> None:
    assert LOOPBACK.admit("/v1/urls", {"host": "localhost"}).name == "default"
