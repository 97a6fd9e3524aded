"""What operators ask of jobs that ended or wait, how it is read, and whether a retry helps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from newsmill_gateway.cancelling import Cancel
from newsmill_gateway.dead import DeadQuery, Discard, Retry, RetryHelps, helps
from newsmill_gateway.deleting import Deletion, PageDeleted
from newsmill_gateway.housekeeping import Housekeeping
from newsmill_gateway.problems import ProblemError
from newsmill_shared.database import dead
from newsmill_shared.database.accept import IdempotencyConflictError
from newsmill_shared.database.cancel import Step
from newsmill_shared.database.dead import DeadJob, Ended, Group, HostNow, Pace, Retried, Settled
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.reasons import RULES, Outcome, Reason
from tests.unit.gateway.test_gateway import FakeWaker

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SILENT = HostNow(0, None, paused=False, ended_well=0, failed=20, well_at=None)


def a_group(reason: str = "timeout") -> Group:
    return Group("failed", reason, "paper.example", 1, 3, NOON, NOON, "so", UUID(int=9))


def a_dead_job(number: int) -> DeadJob:
    return DeadJob(
        job_id=UUID(int=number),
        url="https://paper.example/story",
        host="paper.example",
        label=None,
        outcome="dead",
        reason="memory",
        detail="",
        stage="enrich",
        tries=0,
        losses=3,
        accepted_at=NOON,
        finished_at=NOON,
        retry_of=None,
        settled=None,
        settled_by=None,
        settled_at=None,
        settled_reason=None,
        retry_id=None,
        retry_state=None,
    )


class FakeWork:
    """Jobs in memory; remembers what was retried by key."""

    def __init__(self, *, away: int = 0) -> None:
        self.retried: dict[str, bytes] = {}
        self._away = away

    def ended(self, wanted: Ended, *, before: UUID | None, limit: int) -> Sequence[DeadJob]:
        jobs = [a_dead_job(number) for number in (3, 2, 1)]
        return [job for job in jobs if before is None or job.job_id < before][:limit]

    def preview(
        self, wanted: Ended, *, limit: int
    ) -> tuple[dead.Preview, Sequence[tuple[Group, HostNow]]]:
        group = a_group()
        sample = ((group.sample, "https://paper.example/story"),)
        return dead.Preview(31, min(limit, 31), (group,), sample), [(group, SILENT)]

    def retry(self, retry: Retry, *, key: str, sha256: bytes) -> tuple[Retried, int]:
        replayed = key in self.retried
        if self.retried.setdefault(key, sha256) != sha256:
            raise IdempotencyConflictError("another request")
        if self._away:
            self._away -= 1
            raise DatabaseAwayError("a COMMIT without an answer")
        return Retried((UUID(int=1),), () if replayed else (4,), replayed), 0

    def discard(self, discard: Discard) -> tuple[int, int]:
        return discard.limit, 0

    def cancel(self, cancel: Cancel) -> Step:
        return Step(1, 0, (), NOON, None)

    def delete(self, article: UUID, deletion: Deletion) -> PageDeleted | None:
        return None

    def window(self) -> Sequence[Mapping[str, object]]:
        oldest = {"oldest_job": UUID(int=1), "oldest_url": "https://a.example/", "jobs": 2}
        return [
            {"stage": "ingest", "oldest_seconds": 1.5, **oldest},
            {"stage": "enrich", "oldest_seconds": 2.5, **oldest},
        ]


@pytest.mark.parametrize(
    ("reason", "now", "expected"),
    [
        ("timeout", SILENT, "perhaps"),
        ("timeout", replace(SILENT, backoff_seconds=8), "later"),
        ("timeout", replace(SILENT, well_at=NOON + timedelta(minutes=1)), "yes"),
        ("timeout", replace(SILENT, well_at=NOON - timedelta(minutes=1)), "perhaps"),
        ("http_404", replace(SILENT, well_at=NOON + timedelta(minutes=1)), "no"),
        ("worker_lost", replace(SILENT, well_at=NOON + timedelta(minutes=1)), "after_a_fix"),
    ],
)
def test_whether_a_retry_helps_follows_from_the_reason_and_the_host(
    reason: str, now: HostNow, expected: RetryHelps
) -> None:
    assert helps(a_group(reason), now) == expected


@pytest.mark.parametrize("reason", Reason)
def test_a_defect_is_never_said_to_mend_itself(reason: Reason) -> None:
    well = replace(SILENT, well_at=NOON + timedelta(minutes=1))

    assert (helps(a_group(reason), well) == "after_a_fix") == (
        RULES[reason].outcome is Outcome.DEAD
    )


def test_a_list_says_where_it_goes_on() -> None:
    work = Housekeeping(FakeWork(), FakeWaker())

    page = work.dead(DeadQuery(limit=2))
    rest = work.dead(DeadQuery(limit=2, cursor=page.next))

    assert [job.job_id.int for job in page.jobs + rest.jobs] == [3, 2, 1]
    assert rest.next is None


def test_what_is_looked_for_follows_from_the_reason() -> None:
    assert DeadQuery().ended(Settled.NO).wanted == "dead"
    assert DeadQuery(reason=Reason.TIMEOUT).ended(Settled.NO).wanted == "failed"
    assert DeadQuery(job=UUID(int=1)).ended(Settled.NO).wanted is None


def test_a_preview_says_how_long_the_retries_take() -> None:
    preview = Housekeeping(FakeWork(), FakeWaker()).preview(Retry(per_second=2, limit=21))

    assert (preview.matching, preview.chosen, preview.seconds) == (31, 21, 10.0)
    assert preview.groups[0].retry_helps == "perhaps"


def test_a_retry_without_an_answer_is_asked_for_again_and_made_once() -> None:
    register, waker = FakeWork(away=1), FakeWaker()

    receipt = Housekeeping(register, waker).retry(Retry(), key="a-key")

    assert (receipt.receipt, receipt.retried, receipt.replayed) == ("a-key", 1, True)
    assert list(register.retried) == ["a-key"]


def test_a_key_of_another_retry_is_a_conflict() -> None:
    work = Housekeeping(FakeWork(), FakeWaker())
    work.retry(Retry(), key="a-key")

    with pytest.raises(ProblemError) as refused:
        work.retry(Retry(limit=5), key="a-key")

    assert refused.value.code == "idempotency_conflict"


def test_what_is_under_way_is_added_up() -> None:
    window = Housekeeping(FakeWork(), FakeWaker()).window()

    assert (window.running, [stage.stage for stage in window.stages]) == (4, ["ingest", "enrich"])


@pytest.mark.parametrize(
    ("number", "seconds"), [(0, None), (1, None), (2, 1.0), (3, 1.5), (100, 50.0)]
)
def test_retries_are_spread_evenly(number: int, seconds: float | None) -> None:
    begins = Pace(limit=1_000, per_second=2).not_before(number, NOON)

    assert begins == (None if seconds is None else NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "wrong",
    [{"limit": 0}, {"limit": 10_001}, {"outcome": "skipped"}, {"reson": "memory"}, {"stage": "x"}],
)
def test_what_cannot_be_retried_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Retry.model_validate(wrong)


def test_who_cancels_names_something() -> None:
    with pytest.raises(ValidationError, match="name a job, a label or a host"):
        Cancel.model_validate({"why": "all of it"})


def test_a_cancelled_job_says_who_and_why() -> None:
    assert Cancel(label="x", by="ana", why="twice").detail == "by ana: twice"
    assert Cancel(label="x", by="ana").subject == "label x"
