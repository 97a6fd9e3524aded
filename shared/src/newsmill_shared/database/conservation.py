"""Conservation: everything accepted is either open or has its outcome."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, text

__all__ = ["Conservation", "conservation"]


# Totals grow in the transaction that numbers events; what it has not seen yet is few.
_ACCEPTED = text("""
select coalesce((select count from total where kind = 'accepted'), 0)
     + coalesce((select sum(accepted) from receipt where not counted), 0)
""")
_OUTCOMES = text("""
select kind, reason, cast(sum(count) as bigint) from (
  select kind, reason, count from total where kind <> 'accepted'
  union all
  select kind, reason, count(*) from event
  where position is null and job_id is not null group by kind, reason) as ended
group by kind, reason order by kind, reason
""")
_OPEN = text("select state, count(*) from job group by state order by state")


@dataclass(frozen=True, slots=True)
class Conservation:
    """Counts from independent tables in one snapshot.

    ``accepted`` is the sum of the receipts; ``reasons`` counts finished jobs by outcome and
    reason, ``open`` those that are open by state.
    """

    accepted: int
    reasons: dict[tuple[str, str], int]
    open: dict[str, int]

    @property
    def outcomes(self) -> dict[str, int]:
        """Finished jobs by outcome."""
        counts: Counter[str] = Counter()
        for (outcome, _), count in self.reasons.items():
            counts[outcome] += count
        return dict(counts)

    @property
    def unaccounted(self) -> int:
        """Jobs that were accepted and are nowhere: 0, or the ledger is broken."""
        return self.accepted - sum(self.reasons.values()) - sum(self.open.values())

    def __str__(self) -> str:
        """Say it as one line: accepted N = stored ... unaccounted 0."""
        parts = [f"{name} {count}" for name, count in (self.outcomes | self.open).items()]
        return (
            f"accepted {self.accepted} = {' + '.join(parts) or '0'}; unaccounted {self.unaccounted}"
        )


def conservation(snapshot: Connection) -> Conservation:
    """Count, in a connection opened by ``reading`` (one REPEATABLE READ snapshot).

    What has ended costs the same however much it is; what is open is counted row by row.
    """
    return Conservation(
        int(snapshot.execute(_ACCEPTED).scalar_one()),
        {(row[0], row[1]): row[2] for row in snapshot.execute(_OUTCOMES)},
        {row[0]: row[1] for row in snapshot.execute(_OPEN)},
    )
