"""What was held back and is let go waits since then, not since it was handed in."""

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.looking import DatabaseLook
from newsmill_shared.diagnosis.snapshot import Away, Ledger
from newsmill_store.dispatcher.sweep import release
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_submission


def seen(ledger: LedgerUnderTest) -> Ledger:
    """Return what a diagnosis is made of."""
    found = DatabaseLook(ledger.engine).look()
    assert not isinstance(found, Away)
    assert isinstance(found.ledger, Ledger)
    return found.ledger


def test_a_job_let_go_after_hours_of_back_off_is_due_since_now(ledger: LedgerUnderTest) -> None:
    ledger.accept(a_submission())
    ledger.sql(
        "update job set accepted_at = now() - interval '6 hours', state = 'held', tries = 1,"
        " dispatched_at = now() - interval '5 hours', held_until = now() - interval '1 second'"
    )
    ledger.sql("update host set next_at = now() - interval '5 hours'")

    with transaction(ledger.engine) as connection:
        release(connection)

    look = seen(ledger)
    assert look.backlog is not None
    assert look.backlog.due == 1
    assert look.backlog.due_since is not None
    assert (look.now - look.backlog.due_since).total_seconds() < 60


def test_a_job_that_nobody_sends_is_due_since_it_was_handed_in(ledger: LedgerUnderTest) -> None:
    ledger.accept(a_submission())
    ledger.sql("update job set accepted_at = now() - interval '6 hours'")
    ledger.sql("update host set next_at = now() - interval '7 hours'")

    look = seen(ledger)

    assert look.backlog is not None
    assert look.backlog.due_since is not None
    assert (look.now - look.backlog.due_since).total_seconds() > 5 * 3600
