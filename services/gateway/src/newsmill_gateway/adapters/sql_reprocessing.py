"""Runs that enrich stored pages again, in PostgreSQL."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import Engine

from newsmill_gateway.reprocessing import RunStep
from newsmill_shared.database.audit import record
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.rework_runs import (
    Filters,
    Run,
    Wanted,
    begin_run,
    count_matches,
    list_runs,
    read_run,
    set_run,
)

__all__ = ["SQLReprocessing"]


class SQLReprocessing:
    """Begins, stops and shows runs.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, run: UUID, wanted: Wanted) -> None:
        """Begin a run, once, and write down who did it."""
        with transaction(self._engine) as connection:
            if begin_run(connection, run, wanted) and wanted.sample is None:
                record(
                    connection,
                    "reprocess.begin",
                    f"run {run}",
                    by=wanted.by,
                    detail={"articles": wanted.filters.as_json(), "reason": wanted.reason},
                )

    def run(self, run: UUID) -> tuple[Run, int | None] | None:
        """Return a run, and of a preview how many articles match."""
        with reading(self._engine) as snapshot:
            found = read_run(snapshot, run)
            if found is None:
                return None
            counted = found.mode == "preview"
            return found, count_matches(snapshot, Filters.of(found.filters)) if counted else None

    def runs(self, *, limit: int) -> Sequence[Run]:
        """Return the newest runs."""
        with reading(self._engine) as snapshot:
            return list_runs(snapshot, limit=limit)

    def set(self, run: UUID, state: Literal["running", "stopped"], step: RunStep) -> bool:
        """Stop a run or let it go on, write down who did it; False if it has ended."""
        act = "reprocess.stop" if state == "stopped" else "reprocess.continue"
        with transaction(self._engine) as connection:
            done = set_run(connection, run, state)
            if done:
                record(connection, act, f"run {run}", by=step.by, detail={"reason": step.why})
            return done
