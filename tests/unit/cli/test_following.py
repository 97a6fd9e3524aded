"""Jobs are followed until they have their outcome."""

from newsmill_cli.api import Json
from newsmill_cli.following import follow


def test_jobs_are_read_until_all_are_finished() -> None:
    """A finished job is not read again."""
    api = FakeJobs({"a": 1, "b": 3})
    looks: list[list[str]] = []

    known = follow(api, ["a", "b"], lambda now: looks.append(sorted(now)), sleep=lambda _: None)

    assert [job["state"] for job in known.values()] == ["finished", "finished"]
    assert api.reads == {"a": 1, "b": 3}
    assert len(looks) == 3


def test_following_ends_when_the_time_is_up() -> None:
    """What is known by then is returned, in the order asked for."""
    api = FakeJobs({"slow": 10**6, "quick": 1})
    seconds = iter(range(100))

    known = follow(
        api,
        ["slow", "quick"],
        seconds=5,
        clock=lambda: float(next(seconds)),
        sleep=lambda _: None,
    )

    assert list(known) == ["slow", "quick"]
    assert known["slow"]["state"] == "running"


def test_many_jobs_are_read_in_turn() -> None:
    """One look reads a bounded number, and every job has its turn."""
    api = FakeJobs({str(number): 2 for number in range(100)})

    known = follow(api, [str(number) for number in range(100)], sleep=lambda _: None)

    assert len(known) == 100
    assert set(api.reads.values()) == {2}


def test_nothing_to_follow_is_done_at_once() -> None:
    """When every line was refused there is no job."""
    assert follow(FakeJobs({}), []) == {}


class FakeJobs:
    """Jobs that are finished at their n-th reading."""

    def __init__(self, finished_at: dict[str, int]) -> None:
        self._finished_at = finished_at
        self.reads: dict[str, int] = {}

    def job(self, job_id: str) -> Json | None:
        """Read a job."""
        self.reads[job_id] = self.reads.get(job_id, 0) + 1
        done = self.reads[job_id] >= self._finished_at[job_id]
        return {"job_id": job_id, "state": "finished" if done else "running"}
