"""What the sweep mends, however many hosts there are."""

import pytest

from newsmill_shared.database.engine import transaction
from newsmill_store.dispatcher import sweep
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_submission


def test_hosts_are_mended_a_few_at_a_time_until_all_have_been(
    ledger: LedgerUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_HOSTS_AT_ONCE", 2)
    ledger.accept(*(a_submission(f"https://{name}.example/") for name in "abcde"))
    ledger.sql("update host set in_flight = 7")

    after, mended = 0, []
    for _ in range(4):
        with transaction(ledger.engine) as connection:
            after = sweep.sweep_hosts(connection, after)
        mended.append(ledger.sql("select count(*) from host where not idle and in_flight = 0"))

    assert mended == [[(2,)], [(4,)], [(5,)], [(5,)]]
    assert after != 0


def test_held_jobs_whose_time_has_come_are_released_a_few_at_a_time_the_oldest_first(
    ledger: LedgerUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_RELEASED_AT_ONCE", 2)
    ledger.accept(*(a_submission(f"https://a.example/{number}") for number in range(3)))
    ledger.sql(
        "update job set state = 'held', held_until = now() - interval '1 s' * ascii(right(url, 1))"
    )

    with transaction(ledger.engine) as connection:
        sweep.release(connection)

    assert ledger.sql("select right(url, 1) from job where state = 'held'") == [("0",)]
    assert ledger.sql("select idle from host") == [(False,)]
