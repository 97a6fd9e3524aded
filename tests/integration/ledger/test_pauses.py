"""Pauses as the ledger keeps them: set, listed, lifted, over."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.pauses import Scope, lift_pause, list_pauses, set_pause
from tests.integration.ledger.conftest import LedgerUnderTest


@pytest.fixture
def connection(ledger: LedgerUnderTest) -> Iterator[Connection]:
    """A transaction; its time does not move."""
    with transaction(ledger.engine) as connection:
        yield connection


def test_a_pause_says_what_is_stopped_by_whom_why_and_since_when(connection: Connection) -> None:
    pause = set_pause(connection, Scope.HOST, "paper.example", by="ana", reason="they asked")

    assert (pause.scope, pause.value, pause.by) == (Scope.HOST, "paper.example", "ana")
    assert (pause.reason, pause.until) == ("they asked", None)
    assert list_pauses(connection) == [pause]


def test_a_pause_with_an_end_is_over_then(connection: Connection) -> None:
    set_pause(connection, Scope.ALL, by="ana", reason="an upgrade", seconds=-1)

    assert list_pauses(connection) == []


def test_setting_a_pause_again_changes_its_reason_and_end_but_not_its_beginning(
    ledger: LedgerUnderTest,
) -> None:
    with transaction(ledger.engine) as connection:
        first = set_pause(connection, Scope.STAGE, "enrich", by="ana", reason="slow")

    with transaction(ledger.engine) as connection:
        again = set_pause(connection, Scope.STAGE, "enrich", by="ana", reason="worse", seconds=60)
        listed = list_pauses(connection)

    assert listed == [again]
    assert (again.reason, again.since) == ("worse", first.since)
    assert again.until is not None


def test_a_pause_that_was_over_begins_anew_when_it_is_set_again(ledger: LedgerUnderTest) -> None:
    with transaction(ledger.engine) as connection:
        first = set_pause(connection, Scope.ALL, by="ana", reason="", seconds=-1)

    with transaction(ledger.engine) as connection:
        again = set_pause(connection, Scope.ALL, by="ana", reason="")

    assert again.since > first.since


def test_what_two_hands_stopped_stays_stopped_until_both_let_go(connection: Connection) -> None:
    mine = set_pause(connection, Scope.STAGE, "ingest", by="ana", reason="maintenance")
    set_pause(connection, Scope.STAGE, "ingest", by="newsmill", reason="everything fails")

    lifted = lift_pause(connection, Scope.STAGE, "ingest", by="newsmill")

    assert lifted == 1
    assert list_pauses(connection) == [mine]


def test_lifting_a_pause_without_naming_a_hand_ends_it_whoever_set_it(
    connection: Connection,
) -> None:
    set_pause(connection, Scope.LABEL, "backfill", by="ana", reason="")
    set_pause(connection, Scope.LABEL, "backfill", by="newsmill", reason="")
    set_pause(connection, Scope.LABEL, "another", by="ana", reason="")

    assert lift_pause(connection, Scope.LABEL, "backfill") == 2
    assert [pause.value for pause in list_pauses(connection)] == ["another"]
    assert lift_pause(connection, Scope.LABEL, "backfill") == 0


@pytest.mark.parametrize(
    ("scope", "value"), [(Scope.STAGE, "gateway"), (Scope.ALL, "x"), (Scope.HOST, "")]
)
def test_a_pause_must_name_something_that_there_is(
    ledger: LedgerUnderTest, scope: Scope, value: str
) -> None:
    with pytest.raises(IntegrityError), transaction(ledger.engine) as connection:
        set_pause(connection, scope, value, by="ana", reason="")
