"""Work handed in over HTTP is in the ledger before anyone hears "accepted"."""

import base64
from uuid import UUID

import httpx
from redis import Redis
from sqlalchemy import text

from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.pages import PageStore
from newsmill_shared.queue.notes import NOTES_KEY, WakeNote, parse_note


def count(settings: GatewaySettings, table: str) -> int:
    engine = make_engine(settings.database_url, name="test", pool_size=0)
    with transaction(engine) as connection:
        return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())  # noqa: S608 - a table of ours


def test_a_url_becomes_a_waiting_job_that_can_be_looked_up(api: httpx.Client) -> None:
    receipt = api.post("/v1/urls", json={"url": "https://a.example/1?utm_source=x", "label": "l"})

    item = receipt.json()["items"][0]
    job = api.get(item["status_url"]).json()
    assert receipt.status_code == 202
    assert (job["job_id"], job["state"], job["label"]) == (item["job_id"], "waiting", "l")
    assert api.get("/v1/jobs", params={"url": "https://a.example/1"}).json() == job


def test_one_bad_line_never_fails_the_rest(api: httpx.Client) -> None:
    body = b'https://a.example/1\n{broken\n\xff\nhttp://10.0.0.1/\n{"url": "https://a.example/2"}\n'

    answer = api.post(
        "/v1/urls", content=body, headers={"Content-Type": "application/x-ndjson"}
    ).json()

    verdicts = [
        (item["line"], item["error"]["code"] if "error" in item else None)
        for item in answer["items"]
    ]
    assert verdicts == [(1, None), (2, "json"), (3, "encoding"), (4, "address"), (5, None)]
    assert api.get("/v1/conservation").json()["accepted"] == 2


def test_the_dispatcher_is_woken_for_the_hosts(api: httpx.Client, redis_url: str) -> None:
    api.post("/v1/urls", json=["https://a.example/1", "https://b.example/1"])

    with Redis.from_url(redis_url) as redis:
        raw = redis.blmove(NOTES_KEY, NOTES_KEY, 10)
    note = parse_note(raw)
    assert isinstance(note, WakeNote)
    assert len(note.hosts) == 2


def test_the_same_request_with_its_key_is_accepted_once(
    api: httpx.Client, settings: GatewaySettings
) -> None:
    headers = {"Idempotency-Key": "order-7"}

    answers = [
        api.post("/v1/urls", json=["https://a.example/1", "bad"], headers=headers).json()
        for _ in range(3)
    ]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["receipt"] == "order-7"
    assert count(settings, "job") == 1


def test_the_same_key_with_another_body_is_a_conflict(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "order-7"}
    api.post("/v1/urls", json=["https://a.example/1"], headers=headers)

    answer = api.post("/v1/urls", json=["https://a.example/2"], headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


def test_a_job_for_later_is_held(api: httpx.Client) -> None:
    answer = api.post(
        "/v1/urls", json={"url": "https://a.example/1", "not_before": "2099-01-01T00:00:00Z"}
    )

    job = api.get(answer.json()["items"][0]["status_url"]).json()
    assert (job["state"], job["not_before"]) == ("held", "2099-01-01T00:00:00Z")


def test_a_document_s_body_is_in_the_page_store(
    api: httpx.Client, settings: GatewaySettings
) -> None:
    body = "<title>Ünvan</title>".encode("iso-8859-9")

    answer = api.post(
        "/v1/documents",
        json={
            "url": "https://a.example/1",
            "content_base64": base64.b64encode(body).decode(),
            "media_type": "text/html; charset=iso-8859-9",
            "timezone": "Europe/Istanbul",
            "fetched_at": "2026-01-02T03:04:05Z",
            "meta": {"note": "a\0b"},
        },
    )

    engine = make_engine(settings.database_url, name="test", pool_size=0)
    with transaction(engine) as connection:
        page = connection.execute(text("select page from page_fetch")).scalar_one()
    job = api.get(answer.json()["items"][0]["status_url"]).json()
    assert answer.status_code == 202
    assert PageStore.open(settings.page_store_url).get(page["object"]) == body
    assert page["headers"] == {"content-type": "text/html; charset=iso-8859-9"}
    assert page["supplied"]
    assert page["timezone"] == "Europe/Istanbul"
    assert page["fetched_at"] == "2026-01-02T03:04:05Z"
    assert job["meta"] == {"note": "ab"}


def test_ten_thousand_lines_are_one_request(api: httpx.Client) -> None:
    body = "\n".join(f"https://h{number % 50}.example/{number}" for number in range(10_000))

    answer = api.post(
        "/v1/urls", content=body, headers={"Content-Type": "application/x-ndjson"}
    ).json()

    assert (answer["accepted"], answer["rejected"]) == (10_000, 0)
    assert len({UUID(item["job_id"]) for item in answer["items"]}) == 10_000
    assert api.get("/v1/conservation").json() == {
        "accepted": 10_000,
        "outcomes": {},
        "open": {"waiting": 10_000},
        "unaccounted": 0,
    }
