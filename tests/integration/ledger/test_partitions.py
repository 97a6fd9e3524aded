"""What is kept of jobs lies by month, so that what is old can be dropped."""

from datetime import UTC, datetime

from newsmill_shared.database.attempts import (
    AttemptEnd,
    EndedAttempt,
    read_attempts,
    record_attempts,
)
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.partitions import first_id, make_partitions
from tests.integration.ledger.conftest import LedgerUnderTest

NOVEMBER = datetime(2031, 11, 25, 12, tzinfo=UTC)
CHRISTMAS = datetime(2031, 12, 25, tzinfo=UTC)


def partitions(ledger: LedgerUnderTest) -> list[tuple[object, ...]]:
    """Return the months of each table."""
    return ledger.sql(
        "select inhparent::regclass::text, inhrelid::regclass::text from pg_inherits "
        "where inhparent in ('outcome'::regclass, 'attempt'::regclass, 'settled'::regclass) "
        "and inhrelid::regclass::text ~ '[0-9]$' order by 1, 2"
    )


def test_what_is_kept_of_jobs_has_the_next_months_ahead(ledger: LedgerUnderTest) -> None:
    for _ in range(2):
        with transaction(ledger.engine) as connection:
            make_partitions(connection, NOVEMBER)

    assert partitions(ledger) == [
        ("attempt", "attempt_2031_12"),
        ("attempt", "attempt_2032_01"),
        ("outcome", "outcome_2031_12"),
        ("outcome", "outcome_2032_01"),
        ("settled", "settled_2031_12"),
        ("settled", "settled_2032_01"),
    ]


def test_an_attempt_lies_in_the_month_of_its_job_and_goes_with_it(ledger: LedgerUnderTest) -> None:
    job = first_id(CHRISTMAS)
    with transaction(ledger.engine) as connection:
        make_partitions(connection, NOVEMBER)
        ended = EndedAttempt(job_id=job, attempt=1, stage="ingest", ended=AttemptEnd.DONE)
        record_attempts(connection, [ended, ended])
    with reading(ledger.engine) as snapshot:
        before = read_attempts(snapshot, job)

    ledger.sql("drop table attempt_2031_12")

    with reading(ledger.engine) as snapshot:
        after = read_attempts(snapshot, job)
    assert [past.stage for past in before] == ["ingest"]
    assert after == ()
