"""Follows jobs until they have their outcome."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from newsmill_cli.api import Json

__all__ = ["JobReader", "follow"]

_LOOK_SECONDS = 0.25
_JOBS_A_LOOK = 40


class JobReader(Protocol):
    """Where jobs are read."""

    def job(self, job_id: str) -> Json | None:
        """Return a job, None if there is none."""


def follow(
    api: JobReader,
    job_ids: Sequence[str],
    on_change: Callable[[dict[str, Json]], None] = lambda _: None,
    *,
    seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Json]:
    """Read jobs in turn until all are finished, or ``seconds`` have passed.

    Args:
        api: Where to read.
        job_ids: Which jobs.
        on_change: Called after each look with what is known so far, by job.
        seconds: How long to wait; None = as long as it takes.
        clock: Seconds that only go forward.
        sleep: How to wait between looks.

    Returns:
        The last known state of each job that was read, in the order of ``job_ids``.
    """
    known: dict[str, Json] = {}
    open_jobs = deque(dict.fromkeys(job_ids))
    end = None if seconds is None else clock() + seconds
    while open_jobs:
        for _ in range(min(len(open_jobs), _JOBS_A_LOOK)):
            job_id = open_jobs.popleft()
            job = api.job(job_id)
            if job is not None:
                known[job_id] = job
            if job is None or job.get("state") != "finished":
                open_jobs.append(job_id)
        on_change(known)
        if not open_jobs or (end is not None and clock() >= end):
            break
        sleep(_LOOK_SECONDS)
    return {job_id: known[job_id] for job_id in dict.fromkeys(job_ids) if job_id in known}
