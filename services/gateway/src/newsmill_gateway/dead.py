"""Jobs that died or failed, as operators ask for them, and whether a retry helps."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from newsmill_gateway.intake import Label, Line, Time
from newsmill_gateway.queries import Host
from newsmill_shared.database.dead import Act, Ended, Group, HostNow, Pace, Settled
from newsmill_shared.reasons import RULES, Outcome, Reason

__all__ = [
    "MOST_AT_ONCE",
    "DeadAnswer",
    "DeadFilter",
    "DeadGroup",
    "DeadGroups",
    "DeadJobs",
    "DeadQuery",
    "Discard",
    "Discarded",
    "GroupQuery",
    "Preview",
    "Retry",
    "RetryHelps",
    "RetryReceipt",
    "Sample",
    "helps",
]

MOST_AT_ONCE = 10_000
"""Jobs of one act."""

RetryHelps = Literal["yes", "perhaps", "later", "after_a_fix", "no"]
"""Whether a retry helps: the host answers again; nobody knows; it still has too much; not before
what is broken is mended, here or in the page; it says the same each time."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class DeadFilter(_Model):
    """Which jobs that died or failed."""

    outcome: Literal["dead", "failed"] | None = None
    """How they ended; left out: as ``reason`` leads to, without one ``dead``."""
    reason: Reason | None = None
    """Those that ended for this reason."""
    host: Host | None = None
    """Those whose URL is at this host, exactly."""
    label: Label | None = None
    """Those with this tag of their submitter."""
    stage: Literal["ingest", "enrich", "store"] | None = None
    """Those whose last attempt ended there."""
    since: Time | None = None
    """Those that ended at this time or later."""
    job: UUID | None = None
    """This one, dead or failed."""

    def ended(self, settled: Settled) -> Ended:
        """Return the filter as the ledger takes it."""
        given = self.model_dump(include=set(DeadFilter.model_fields))
        return Ended(**given, settled=settled)


class DeadQuery(DeadFilter):
    """Which jobs that died or failed, the newest first."""

    settled: Settled = Settled.NO
    """What was made of them: nothing yet (``no``), ``retried``, ``discarded``, or ``any``."""
    cursor: UUID | None = None
    """Where the page begins: ``next`` of the page before."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """So many at most."""


class GroupQuery(DeadFilter):
    """Which jobs that died or failed, to be counted by reason and host."""

    settled: Settled = Settled.NO
    """As for the list."""


class _Act(DeadFilter):
    limit: Annotated[int, Field(strict=True, ge=1, le=MOST_AT_ONCE)] = 1_000
    """So many at most, those that were accepted first."""
    dry_run: Annotated[bool, Field(strict=True)] = False
    """Only say what would be done."""
    by: Annotated[Line, Field(min_length=1, max_length=100)] = "loopback"
    """Who wants it."""
    why: Annotated[Line, Field(max_length=500)] = ""
    """Why, for whoever wonders."""

    @property
    def settled(self) -> Settled:
        """What may have been made of the jobs before."""
        return Settled.NO

    @property
    def act(self) -> Act:
        """Return the act as the ledger takes it."""
        return Act(wanted=self.ended(self.settled), by=self.by, reason=self.why)


class Retry(_Act):
    """Hand in again what died or failed: each becomes a new job."""

    per_second: Annotated[float, Field(gt=0, le=1_000)] = 10.0
    """So many begin in a second; hosts are asked at their own pace in any case."""
    again: Annotated[bool, Field(strict=True)] = False
    """Also what was retried or discarded before, unless its retry is under way."""
    fetch: Annotated[bool, Field(strict=True)] = False
    """Fetch again what was fetched already; else what is wrong with it may be ours alone."""

    @property
    def settled(self) -> Settled:
        """What may have been made of the jobs before."""
        return Settled.ANY if self.again else Settled.NO

    @property
    def pace(self) -> Pace:
        """Return how fast they come."""
        return Pace(self.limit, self.per_second)


class Discard(_Act):
    """Take jobs out of what is to be looked at; their outcome stays as it is."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, use_attribute_docstrings=True)


class DeadAnswer(_Answer):
    """A job that died or failed, and what was made of it."""

    job_id: UUID
    url: str
    host: str
    label: str | None
    outcome: Outcome
    reason: str
    detail: str
    stage: str | None
    """Where its last attempt ended; null if it had none."""
    tries: int
    losses: int
    accepted_at: AwareDatetime
    finished_at: AwareDatetime
    retry_of: UUID | None
    """The job that this one was a retry of."""
    settled: str | None
    """``retried`` or ``discarded``; null: nobody has dealt with it."""
    settled_by: str | None
    settled_at: AwareDatetime | None
    settled_reason: str | None
    retry_id: UUID | None
    """The job that is its retry,"""
    retry_state: str | None
    """and the outcome of that, or the state while it is open."""


class DeadJobs(_Answer):
    """Jobs that died or failed, the newest first."""

    jobs: tuple[DeadAnswer, ...]
    next: UUID | None
    """Ask with ``cursor`` = this for what follows; null at the end."""


class DeadGroup(_Answer):
    """Jobs of one host that ended for one reason, and what the host does now."""

    outcome: Outcome
    reason: str
    host: str
    jobs: int
    first_at: AwareDatetime
    last_at: AwareDatetime
    detail: str
    """What the last of them said."""
    sample: UUID
    """The last of them."""
    host_ended_well: int
    """Of the last 20 jobs of the host that ended, those that brought or confirmed a page;"""
    host_failed: int
    """and those that failed or died."""
    host_well_at: AwareDatetime | None
    """When the last of these ended well; null if none did."""
    host_backoff_seconds: float
    """How far its delay has grown because it had too much; 0 = not at all."""
    host_next_at: AwareDatetime | None
    host_paused: bool
    retry_helps: RetryHelps

    @classmethod
    def of(cls, group: Group, now: HostNow) -> "DeadGroup":
        """Return a group with its host."""
        return cls(
            outcome=Outcome(group.outcome),
            reason=group.reason,
            host=group.host,
            jobs=group.jobs,
            first_at=group.first_at,
            last_at=group.last_at,
            detail=group.detail,
            sample=group.sample,
            host_ended_well=now.ended_well,
            host_failed=now.failed,
            host_well_at=now.well_at,
            host_backoff_seconds=now.backoff_seconds,
            host_next_at=now.next_at,
            host_paused=now.paused,
            retry_helps=helps(group, now),
        )


class DeadGroups(_Answer):
    """What died or failed, by reason and host, the largest group first, 200 at most."""

    jobs: int
    """Of all groups; those that were accepted first are counted, 100,000 at most."""
    groups: tuple[DeadGroup, ...]


class Sample(_Answer):
    """One of the jobs that an act would take."""

    job_id: UUID
    url: str


class Preview(_Answer):
    """What an act would do; nothing was done."""

    dry_run: Literal[True] = True
    matching: int
    """Jobs that the filters fit, 100,000 at most,"""
    chosen: int
    """and so many of them would be taken."""
    seconds: float | None
    """From the first to the last retry."""
    groups: tuple[DeadGroup, ...]
    sample: tuple[Sample, ...]


class RetryReceipt(_Answer):
    """What was handed in again."""

    receipt: str
    """The idempotency key: the same request with it makes nothing more."""
    retried: int
    job_ids: tuple[UUID, ...]
    """The new jobs."""
    replayed: bool
    """This was answered before."""
    left: int
    """Jobs that the filters still fit, 100,000 at most."""


class Discarded(_Answer):
    """What was discarded."""

    discarded: int
    left: int
    """Jobs that the filters still fit, 100,000 at most."""


def helps(group: Group, now: HostNow) -> RetryHelps:
    """Say whether a retry of a group helps, from what its reason means and what the host does."""
    known = {reason.value: reason for reason in Reason}.get(group.reason)
    rule = RULES[known] if known else None
    if rule is None or rule.outcome is Outcome.DEAD:
        return "after_a_fix"
    if not rule.retried:
        return "no"
    if now.well_at is not None and now.well_at > group.last_at:
        return "yes"
    return "later" if now.backoff_seconds > 0 else "perhaps"
