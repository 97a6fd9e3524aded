"""Conservation: everything accepted is either open or has its outcome."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

__all__ = ["Conservation", "conservation"]


@dataclass(frozen=True, slots=True)
class Conservation:
    """Counts from independent tables in one snapshot.

    ``accepted`` is the sum of the receipts; ``outcomes`` and ``open`` count finished jobs by
    outcome and open ones by state.
    """

    accepted: int
    outcomes: dict[str, int]
    open: dict[str, int]

    @property
    def unaccounted(self) -> int:
        """Jobs that were accepted and are nowhere: 0, or the ledger is broken."""
        return self.accepted - sum(self.outcomes.values()) - sum(self.open.values())

    def __str__(self) -> str:
        """Say it as one line: accepted N = stored ... unaccounted 0."""
        parts = [f"{name} {count}" for name, count in (self.outcomes | self.open).items()]
        return (
            f"accepted {self.accepted} = {' + '.join(parts) or '0'}; unaccounted {self.unaccounted}"
        )


def conservation(snapshot: Connection) -> Conservation:
    """Count, in a connection opened by ``reading`` (one REPEATABLE READ snapshot)."""
    accepted = snapshot.execute(text("select coalesce(sum(accepted), 0) from receipt")).scalar_one()
    outcomes = snapshot.execute(
        text("select outcome, count(*) from outcome group by outcome order by outcome")
    )
    states = snapshot.execute(text("select state, count(*) from job group by state order by state"))
    return Conservation(
        int(accepted),
        {row[0]: row[1] for row in outcomes},
        {row[0]: row[1] for row in states},
    )
