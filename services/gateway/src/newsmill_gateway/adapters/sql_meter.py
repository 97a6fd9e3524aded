"""The figures of the ledger, each at a bounded cost or given up soon."""

from sqlalchemy import Engine, text

from newsmill_gateway.metrics import Flow
from newsmill_shared.database.conservation import Conservation, conservation
from newsmill_shared.database.dead import count_unsettled
from newsmill_shared.database.engine import reading
from newsmill_shared.database.events import last_position
from newsmill_shared.database.tallies import read_totals

__all__ = ["SQLMeter"]

_LIMIT = text("set local statement_timeout = '2s'")

# The window bounds what runs.
_RUNNING = text("""
select stage, count(*) as jobs, extract(epoch from now() - min(dispatched_at)) as age
from job where state = 'running' and stage is not null group by stage
""")
# The oldest are few and run or are held: behind them comes one that waits.
_OLDEST_WAITING = text("""
select extract(epoch from now() - accepted_at) from (
  select state, accepted_at from job order by id limit 5000) as oldest
where state = 'waiting' limit 1
""")
_UNNUMBERED = text("""
select count(*) from (select from event where position is null limit 10000) as new
""")


class SQLMeter:
    """Reads figures.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def flow(self) -> Flow:
        """Return what moves; raises DatabaseAwayError."""
        with reading(self._engine) as snapshot:
            snapshot.execute(_LIMIT)
            running = snapshot.execute(_RUNNING).all()
            waiting = snapshot.execute(_OLDEST_WAITING).scalar()
            return Flow(
                in_flight={row.stage: row.jobs for row in running},
                oldest={
                    "waiting": float(waiting or 0),
                    **{row.stage: float(row.age or 0) for row in running},
                },
                position=last_position(snapshot),
                unnumbered=int(snapshot.execute(_UNNUMBERED).scalar_one()),
                dead_unsettled=count_unsettled(snapshot),
                totals=read_totals(snapshot),
            )

    def conservation(self) -> Conservation:
        """Count what was accepted and what became of it; raises DatabaseAwayError."""
        with reading(self._engine) as snapshot:
            snapshot.execute(_LIMIT)
            return conservation(snapshot)
