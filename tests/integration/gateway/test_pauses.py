"""Pausing and resuming over HTTP."""

import httpx
import pytest


def test_what_is_paused_is_listed_until_it_is_resumed(api: httpx.Client) -> None:
    request = {"scope": "stage", "value": "enrich", "by": "ana", "reason": "slow", "seconds": 60}

    paused = api.post("/v1/pauses", json=request)
    listed = api.get("/v1/pauses").json()
    resumed = api.delete("/v1/pauses", params={"scope": "stage", "value": "enrich"})

    assert paused.status_code == 201
    assert {name: paused.json()[name] for name in ("scope", "value", "by", "reason")} == {
        name: request[name] for name in ("scope", "value", "by", "reason")
    }
    assert listed == {"pauses": [paused.json()]}
    assert resumed.json() == {"lifted": 1}
    assert api.get("/v1/pauses").json() == {"pauses": []}


def test_resuming_what_goes_on_lifts_nothing(api: httpx.Client) -> None:
    assert api.delete("/v1/pauses", params={"scope": "all"}).json() == {"lifted": 0}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"scope": "stage", "value": "gateway"}, "invalid_parameter"),
        ({"scope": "nothing"}, "invalid_parameter"),
        ({}, "invalid_parameter"),
        ({"scope": "all", "for": 3}, "unknown_parameter"),
        ([], "wrong_type"),
    ],
)
def test_what_cannot_be_paused_is_refused(api: httpx.Client, request_: object, code: str) -> None:
    answer = api.post("/v1/pauses", json=request_)

    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)
    assert api.get("/v1/pauses").json() == {"pauses": []}


def test_what_cannot_be_resumed_is_refused(api: httpx.Client) -> None:
    answer = api.delete("/v1/pauses", params={"scope": "host", "value": "https://a.example/"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
    assert "a host's name alone" in answer.json()["detail"]


def test_a_pause_must_come_as_json(api: httpx.Client) -> None:
    answer = api.post(
        "/v1/pauses", content=b'{"scope": "all"}', headers={"Content-Type": "text/plain"}
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type")


def test_who_pauses_and_who_resumes_is_written_down(api: httpx.Client) -> None:
    target = {"scope": "host", "value": "a.example"}
    api.post("/v1/pauses", json={**target, "by": "ana", "reason": "they asked us to"})
    for _ in range(2):
        api.delete("/v1/pauses", params={**target, "by": "eli"})

    acts = api.get("/v1/audit", params={"subject": "a.example"}).json()["acts"]

    assert [(act["by"], act["act"], act["detail"]) for act in acts] == [
        ("eli", "pause.lift", {"lifted": 1}),
        ("ana", "pause.set", {"reason": "they asked us to", "until": None}),
    ]
