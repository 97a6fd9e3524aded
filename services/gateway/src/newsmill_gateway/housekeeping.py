"""What operators do with jobs and pages: look at what ended badly, retry, cancel, delete."""

import hashlib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Protocol
from uuid import UUID

from newsmill_gateway.cancelling import Cancel, Cancelled, Window, WindowStage
from newsmill_gateway.dead import (
    DeadAnswer,
    DeadGroup,
    DeadGroups,
    DeadJobs,
    DeadQuery,
    Discard,
    Discarded,
    GroupQuery,
    Preview,
    Retry,
    RetryReceipt,
    Sample,
)
from newsmill_gateway.deleting import Deletion, PageDeleted
from newsmill_gateway.ports import Waker
from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.queries import read_id
from newsmill_shared.database import dead
from newsmill_shared.database.accept import IdempotencyConflictError
from newsmill_shared.database.cancel import Step
from newsmill_shared.database.dead import COUNTED_MOST, DeadJob, Ended, Group, HostNow, Retried
from newsmill_shared.database.engine import DatabaseAwayError

__all__ = ["Housekeeping", "WorkRegister"]

_WAKE_MAX_JOBS = 1_000


class WorkRegister(Protocol):
    """Jobs in the ledger; every method raises `DatabaseAwayError` when that is away."""

    def ended(self, wanted: Ended, *, before: UUID | None, limit: int) -> Sequence[DeadJob]:
        """Return jobs that died or failed, the newest first."""
        ...

    def preview(
        self, wanted: Ended, *, limit: int
    ) -> tuple[dead.Preview, Sequence[tuple[Group, HostNow]]]:
        """Return what an act would take, by reason and host, with what the hosts do now."""
        ...

    def retry(self, retry: Retry, *, key: str, sha256: bytes) -> tuple[Retried, int]:
        """Hand in again, and return how many are left.

        Raises:
            IdempotencyConflictError: The key belongs to another request.
        """
        ...

    def discard(self, discard: Discard) -> tuple[int, int]:
        """Take jobs out of what is to be looked at; return how many, and how many are left."""
        ...

    def cancel(self, cancel: Cancel) -> Step:
        """Do one step."""
        ...

    def window(self) -> Sequence[Mapping[str, object]]:
        """Return what is under way, by stage."""
        ...

    def delete(self, article: UUID, deletion: Deletion) -> PageDeleted | None:
        """Delete a page, or say what would go; None if there never was one."""
        ...


class Housekeeping:
    """Answers operators. All methods block.

    Args:
        register: The ledger.
        waker: The way to the dispatcher.
    """

    def __init__(self, register: WorkRegister, waker: Waker) -> None:
        self._register = register
        self._waker = waker

    def dead(self, query: DeadQuery) -> DeadJobs:
        """Return a page of jobs that died or failed."""
        wanted = query.ended(query.settled)
        found = self._register.ended(wanted, before=query.cursor, limit=query.limit + 1)
        shown = found[: query.limit]
        return DeadJobs(
            jobs=tuple(map(DeadAnswer.model_validate, shown)),
            next=shown[-1].job_id if len(found) > len(shown) else None,
        )

    def groups(self, query: GroupQuery) -> DeadGroups:
        """Return what died or failed by reason and host."""
        found, groups = self._register.preview(query.ended(query.settled), limit=COUNTED_MOST)
        return DeadGroups(
            jobs=found.matching, groups=tuple(DeadGroup.of(group, now) for group, now in groups)
        )

    def preview(self, act: Retry | Discard) -> Preview:
        """Return what an act would do."""
        found, groups = self._register.preview(act.act.wanted, limit=act.limit)
        rate = act.per_second if isinstance(act, Retry) else None
        return Preview(
            matching=found.matching,
            chosen=found.chosen,
            seconds=max(found.chosen - 1, 0) / rate if rate else None,
            groups=tuple(DeadGroup.of(group, now) for group, now in groups),
            sample=tuple(Sample(job_id=job_id, url=url) for job_id, url in found.sample),
        )

    def retry(self, retry: Retry, *, key: str) -> RetryReceipt:
        """Hand in again what died or failed; the same call with the same key makes nothing more.

        Raises:
            ProblemError: 409; the key was used for another request.
            DatabaseAwayError: Perhaps it was done, perhaps not: the same call tells.
        """
        sha256 = hashlib.sha256(b"retry\n" + retry.model_dump_json().encode()).digest()
        try:
            try:
                done, left = self._register.retry(retry, key=key, sha256=sha256)
            except DatabaseAwayError:
                # Perhaps a COMMIT without an answer; the key makes the repetition harmless.
                done, left = self._register.retry(retry, key=key, sha256=sha256)
        except IdempotencyConflictError as error:
            raise ProblemError(
                HTTPStatus.CONFLICT, Code.IDEMPOTENCY_CONFLICT, str(error)
            ) from error
        if done.hosts and len(done.job_ids) <= _WAKE_MAX_JOBS:
            self._waker.wake(done.hosts)
        return RetryReceipt(
            receipt=key,
            retried=len(done.job_ids),
            job_ids=done.job_ids,
            replayed=done.replayed,
            left=left,
        )

    def discard(self, discard: Discard) -> Discarded:
        """Take jobs out of what is to be looked at."""
        discarded, left = self._register.discard(discard)
        return Discarded(discarded=discarded, left=left)

    def cancel(self, cancel: Cancel) -> Cancelled:
        """Cancel those that wait among the next open jobs."""
        return Cancelled.of(self._register.cancel(cancel), dry_run=cancel.dry_run)

    def delete(self, article_id: str, deletion: Deletion) -> PageDeleted:
        """Delete a page; one that was deleted before is deleted.

        Raises:
            ProblemError: 404 or 422.
        """
        deleted = self._register.delete(read_id(article_id), deletion)
        if deleted is None:
            raise ProblemError(
                HTTPStatus.NOT_FOUND, Code.NOT_FOUND, "there is no article with this id"
            )
        return deleted

    def window(self) -> Window:
        """Return what is under way."""
        stages = tuple(WindowStage.model_validate(dict(row)) for row in self._register.window())
        return Window(running=sum(stage.jobs for stage in stages), stages=stages)
