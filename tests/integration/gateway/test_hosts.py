"""Operators set hosts over HTTP: it counts at once, shows no secret, and is written down."""

import json
from typing import Any

import httpx

from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.engine import make_engine, transaction


def ask(settings: GatewaySettings, statement: str) -> list[tuple[Any, ...]]:
    engine = make_engine(settings.database_url, name="test", pool_size=0)
    with transaction(engine) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def test_what_is_set_counts_at_once(api: httpx.Client, settings: GatewaySettings) -> None:
    answer = api.patch(
        "/v1/hosts/Paper.Example",
        json={
            "delay_seconds": 2.5,
            "max_in_flight": 2,
            "timezone": "Asia/Baku",
            "ignore_robots": True,
            "headers": {"X-Key": "secret-1"},
            "cookies": {"pass": "secret-2"},
        },
    )

    assert answer.status_code == 200
    host = answer.json()
    assert (host["host"], host["seconds_between"], host["max_in_flight"]) == (
        "paper.example",
        2.5,
        2,
    )
    assert host["set"] == {
        "delay_seconds": 2.5,
        "max_in_flight": 2,
        "timezone": "Asia/Baku",
        "ignore_robots": True,
        "headers": {"X-Key": "***"},
        "cookies": {"pass": "***"},
    }
    assert ask(settings, "select delay_seconds, max_in_flight from host") == [(2.5, 2)]
    assert ask(settings, "select headers, cookies from host_setting") == [
        ({"X-Key": "secret-1"}, {"pass": "secret-2"})
    ]


def test_what_is_unset_is_as_for_all_hosts(api: httpx.Client, settings: GatewaySettings) -> None:
    api.patch("/v1/hosts/paper.example", json={"delay_seconds": 9, "max_in_flight": 4})

    host = api.patch(
        "/v1/hosts/paper.example", json={"delay_seconds": None, "max_in_flight": None}
    ).json()

    assert (host["delay_seconds"], host["max_in_flight"]) == (settings.host_delay_seconds, 1)
    assert host["set_at"] is None
    assert ask(settings, "select count(*) from host_setting") == [(0,)]


def test_a_host_that_was_handed_in_is_known_before_anything_is_set(api: httpx.Client) -> None:
    assert api.get("/v1/hosts/paper.example").status_code == 404
    api.post("/v1/urls", json="https://paper.example/1")

    assert api.get("/v1/hosts/paper.example").json()["set_at"] is None
    assert api.get("/v1/hosts").json() == {"hosts": [], "next": None}
    assert [host["host"] for host in api.get("/v1/hosts?set=false").json()["hosts"]] == [
        "paper.example"
    ]


def test_to_ignore_robots_txt_forgets_what_it_asked_for(
    api: httpx.Client, settings: GatewaySettings
) -> None:
    api.post("/v1/urls", json="https://paper.example/1")
    ask(settings, "update host set crawl_delay_seconds = 30 returning 1")

    host = api.patch("/v1/hosts/paper.example", json={"ignore_robots": True}).json()

    assert host["crawl_delay_seconds"] is None


def test_each_change_is_written_down_with_who_and_why_and_no_secret(api: httpx.Client) -> None:
    change = {"headers": {"X-Key": "secret"}, "by": "ana", "reason": "agreed with the paper"}
    for _ in range(2):
        api.patch("/v1/hosts/paper.example", json=change)
    api.patch("/v1/hosts/other.example", json={"delay_seconds": 3})

    acts = api.get("/v1/audit").json()["acts"]
    of_paper = api.get("/v1/audit", params={"subject": "paper.example"}).json()["acts"]

    assert [(act["by"], act["act"], act["subject"]) for act in acts] == [
        ("loopback", "host.set", "other.example"),
        ("ana", "host.set", "paper.example"),
    ]
    assert of_paper[0]["detail"] == {
        "changed": {"headers.X-Key": [None, "***"]},
        "reason": "agreed with the paper",
    }
    assert "secret" not in json.dumps(acts)


def test_a_wrong_change_is_refused_and_changes_nothing(
    api: httpx.Client, settings: GatewaySettings
) -> None:
    wrong = [
        api.patch("/v1/hosts/paper.example", json={"delay_seconds": -1}),
        api.patch("/v1/hosts/paper.example", json={"headers": {"Host": "x"}}),
        api.patch("/v1/hosts/paper.example", json=[]),
        api.patch("/v1/hosts/no%20host", json={"delay_seconds": 1}),
    ]

    assert [answer.status_code for answer in wrong] == [422] * 4
    assert ask(settings, "select count(*) from host") == [(0,)]
