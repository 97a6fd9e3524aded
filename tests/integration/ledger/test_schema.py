"""The migrations and the tables in code agree."""

import re
import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import newsmill_shared.database
from newsmill_shared.database.engine import transaction
from newsmill_shared.database.migrate import SchemaError, current_revision, is_current, migrate
from newsmill_shared.database.pauses import Scope, set_pause
from newsmill_shared.database.schema import metadata
from tests.integration.ledger.conftest import LedgerUnderTest

MIGRATIONS = Path(newsmill_shared.database.__file__).parent / "migrations"


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
                    and not str(name).startswith(("outcome_", "attempt_", "settled_", "alembic_"))
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


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A folder with our migrations, to which a test adds."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def add_contraction(migrations: Path, after: str) -> None:
    """Add a migration that removes a column."""
    (migrations / "versions" / "9999_contract.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision = '9999', {after!r}\n"
        "removes = ('pause.reason', 'pause.never_was', 'never_was')\n"
        "def upgrade():\n"
        "    op.execute('alter table pause drop column reason')\n"
    )


def test_a_schema_that_is_newer_than_the_code_is_left_alone(
    ledger: LedgerUnderTest, database_url: str, migrations: Path
) -> None:
    add_contraction(migrations, str(current_revision(ledger.engine)))
    migrate(database_url, migrations=migrations)

    with pytest.raises(SchemaError, match=r"at schema 9999, newer than .* restore a backup"):
        migrate(database_url)

    assert current_revision(ledger.engine) == "9999"


def test_code_of_the_version_before_goes_on_with_a_newer_schema(
    ledger: LedgerUnderTest, database_url: str, migrations: Path
) -> None:
    add_contraction(migrations, str(current_revision(ledger.engine)))

    migrate(database_url, migrations=migrations)

    assert is_current(ledger.engine)


def test_a_schema_that_lacks_a_migration_is_not_current(ledger: LedgerUnderTest) -> None:
    with transaction(ledger.engine) as connection:
        connection.execute(text("update alembic_version set version_num = '0001'"))

    assert not is_current(ledger.engine)


def test_data_is_removed_only_by_who_says_so(
    ledger: LedgerUnderTest, database_url: str, migrations: Path
) -> None:
    before = current_revision(ledger.engine)
    add_contraction(migrations, str(before))
    with transaction(ledger.engine) as connection:
        set_pause(connection, Scope.ALL, by="ana", reason="they asked")

    with pytest.raises(SchemaError, match=r"without pause\.reason, which hold data"):
        migrate(database_url, migrations=migrations)
    refused = current_revision(ledger.engine)
    migrate(database_url, migrations=migrations, allow_loss=True, by="ana")

    assert refused == before
    assert current_revision(ledger.engine) == "9999"
    assert ledger.sql("select actor, detail->>'to' from audit order by id desc limit 1") == [
        ("ana", "9999")
    ]


def test_whatever_a_migration_removes_it_names() -> None:
    removing = re.compile(
        r"\b(?:drop\s+(?:table|column)|truncate|delete\s+from|rename\s+(?:column|to)"
        r"|alter\s+column\s+\w+\s+type)\b"
    )

    silent = [
        path.name
        for path in sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))
        if removing.search(path.read_text()) and "\nremoves = " not in path.read_text()
    ]

    assert silent == []
