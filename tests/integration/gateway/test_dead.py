"""Operators retry, discard and cancel over HTTP: previewed, capped, once, and written down."""

from uuid import UUID

import httpx

from newsmill_shared.database.finish import Ending
from newsmill_shared.reasons import Reason
from tests.support.builders import a_page, an_article_enriched
from tests.support.gateway import Mill


def died(mill: Mill, url: str, reason: Reason = Reason.MEMORY) -> UUID:
    job_id = mill.add(url)
    mill.finish(Ending(job_id=job_id, attempt=None, reason=reason, detail="so"))
    return job_id


def test_a_retry_is_previewed_then_done_once(mill: Mill, api: httpx.Client) -> None:
    old = died(mill, "https://paper.example/1")
    wanted = {"host": "paper.example", "by": "ana", "why": "mended"}
    headers = {"Idempotency-Key": "a-key"}

    preview = api.post("/v1/dead/retry", json={**wanted, "dry_run": True}).json()
    first = api.post("/v1/dead/retry", json=wanted, headers=headers)
    again = api.post("/v1/dead/retry", json=wanted, headers=headers)

    assert (preview["matching"], preview["chosen"], preview["dry_run"]) == (1, 1, True)
    assert [group["retry_helps"] for group in preview["groups"]] == ["after_a_fix"]
    assert first.status_code == 202
    assert again.json() == {**first.json(), "replayed": True}
    (job_id,) = first.json()["job_ids"]
    assert mill.get(f"/v1/jobs/{job_id}")["retry_of"] == str(old)
    assert mill.get("/v1/conservation")["unaccounted"] == 0
    assert mill.get("/v1/dead") == {"jobs": [], "next": None}
    (shown,) = api.get("/v1/dead?settled=retried").json()["jobs"]
    assert (shown["settled_by"], shown["retry_id"], shown["retry_state"]) == (
        "ana",
        job_id,
        "waiting",
    )


def test_groups_say_what_the_host_does_now(mill: Mill, api: httpx.Client) -> None:
    died(mill, "https://paper.example/1", Reason.CONNECT)
    before = api.get("/v1/dead/groups?outcome=failed").json()["groups"][0]

    good = mill.add("https://paper.example/2")
    mill.finish(an_article_enriched(good, page=a_page("https://paper.example/2")))
    after = api.get("/v1/dead/groups?outcome=failed").json()["groups"][0]

    assert (before["retry_helps"], after["retry_helps"]) == ("perhaps", "yes")
    assert (after["jobs"], after["host_failed"], after["host_ended_well"]) == (1, 1, 1)


def test_what_is_discarded_leaves_the_list_and_not_the_count(mill: Mill, api: httpx.Client) -> None:
    died(mill, "https://paper.example/1")
    before = mill.get("/v1/conservation")

    done = api.post("/v1/dead/discard", json={"reason": "memory", "why": "known"}).json()

    assert done == {"discarded": 1, "left": 0}
    assert mill.get("/v1/dead")["jobs"] == []
    assert mill.get("/v1/conservation") == before
    assert "newsmill_jobs_dead_unsettled 0.0" in api.get("/metrics").text


def test_work_is_cancelled_by_host_and_says_so(mill: Mill, api: httpx.Client) -> None:
    job_id = mill.add("https://paper.example/1")
    mill.add("https://other.example/1")
    wanted = {"host": "paper.example", "by": "ana", "why": "they asked"}

    preview = api.post("/v1/jobs/cancel", json={**wanted, "dry_run": True}).json()
    done = api.post("/v1/jobs/cancel", json=wanted).json()

    assert (preview["cancelled"], preview["sample"][0]["job_id"]) == (1, str(job_id))
    assert (done["cancelled"], done["running"], done["next"]) == (1, 0, None)
    job = mill.get(f"/v1/jobs/{job_id}")
    assert (job["outcome"], job["reason"], job["detail"]) == (
        "skipped",
        "cancelled",
        "by ana: they asked",
    )
    (act,) = api.get("/v1/audit?subject=paper.example").json()["acts"]
    assert (act["by"], act["act"], act["detail"]["jobs"]) == ("ana", "job.cancel", 1)


def test_what_is_under_way_is_shown(mill: Mill, api: httpx.Client) -> None:
    job_id = mill.add("https://paper.example/1")
    mill.sql("update job set state = 'running', stage = 'ingest', dispatched_at = now()")

    window = api.get("/v1/window").json()

    assert (window["running"], window["stages"][0]["oldest_job"]) == (1, str(job_id))


def test_stored_pages_that_are_enriched_again_are_under_way_too(
    mill: Mill, api: httpx.Client
) -> None:
    mill.store("https://paper.example/1")
    mill.sql(
        "insert into rework (run_id, article_id, version, fetch_id, state, dispatched_at) "
        "select gen_random_uuid(), id, 1, id, 'running', now() from article"
    )
    mill.add("https://paper.example/2")
    mill.sql("update job set state = 'running', stage = 'enrich', dispatched_at = now()")

    window = api.get("/v1/window").json()

    assert [(stage["stage"], stage["jobs"]) for stage in window["stages"]] == [
        ("enrich", 1),
        ("reprocess", 1),
    ]
    assert window["stages"][1]["oldest_url"] == "https://paper.example/1"
