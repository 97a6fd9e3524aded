"""The story of jobs in a whole system: told by its workers, kept by its ledger."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from redis import Redis

from newsmill_cli.api import Api, Json
from newsmill_cli.attempts import attempts_of
from newsmill_shared.identity import new_id
from newsmill_shared.reasons import MAX_TRIES
from tests.e2e.conftest import Running, running_system

PAGES = 12
COUNTED = "select stage, cast(sum(count) as integer) from stage_total group by stage"


@pytest.fixture(scope="module")
def system() -> Iterator[Running]:
    """One system; what happens in it adds up over the tests."""
    with running_system(hosts=3) as running:
        yield running


def attempts(system: Running, job_id: UUID) -> list[Json]:
    """Return what the API tells of a job's attempts."""
    with Api(system.mill.api_url, system.mill.api_key) as api:
        return attempts_of(api.job(str(job_id)) or {})


def test_a_stored_page_names_the_workers_that_had_it_and_their_times(system: Running) -> None:
    jobs = system.add(system.press.urls(PAGES, name="story"))
    system.wait_until_done(jobs)
    system.wait_for(lambda: len(attempts(system, jobs[-1])) == 2, "both its ends are known")

    ingest, enrich = attempts(system, jobs[-1])

    for attempt, stage in ((ingest, "ingest"), (enrich, "enrich")):
        assert (attempt["stage"], attempt["ended"], attempt["attempt"]) == (stage, "done", 1)
        assert attempt["worker"].startswith(f"{stage}:")
        assert 0 < attempt["seconds"] < 5
        # When a chain's note is read after its job has ended, nobody knows when it was sent.
        assert attempt["sent_at"] is None or attempt["sent_at"] <= attempt["ended_at"]


def test_a_host_that_is_down_leaves_every_try_with_its_back_off(system: Running) -> None:
    (job,) = system.add([f"http://127.77.99.1:{system.press.port}/nobody"])
    system.wait_until_done([job])

    tries = attempts(system, job)

    assert [entry["attempt"] for entry in tries] == list(range(1, MAX_TRIES + 1))
    assert {(entry["ended"], entry["reason"]) for entry in tries} == {
        ("ended", "robots_unreachable")
    }
    assert [entry["held_seconds"] is None for entry in tries] == [False] * (MAX_TRIES - 1) + [True]


def test_a_document_has_no_attempt_at_ingest(system: Running) -> None:
    document = {
        "url": "https://harbour.example/ferries",
        "content": "Ferries\n\nThe ferries sail again.",
        "media_type": "text/plain",
    }
    with Api(system.mill.api_url, system.mill.api_key) as api:
        said = api.submit_document(document, key=str(new_id()))
    job = UUID(said["items"][0]["job_id"])
    system.wait_until_done([job])

    assert [entry["stage"] for entry in attempts(system, job)] == ["enrich"]


def test_counts_agree_with_attempts_and_outcomes_and_outlive_redis(system: Running) -> None:
    jobs = system.add(system.press.urls(PAGES, name="counted"))
    system.wait_until_done(jobs)
    system.wait_for(lambda: len(attempts(system, jobs[0])) == 2, "both its ends are known")
    before = attempts(system, jobs[0])

    with Redis.from_url(system.mill.engines.redis_url) as redis:
        redis.flushall()

    system.wait_for(lambda: system.sql("select count(*) from tally") == [(0,)], "all is added up")
    assert attempts(system, jobs[0]) == before
    counted = {str(stage): int(str(count)) for stage, count in system.sql(COUNTED)}
    ((rows, outcomes),) = system.sql(
        "select (select count(*) from attempt), (select count(*) from outcome)"
    )
    assert counted["ingest"] + counted["enrich"] == rows
    assert counted["job"] == outcomes
    assert counted["store"] == counted["enrich"]
