"""A ledger on a real PostgreSQL, and short words for what tests do with it."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from newsmill_shared.database.accept import DEFAULT_SUBMITTER, Submission, accept
from newsmill_shared.database.conservation import Conservation, conservation
from newsmill_shared.database.engine import make_engine, reading, transaction
from newsmill_shared.database.finish import Ending, Finished, finish
from newsmill_shared.identity import new_id
from newsmill_shared.messages import ArticleEnriched


class LedgerUnderTest:
    """Accepts, finishes and looks, each in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def accept(
        self,
        *submissions: Submission,
        delay: float = 0.1,
        submitter: str = DEFAULT_SUBMITTER,
        quota: int | None = None,
    ) -> list[UUID]:
        """Accept these and return their job ids."""
        with transaction(self.engine) as connection:
            accepted = accept(
                connection,
                submissions,
                key=str(new_id()),
                request_sha256=b"request",
                host_delay_seconds=delay,
                submitter=submitter,
                quota=quota,
            )
        return list(accepted.job_ids)

    def running(self, *submissions: Submission, submitter: str = DEFAULT_SUBMITTER) -> list[UUID]:
        """Accept these and let them run, as their first attempt."""
        jobs = self.accept(*submissions, submitter=submitter)
        self.sql("update job set state = 'running', stage = 'ingest', attempt = 1")
        return jobs

    def finish(self, *results: ArticleEnriched | Ending) -> list[Finished]:
        """Finish with these results."""
        with transaction(self.engine) as connection:
            return finish(connection, results)

    def conservation(self) -> Conservation:
        """Count."""
        with reading(self.engine) as snapshot:
            return conservation(snapshot)

    def sql(self, statement: str, **parameters: object) -> list[tuple[object, ...]]:
        """Run one statement and return its rows."""
        with transaction(self.engine) as connection:
            result = connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []


@pytest.fixture
def ledger(database_url: str) -> Iterator[LedgerUnderTest]:
    """An empty ledger."""
    engine = make_engine(database_url, name="test")
    yield LedgerUnderTest(engine)
    engine.dispose()
