"""Several keys: each has its name, its share and its quota."""

from collections.abc import Iterator

import httpx
import pytest

from newsmill_gateway.settings import GatewaySettings
from tests.support.gateway import serving
from tests.support.keys import made_key


@pytest.fixture
def shared(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A gateway with two submitters, each good for two open jobs."""
    changed = {"api_key": "one", "submitter_max_open_jobs": 2}
    with serving(GatewaySettings.model_validate({**settings.model_dump(), **changed})) as client:
        yield client


@pytest.fixture
def two(shared: httpx.Client) -> str:
    """The key of the desk."""
    return made_key(shared, "one", "desk")


def hand_in(api: httpx.Client, key: str, *names: str, order: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    if order:
        headers["Idempotency-Key"] = order
    urls = [f"https://paper.example/{name}" for name in names]
    return api.post("/v1/urls", json=urls, headers=headers)


def test_a_job_tells_who_handed_it_in(shared: httpx.Client, two: str) -> None:
    receipts = [hand_in(shared, key, "a").json() for key in ("one", two)]

    jobs = [
        shared.get(
            receipt["items"][0]["status_url"], headers={"Authorization": "Bearer one"}
        ).json()
        for receipt in receipts
    ]

    assert [job["submitter"] for job in jobs] == ["default", "desk"]


def test_beyond_its_quota_a_submitter_is_refused_as_a_whole_and_others_are_not(
    shared: httpx.Client, two: str
) -> None:
    first = hand_in(shared, "one", "a", "b", order="order-1")

    refused = hand_in(shared, "one", "c")
    again = hand_in(shared, "one", "a", "b", order="order-1")
    other = hand_in(shared, two, "a", "b")
    too_much_at_once = hand_in(shared, two, "c", "d", "e")

    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
    assert refused.headers["Retry-After"] == "60"
    assert "default has 2 open jobs of at most 2" in refused.json()["detail"]
    assert again.json() == first.json()
    assert (other.status_code, too_much_at_once.status_code) == (202, 429)
    counted = shared.get("/v1/conservation", headers={"Authorization": "Bearer one"}).json()
    assert counted["open"] == {"waiting": 4}
    assert counted["unaccounted"] == 0
