"""Operators begin, stop and see runs over HTTP; readers learn what they changed."""

import httpx

from newsmill_shared.identity import new_id
from tests.support.builders import an_article
from tests.support.gateway import Mill


def test_a_preview_says_how_many_articles_match(mill: Mill) -> None:
    mill.store("https://a.example/1")
    mill.store("https://a.example/2")
    mill.store("https://b.example/1")

    answer = mill.api.post("/v1/reprocess", json={"host": "a.example", "sample": 5})

    assert answer.status_code == 201
    run = answer.json()
    assert (run["mode"], run["state"], run["matching"]) == ("preview", "running", 2)
    assert mill.get(f"/v1/reprocess/{run['id']}") == run


def test_a_run_begins_once_and_is_written_down(api: httpx.Client) -> None:
    asked = {"id": str(new_id()), "label": "sport", "by": "ana", "why": "new lists"}

    first, second = (api.post("/v1/reprocess", json=asked).json() for _ in range(2))

    assert first == second
    assert len(api.get("/v1/reprocess").json()["runs"]) == 1
    [act] = api.get("/v1/audit").json()["acts"]
    assert (act["act"], act["subject"], act["by"]) == (
        "reprocess.begin",
        f"run {first['id']}",
        "ana",
    )
    assert act["detail"] == {"articles": {"label": "sport"}, "reason": "new lists"}


def test_a_run_stops_and_goes_on(api: httpx.Client) -> None:
    run = api.post("/v1/reprocess", json={}).json()["id"]

    stopped = api.post(f"/v1/reprocess/{run}/stop", json={"why": "it is noon"}).json()
    going_on = api.post(f"/v1/reprocess/{run}/continue", json={}).json()

    assert (stopped["state"], going_on["state"]) == ("stopped", "running")
    acts = [act["act"] for act in api.get("/v1/audit").json()["acts"]]
    assert acts == ["reprocess.continue", "reprocess.stop", "reprocess.begin"]


def test_what_there_is_not_or_makes_no_sense_is_refused(api: httpx.Client) -> None:
    nowhere = api.get(f"/v1/reprocess/{new_id()}")
    wrong = api.post("/v1/reprocess", json={"hots": "a.example"})
    no_id = api.get("/v1/reprocess/latest")

    assert [answer.status_code for answer in (nowhere, wrong, no_id)] == [404, 422, 422]


def test_readers_of_the_changes_learn_of_an_article_that_was_enriched_again(mill: Mill) -> None:
    mill.store(article=an_article())
    mill.sql(
        "insert into event (position, kind, reason, article_id, version) "
        "select 2, 'updated', 'reprocessed', id, 2 from article"
    )

    [_, change] = mill.api.get("/v1/changes").json()["changes"]

    assert (change["kind"], change["reason"], change["job_id"]) == ("updated", "reprocessed", None)
    assert change["version"] == 2
