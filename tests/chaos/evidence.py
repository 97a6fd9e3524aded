"""What is known after a run: rows by SQL, the change feed and jobs through the API."""

import time
from collections.abc import Mapping, Sequence
from random import Random

from redis import Redis
from sqlalchemy import Engine, text

from newsmill_cli.api import Api
from newsmill_shared.database.engine import reading
from tests.chaos.checker import Ended
from tests.chaos.sampler import LISTS

__all__ = ["Rows", "at_rest", "feed_of_changes", "jobs_that_the_api_tells_otherwise"]

_CHANGES_AT_ONCE = 500
_ASKED_JOBS = 200


class Rows:
    """All rows of the ledger that matter, read in one snapshot."""

    def __init__(self, engine: Engine) -> None:
        with reading(engine) as snapshot:

            def rows(statement: str) -> list[tuple[object, ...]]:
                return [tuple(row) for row in snapshot.execute(text(statement))]

            self.ended = [
                Ended(
                    str(job),
                    str(url),
                    str(ending),
                    str(article) if article else None,
                    int(str(losses)),
                )
                for job, url, ending, article, losses in rows(
                    "select job_id, url, outcome || ':' || reason, article_id, losses from outcome"
                )
            ]
            self.finished_at = sorted(
                float(str(at[0]))
                for at in rows("select extract(epoch from finished_at) from outcome")
            )
            self.open = {str(job): str(url) for job, url in rows("select id, url from job")}
            self.versions = [
                (str(article), int(str(number)))
                for article, number in rows("select article_id, number from version")
            ]
            self.article_urls = [str(url[0]) for url in rows("select url from article")]
            self.events = [
                (None if position is None else int(str(position)), str(job))
                for position, job in rows("select position, job_id from event")
            ]
            self.slots = int(str(rows("select count(*) from slot")[0][0]))


def feed_of_changes(api: Api) -> list[str]:
    """Return the jobs of the change feed, from its beginning."""
    jobs: list[str] = []
    after = 0
    while True:
        said = api.changes(after, limit=_CHANGES_AT_ONCE)
        jobs.extend(str(change["job_id"]) for change in said["changes"])
        if not said["changes"]:
            return jobs
        after = int(said["next"])


def jobs_that_the_api_tells_otherwise(
    api: Api, ended: Sequence[Ended], random: Random
) -> list[str]:
    """Ask the API for some of the jobs, and for their articles; return what differs."""
    wrong = []
    for item in random.sample(list(ended), min(_ASKED_JOBS, len(ended))):
        told = api.job(item.job_id) or {}
        ending = f"{told.get('outcome')}:{told.get('reason')}"
        if ending != item.ending:
            wrong.append(f"the API tells {ending} of job {item.job_id}, not {item.ending}")
        if item.article_id and not api.article(item.article_id):
            wrong.append(f"the API has no article {item.article_id}")
    return wrong


def at_rest(engine: Engine, redis_url: str, *, seconds: float) -> Mapping[str, int]:
    """Return what lies in the lists, once all is empty and numbered, or after ``seconds``."""
    end = time.monotonic() + seconds
    with Redis.from_url(redis_url, socket_timeout=5) as redis:
        while True:
            lengths = {name: int(redis.llen(name)) for name in LISTS}
            rows = Rows(engine)
            numbered = all(position is not None for position, _ in rows.events)
            quiet = not any(lengths.values()) and not rows.slots and numbered
            if quiet or time.monotonic() > end:
                return lengths
            time.sleep(1)
