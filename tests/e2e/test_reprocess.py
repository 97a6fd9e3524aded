"""A run under load: it changes what it said it would, and the live flow does not notice."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text

from newsmill_cli.api import Api, Json
from newsmill_shared.database.engine import transaction
from newsmill_shared.identity import new_id
from tests.e2e.conftest import Running, running_system

PAGES = 60
MISREAD = 40

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def system() -> Iterator[Running]:
    # Slow enough to be stopped in the middle.
    with running_system(NEWSMILL_REWORK_WINDOW="2") as running:
        yield running


def ask(system: Running) -> Api:
    return Api(system.mill.api_url, system.mill.api_key)


def begin(system: Running, **wanted: object) -> str:
    with ask(system) as api:
        return str(api.begin_run({"id": str(new_id()), **wanted})["id"])


def run_of(system: Running, run: str) -> Json:
    with ask(system) as api:
        found = api.run(run)
    assert found is not None
    return found


def done(system: Running, run: str) -> int:
    """Return how many pages of a run have their result."""
    return sum(run_of(system, run)["results"].values())


def misread(system: Running, pages: int) -> None:
    """Make it as if an older model had read this many of the stored pages."""
    with transaction(system.engine) as connection:
        connection.execute(
            text(
                "update version set title = 'An older reading', "
                "content_hash = sha256(uuid_send(article_id)), "
                "evidence = jsonb_set(evidence, '{language,model}', '\"language-0\"') "
                "where article_id in (select article_id from listing order by position limit :n)"
            ),
            {"n": pages},
        )


def lose_a_body(system: Running) -> None:
    """Delete the stored page of the article that was listed last."""
    [(key,)] = system.sql(
        "select f.page ->> 'object' from listing l "
        "join version v using (article_id) join page_fetch f on f.id = v.fetch_id "
        "order by l.position desc limit 1"
    )
    (system.mill.directory.pages / str(key)).unlink()


def kill_a_child_of_enrich(system: Running) -> None:
    children = system.process("enrich").children()
    assert children
    children[0].kill()


def test_a_run_under_load_changes_what_it_said_and_nothing_else(system: Running) -> None:
    stored = system.add(system.press.urls(PAGES, name="stored"))
    system.wait_until_done(stored)
    system.wait_for(
        lambda: system.sql("select count(*) from listing") == [(PAGES,)], "all are listed"
    )
    misread(system, MISREAD)
    lose_a_body(system)
    outcomes = system.sql("select * from outcome order by job_id")

    preview = begin(system, sample=100)
    system.wait_for(lambda: run_of(system, preview)["state"] == "ended", "the preview is over")
    said = run_of(system, preview)
    run = begin(system)
    live = system.add(system.press.urls(PAGES, name="live"))
    system.wait_for(lambda: done(system, run) >= 5, "the run is under way")
    kill_a_child_of_enrich(system)
    with ask(system) as api:
        api.stop_run(run, {})
    system.wait_for(lambda: run_of(system, run)["running"] == 0, "nothing of it is on its way")
    stopped = run_of(system, run)
    system.wait_until_done(live)
    still = run_of(system, run)
    with ask(system) as api:
        api.continue_run(run, {})
    system.wait_for(lambda: run_of(system, run)["state"] == "ended", "the run is over")

    expected = {"changed": MISREAD, "same": PAGES - MISREAD - 1, "failed": 1}
    assert said["results"] == expected
    assert said["fields"] == {"title": MISREAD}
    assert run_of(system, run)["results"] == expected
    assert [page["reason"] for page in run_of(system, run)["failed"]] == ["page_missing"]
    assert (stopped["state"], still["results"]) == ("stopped", stopped["results"])
    assert system.outcomes(live) == {"stored:new": PAGES}
    assert outcomes_of(system, stored) == outcomes
    assert told_again(system) == MISREAD
    assert not system.sql(
        "select title from article a join version v on v.article_id = a.id "
        "and v.number = a.version where title = 'An older reading'"
    )
    system.assert_conserved()


def outcomes_of(system: Running, jobs: list[UUID]) -> list[tuple[object, ...]]:
    return system.sql("select * from outcome where job_id = any(:jobs) order by job_id", jobs=jobs)


def told_again(system: Running) -> int:
    """Return of how many articles the changes say that they were enriched again."""
    with ask(system) as api:
        changes = api.changes(0, limit=1000)["changes"]
    again = [change for change in changes if change["reason"] == "reprocessed"]
    assert all((change["kind"], change["version"]) == ("updated", 2) for change in again)
    return len({change["article_id"] for change in again})
