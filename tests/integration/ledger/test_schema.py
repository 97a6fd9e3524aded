"""The migrations and the tables in code agree."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from newsmill_shared.database.migrate import current_revision, is_current, migrate
from newsmill_shared.database.schema import metadata
from tests.integration.ledger.conftest import LedgerUnderTest


def test_the_migrated_database_has_the_tables_and_columns_that_the_code_names(
    ledger: LedgerUnderTest,
) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _thing, name, kind, *_: (
                    kind in ("table", "column")
                    and not str(name).startswith(("outcome_", "attempt_", "alembic_"))
                ),
            },
        )

        differences = compare_metadata(context, metadata)

    assert differences == []


def test_migrating_twice_changes_nothing(ledger: LedgerUnderTest, database_url: str) -> None:
    before = current_revision(ledger.engine)

    after = migrate(database_url)

    assert after == before
    assert is_current(ledger.engine)
