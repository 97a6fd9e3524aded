"""An attempt is gone only when it is nowhere; blame falls only where it is certain."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.queue.claims import Holder
from newsmill_store.dispatcher.judge import RunningJob, judge

NOW = 1_000_000
DEAD = Holder("dead", NOW)


def a_job(number: int = 1, *, stage: str = "ingest", suspect: bool = False) -> RunningJob:
    """A running job."""
    return RunningJob(UUID(int=number), 1, stage, suspect)


def test_queued_work_is_left_alone_even_if_its_claimer_is_dead() -> None:
    job = a_job()

    found = judge([job], queued={job.key}, holders={job.claim: DEAD}, living=set(), now_ms=NOW)

    assert not (found.lost | found.suspects | found.nowhere)


def test_a_claim_that_was_let_go_leaves_the_work_nowhere() -> None:
    job = a_job()

    found = judge([job], queued=set(), holders={}, living=set(), now_ms=NOW)

    assert found.nowhere == {job.key}


def test_a_claim_of_an_earlier_stage_says_nothing_about_this_one() -> None:
    fetching, enriching = a_job(stage="ingest"), a_job(stage="enrich")

    found = judge(
        [enriching], queued=set(), holders={fetching.claim: DEAD}, living=set(), now_ms=NOW
    )

    assert found.nowhere == {enriching.key}


def test_a_living_process_that_holds_an_attempt_for_minutes_has_forgotten_it() -> None:
    fresh, forgotten = a_job(1), a_job(2)
    holders = {
        fresh.claim: Holder("ann", NOW - 100_000),
        forgotten.claim: Holder("ann", NOW - 130_000),
    }

    found = judge([fresh, forgotten], queued=set(), holders=holders, living={"ann"}, now_ms=NOW)

    assert found.nowhere == {forgotten.key}


def test_two_suspects_of_one_process_are_both_let_off() -> None:
    jobs = [a_job(1, suspect=True), a_job(2, suspect=True)]

    found = judge(
        jobs, queued=set(), holders={job.claim: DEAD for job in jobs}, living=set(), now_ms=NOW
    )

    assert found.lost == set()
    assert found.suspects == {job.key for job in jobs}


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(["ann", "bob", None])),
        max_size=12,
    ),
    st.sets(st.sampled_from(["ann", "bob"])),
    st.sets(st.integers(0, 11)),
)
def test_each_job_gets_one_verdict_and_a_process_at_most_one_loss(
    claims: list[tuple[bool, str | None]], living: set[str], queued_numbers: set[int]
) -> None:
    jobs = [a_job(number, suspect=suspect) for number, (suspect, _) in enumerate(claims)]
    holders = {
        job.claim: Holder(holder, NOW)
        for job, (_, holder) in zip(jobs, claims, strict=True)
        if holder is not None
    }
    queued = {job.key for job in jobs if job.job_id.int in queued_numbers}

    found = judge(jobs, queued=queued, holders=holders, living=living, now_ms=NOW)

    groups = [found.lost, found.suspects, found.nowhere]
    assert sum(map(len, groups)) == len(frozenset().union(*groups))
    assert not queued & frozenset().union(*groups)
    assert len(found.lost) <= len({"ann", "bob"} - living)
