"""What operators do to a system under load: nothing is lost, nothing happens twice."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from newsmill_cli.api import Api, Json
from newsmill_shared.database.engine import transaction
from newsmill_shared.database.finish import Ending, finish
from newsmill_shared.identity import new_id
from newsmill_shared.reasons import Reason
from tests.e2e.conftest import HOST_DELAY_SECONDS, Running, running_system

DEAD = 150
LOAD = 150
CANCELLED, KEPT = 400, 400

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def system() -> Iterator[Running]:
    """One system for all acts."""
    with running_system(hosts=40) as running:
        yield running


def api_of(system: Running) -> Api:
    return Api(system.mill.api_url, system.mill.api_key)


def submitted(system: Running, urls: list[str], **options: object) -> list[UUID]:
    with api_of(system) as api:
        said = api.submit_urls([{"url": url, **options} for url in urls], key=str(new_id()))
    return [UUID(item["job_id"]) for item in said["items"]]


def died(system: Running, urls: list[str]) -> list[UUID]:
    """Hand in URLs that end dead before their time comes."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    jobs = submitted(system, urls, not_before=later)
    endings = [Ending(job_id=job, attempt=None, reason=Reason.WORKER_LOST) for job in jobs]
    with transaction(system.engine) as connection:
        finish(connection, endings)
    return jobs


def retried(system: Running, key: str) -> Json:
    with api_of(system) as api:
        return api.retry({"reason": "worker_lost", "per_second": 500, "by": "ana"}, key=key)


def requests(system: Running, urls: list[str]) -> Counter[str]:
    """How often each of these URLs was asked for."""
    wanted = {urlsplit(url).path for url in urls}
    asked = system.press.asked()
    return Counter(r.path for served in asked.values() for r in served if r.path in wanted)


def test_a_retry_under_load_makes_one_new_job_of_each_however_many_ask(system: Running) -> None:
    old_urls = system.press.urls(DEAD, name="dead")
    old = died(system, old_urls)
    live = submitted(system, system.press.urls(LOAD, name="live"))
    keys = ["one", "one", "two", "two", "three"]

    with ThreadPoolExecutor(len(keys)) as pool:
        answers = list(pool.map(lambda key: retried(system, key), keys))

    made = {UUID(job_id) for answer in answers for job_id in answer["job_ids"]}
    assert len(made) == DEAD
    system.wait_until_done([*made, *live])
    assert system.outcomes([*made]) == {"stored:new": DEAD}
    assert system.outcomes(live) == {"stored:new": LOAD}
    assert system.outcomes(old) == {"dead:worker_lost": DEAD}
    assert system.sql("select count(distinct retry_of) from outcome") == [(DEAD,)]
    assert set(requests(system, old_urls).values()) == {1}
    system.assert_conserved()


def test_a_label_is_cancelled_under_load_and_all_else_is_stored(system: Running) -> None:
    bulk = submitted(system, system.press.urls(CANCELLED, name="bulk"), label="bulk")
    kept_urls = system.press.urls(KEPT, name="kept")
    kept = submitted(system, kept_urls)
    system.wait_for(lambda: sum(system.outcomes(bulk).values()) > 10, "some of it has ended")

    with api_of(system) as api:
        step = api.cancel({"label": "bulk", "by": "ana", "why": "not wanted"})

    assert step["next"] is None
    assert step["cancelled"] > CANCELLED // 2
    for some in (bulk, kept[: KEPT // 2], kept):
        system.wait_until_done(some)
    outcomes = system.outcomes(bulk)
    assert outcomes.pop("skipped:cancelled") == step["cancelled"]
    assert outcomes == {"stored:new": CANCELLED - step["cancelled"]}
    assert system.outcomes(kept) == {"stored:new": KEPT}
    assert set(requests(system, kept_urls).values()) == {1}
    assert system.press.impolite(delay=HOST_DELAY_SECONDS) == []
    system.assert_conserved()


def test_a_drained_system_has_nothing_under_way_and_goes_on_where_it_was(system: Running) -> None:
    jobs = submitted(system, system.press.urls(LOAD, name="drained"))
    system.wait_for(lambda: sum(system.outcomes(jobs).values()) > 10, "some of it has ended")

    with api_of(system) as api:
        api.pause({"scope": "all", "by": "drain", "reason": "a deploy"})
        system.wait_for(lambda: api.window()["running"] == 0, "nothing is under way")
        jobs += submitted(system, system.press.urls(5, name="late"))
        held = api.conservation()
        api.resume({"scope": "all", "paused_by": "drain"})

    assert held["unaccounted"] == 0
    assert held["open"].get("running", 0) == 0
    assert held["open"]["waiting"] >= 5
    system.wait_until_done(jobs)
    assert system.outcomes(jobs) == {"stored:new": LOAD + 5}
    system.assert_conserved()
