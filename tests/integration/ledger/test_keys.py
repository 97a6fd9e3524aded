"""API keys in the ledger: what is kept of them, and how they end."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.keys import (
    KeyActError,
    KeyRecord,
    create_key,
    end_keys,
    list_keys,
    new_secret,
    note_uses,
    rotate_key,
)
from newsmill_shared.key_scopes import KeyScope
from tests.integration.ledger.conftest import LedgerUnderTest

SCOPES = (KeyScope.ENQUEUE, KeyScope.READ)
DAY = 86_400.0


def created(engine: Engine, name: str = "desk", *, seconds: float | None = None) -> KeyRecord:
    with transaction(engine) as connection:
        return create_key(
            connection, name, SCOPES, secret=new_secret(), by="operator", seconds=seconds
        )


def rotated(engine: Engine, name: str = "desk") -> tuple[KeyRecord, KeyRecord]:
    with transaction(engine) as connection:
        return rotate_key(connection, name, secret=new_secret(), by="operator", keep_seconds=DAY)


def live(engine: Engine) -> list[str]:
    with transaction(engine) as connection:
        now = datetime.now(UTC)
        return [key.id for key in list_keys(connection) if key.is_live(now)]


def test_a_secret_is_not_in_the_ledger(ledger: LedgerUnderTest) -> None:
    secret = new_secret()

    with transaction(ledger.engine) as connection:
        create_key(connection, "desk", SCOPES, secret=secret, by="operator")

    [(row,)] = ledger.sql("select cast(api_key as text) from api_key")
    assert secret not in str(row)
    assert len(secret) > 43


def test_a_name_has_one_key_until_it_is_rotated(ledger: LedgerUnderTest) -> None:
    created(ledger.engine)

    with pytest.raises(KeyActError, match="desk has a key"):
        created(ledger.engine)


def test_while_a_key_is_rotated_two_secrets_are_live_and_never_three(
    ledger: LedgerUnderTest,
) -> None:
    first = created(ledger.engine)

    old, new = rotated(ledger.engine)

    assert old.id == first.id
    assert old.ends_at is not None
    assert abs(old.ends_at - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=1)
    assert (new.name, new.scopes, new.ends_at) == ("desk", tuple(sorted(SCOPES)), None)
    assert set(live(ledger.engine)) == {old.id, new.id}
    with pytest.raises(KeyActError, match=f"{old.id} lives until"):
        rotated(ledger.engine)


def test_rotation_keeps_the_end_that_a_key_has_and_gives_the_new_one_as_long_a_life(
    ledger: LedgerUnderTest,
) -> None:
    first = created(ledger.engine, seconds=DAY / 2)

    old, new = rotated(ledger.engine)

    assert old.ends_at == first.ends_at
    assert new.ends_at is not None
    assert abs(new.ends_at - new.created_at - timedelta(hours=12)) < timedelta(seconds=1)


def test_what_is_revoked_has_ended(ledger: LedgerUnderTest) -> None:
    created(ledger.engine)
    old, new = rotated(ledger.engine)

    with transaction(ledger.engine) as connection:
        one = end_keys(connection, "desk", id_=old.id)
    left = live(ledger.engine)
    with transaction(ledger.engine) as connection:
        other = end_keys(connection, "desk")

    assert ([key.id for key in one], left) == ([old.id], [new.id])
    assert [key.id for key in other] == [new.id]
    assert live(ledger.engine) == []
    with transaction(ledger.engine) as connection:
        assert len(list_keys(connection)) == 2
        with pytest.raises(KeyActError, match="no key desk is live"):
            end_keys(connection, "desk")


def test_a_use_never_goes_back(ledger: LedgerUnderTest) -> None:
    key = created(ledger.engine)
    now = datetime.now(UTC)

    for at in (now, now - timedelta(minutes=5)):
        with transaction(ledger.engine) as connection:
            note_uses(connection, {key.id: at, "unknown": at})

    with transaction(ledger.engine) as connection:
        assert [found.used_at for found in list_keys(connection)] == [now]
