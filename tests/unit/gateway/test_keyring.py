"""The keys as a gateway knows them: how old the copy may be, also while PostgreSQL is away."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsmill_gateway.keyring import (
    AWAY_SECONDS,
    FRESH_SECONDS,
    USES_SECONDS,
    KeyEndedError,
    Keyring,
)
from newsmill_shared.database.engine import DatabaseAwayError
from tests.support.keys import FakeKeyBook, a_key

START = datetime(2025, 6, 17, 18, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        """Return the time of day."""
        return START + timedelta(seconds=self.seconds)


def a_keyring(book: FakeKeyBook, clock: Clock) -> Keyring:
    return Keyring(book, clock=clock, now=clock.now)


def name_of(keyring: Keyring, secret: str) -> str | None:
    """Return who has a secret, as a request finds out."""
    asyncio.run(keyring.freshen(seconds=5))
    caller = keyring.find(secret)
    return caller.name if caller else None


def test_keys_are_read_once_however_many_ask_meanwhile() -> None:
    book, clock = FakeKeyBook(a_key("one")), Clock()
    keyring = a_keyring(book, clock)

    names = [name_of(keyring, secret) for secret in ("one", "two", "one")]

    assert names == ["desk", None, "desk"]
    assert book.reads == 1


def test_a_revoked_key_opens_nothing_after_the_copy_is_old() -> None:
    book, clock = FakeKeyBook(a_key("one")), Clock()
    keyring = a_keyring(book, clock)
    name_of(keyring, "one")

    book.keys[0] = replace(book.keys[0], ends_at=START)
    within = name_of(keyring, "one")
    clock.seconds += FRESH_SECONDS

    assert within == "desk"
    with pytest.raises(KeyEndedError, match=r"desk .* ended 2025-06-17 18:00 UTC"):
        name_of(keyring, "one")


def test_what_this_gateway_changes_counts_at_once() -> None:
    book, clock = FakeKeyBook(), Clock()
    keyring = a_keyring(book, clock)
    name_of(keyring, "one")

    book.keys.append(a_key("one"))
    keyring.forget()

    assert name_of(keyring, "one") == "desk"


def test_a_key_ends_by_the_clock_whatever_the_copy_says() -> None:
    clock = Clock()
    key = a_key("one", ends_at=START + timedelta(seconds=1))
    keyring = a_keyring(FakeKeyBook(key), clock)

    before = name_of(keyring, "one")
    clock.seconds += 1

    assert before == "desk"
    with pytest.raises(KeyEndedError):
        name_of(keyring, "one")
    assert keyring.holder(key.id) is None


def test_known_keys_go_on_for_a_while_when_the_database_is_away_and_no_longer() -> None:
    book, clock = FakeKeyBook(a_key("one")), Clock()
    keyring = a_keyring(book, clock)
    name_of(keyring, "one")
    book.is_away = True

    clock.seconds += AWAY_SECONDS - 1
    within = name_of(keyring, "one")
    clock.seconds += 1

    assert within == "desk"
    with pytest.raises(DatabaseAwayError):
        name_of(keyring, "one")
    assert keyring.holder(book.keys[0].id) is None
    book.is_away = False
    clock.seconds += FRESH_SECONDS
    assert name_of(keyring, "one") == "desk"


def test_a_database_that_is_away_is_asked_no_more_often_than_one_that_answers() -> None:
    book, clock = FakeKeyBook(a_key("one")), Clock()
    keyring = a_keyring(book, clock)
    name_of(keyring, "one")
    book.is_away = True
    clock.seconds += FRESH_SECONDS

    for _ in range(5):
        assert name_of(keyring, "one") == "desk"

    assert book.reads == 2


def test_uses_are_written_once_a_minute() -> None:
    key = a_key("one")
    book, clock = FakeKeyBook(key), Clock()
    keyring = a_keyring(book, clock)

    for second in range(3 * int(USES_SECONDS)):
        clock.seconds = float(second)
        name_of(keyring, "one")
        asyncio.run(keyring.write_uses())

    assert book.uses == [
        {key.id: START + timedelta(seconds=USES_SECONDS)},
        {key.id: START + timedelta(seconds=2 * USES_SECONDS)},
    ]
