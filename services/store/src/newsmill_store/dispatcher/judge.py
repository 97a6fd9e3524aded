"""Whether a running attempt is lost: it is gone only when it is nowhere."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from uuid import UUID

from newsmill_shared.queue.claims import ClaimKey, Holder

__all__ = ["Attempt", "Judgement", "RunningJob", "judge"]

Attempt = tuple[UUID, int]

_LONGEST_HOLD_MS = 120_000


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that the ledger says runs."""

    job_id: UUID
    attempt: int
    stage: str
    suspect: bool

    @property
    def key(self) -> Attempt:
        """Which attempt runs."""
        return self.job_id, self.attempt

    @property
    def claim(self) -> ClaimKey:
        """Where its claim would be."""
        return self.stage, self.job_id, self.attempt


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a sweep found."""

    lost: frozenset[Attempt]
    """Ended with its process, and counts as a loss of this job."""
    suspects: frozenset[Attempt]
    """Ended with its process in company: which of them was the cause is not known."""
    nowhere: frozenset[Attempt]
    """In no list and in no living hand; back at no cost when it is so twice."""


def judge(
    jobs: Iterable[RunningJob],
    *,
    queued: Set[Attempt],
    holders: Mapping[ClaimKey, Holder],
    living: Set[str],
    now_ms: int,
) -> Judgement:
    """Tell which of these jobs are gone.

    No stage holds an attempt for two minutes: a living process that seems to has forgotten it,
    or could not say that it let go. A process that died takes all its claims with it. Its only
    job, or its only suspect, bears the loss; otherwise all become suspects, of which at most one
    runs at a time, so that a page that kills its worker is found and no bystander falls with it.
    """
    nowhere: set[Attempt] = set()
    fallen: dict[str, list[RunningJob]] = defaultdict(list)
    for job in jobs:
        if job.key in queued:
            continue
        holder = holders.get(job.claim)
        if holder is None:
            nowhere.add(job.key)
        elif holder.incarnation not in living:
            fallen[holder.incarnation].append(job)
        elif now_ms - holder.since_ms > _LONGEST_HOLD_MS:
            nowhere.add(job.key)
    lost: set[Attempt] = set()
    suspects: set[Attempt] = set()
    for group in fallen.values():
        blamed = group if len(group) == 1 else [job for job in group if job.suspect]
        if len(blamed) == 1:
            lost.add(blamed[0].key)
        suspects.update(job.key for job in group if job.key not in lost)
    return Judgement(frozenset(lost), frozenset(suspects), frozenset(nowhere))
