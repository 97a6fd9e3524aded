"""The dispatcher says why it sends nothing, and sends nothing on the last of a disk."""

from datetime import datetime

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.pauses import Scope, set_pause
from newsmill_shared.database.standing import HoldCause, read_holds
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_page, a_submission


def said(mill: Mill) -> dict[HoldCause, datetime]:
    with transaction(mill.ledger.engine) as connection:
        return {hold.cause: hold.since for hold in read_holds(connection)}


def test_nothing_is_sent_onto_a_disk_that_is_nearly_full_until_it_has_room(mill: Mill) -> None:
    page = a_page("https://b.example/", supplied=True)
    mill.ledger.accept(a_submission("https://a.example/"), a_submission(page.url, page=page))
    mill.around.free_bytes = 0

    mill.tick()
    sent = len(mill.fetches()), len(mill.pages())
    held = said(mill)
    mill.around.free_bytes = 2**40
    mill.around.ahead_seconds += 1
    mill.tick()

    assert sent == (0, 0)
    assert list(held) == [HoldCause.DISK]
    assert (len(mill.fetches()), len(mill.pages())) == (1, 1)
    assert said(mill) == {}


def test_a_hold_keeps_its_beginning_while_others_come_and_go(mill: Mill) -> None:
    with transaction(mill.ledger.engine) as connection:
        set_pause(connection, Scope.ALL, by="ana", reason="an upgrade")
    mill.tick()
    first = said(mill)

    mill.around.free_bytes = 0
    mill.around.ahead_seconds += 1
    mill.tick()
    later = said(mill)

    assert list(first) == [HoldCause.PAUSED]
    assert list(later) == [HoldCause.PAUSED, HoldCause.DISK]
    assert later[HoldCause.PAUSED] == first[HoldCause.PAUSED] < later[HoldCause.DISK]


def test_another_dispatcher_goes_on_with_what_was_said(mill: Mill) -> None:
    with transaction(mill.ledger.engine) as connection:
        set_pause(connection, Scope.ALL, by="ana", reason="an upgrade")
    mill.tick()
    before = said(mill)

    mill.dispatcher.disconnect()
    mill.tick()

    assert said(mill) == before
