"""Cancelling work that waits, and what is under way: as operators ask for it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from newsmill_gateway.intake import Label, Line, Time
from newsmill_gateway.queries import Host
from newsmill_shared.database.cancel import Chosen, Step

__all__ = ["Cancel", "Cancelled", "Window", "WindowStage"]


class Cancel(BaseModel):
    """Cancel jobs that wait: a step of at most 2,000 open jobs that are looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    job: UUID | None = None
    """This one."""
    label: Label | None = None
    """Those with this tag of their submitter."""
    host: Host | None = None
    """Those whose URL is at this host, exactly. What is given must all fit."""
    accepted_before: Time | None = None
    """Those that were accepted until then; left out: until now."""
    cursor: UUID | None = None
    """Where the step begins: ``next`` of the step before."""
    dry_run: Annotated[bool, Field(strict=True)] = False
    """Only say what would be done."""
    by: Annotated[Line, Field(min_length=1, max_length=100)] = "loopback"
    """Who wants it."""
    why: Annotated[Line, Field(max_length=500)] = ""
    """Why: whoever had handed them in reads it with the job."""

    @model_validator(mode="after")
    def _names_something(self) -> "Cancel":
        if self.job is None and self.label is None and self.host is None:
            raise ValueError("name a job, a label or a host")
        return self

    @property
    def chosen(self) -> Chosen:
        """Return the filter as the ledger takes it."""
        return Chosen(
            job=self.job,
            label=self.label,
            host=self.host,
            accepted_before=self.accepted_before,
        )

    @property
    def subject(self) -> str:
        """What these are, for the audit: a host's name alone, as all that is done to it has it."""
        if self.job is not None:
            return f"job {self.job}"
        return self.host or f"label {self.label}"

    @property
    def detail(self) -> str:
        """What the outcome of a cancelled job says."""
        return f"by {self.by}: {self.why}" if self.why else f"by {self.by}"


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class SampleJob(_Answer):
    """One of the jobs."""

    job_id: UUID
    url: str


class Cancelled(_Answer):
    """What a step has done, or would."""

    dry_run: bool
    cancelled: int
    """Jobs that waited, and ended ``skipped`` for ``cancelled``;"""
    running: int
    """that run, and end as they will."""
    sample: tuple[SampleJob, ...]
    """Some of those that waited."""
    accepted_before: AwareDatetime
    """Send this with the next step,"""
    next: UUID | None
    """and this as ``cursor``; null: this was the last."""

    @classmethod
    def of(cls, step: Step, *, dry_run: bool) -> "Cancelled":
        """Return what is said of a step."""
        return cls(
            dry_run=dry_run,
            cancelled=step.waiting,
            running=step.running,
            sample=tuple(SampleJob(job_id=job_id, url=url) for job_id, url in step.sample),
            accepted_before=step.accepted_before,
            next=step.next,
        )


class WindowStage(_Answer):
    """What was sent to a stage, or is on its way from there, and has not ended."""

    stage: Literal["ingest", "enrich", "reprocess"]
    """``enrich`` until it is stored; ``reprocess``: stored pages that are enriched again."""
    jobs: int
    oldest_seconds: float
    """Since the oldest was sent."""
    oldest_job: UUID | None
    """Null for a stored page, which has none."""
    oldest_url: str


class Window(_Answer):
    """Work that was sent to workers and has not come back."""

    running: int
    stages: tuple[WindowStage, ...]
