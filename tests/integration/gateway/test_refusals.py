"""Whatever keeps the gateway from accepting: it says so with a code, and when to come back."""

import resource
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
import uvicorn
from sqlalchemy import text

from newsmill_gateway.admission import Admission
from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.engine import make_engine
from newsmill_shared.identity import new_id
from tests.integration.gateway.test_outages import changed
from tests.support.gateway import running_server, serving

URLS = ["https://a.example/1"]
DOCUMENT = {
    "url": "https://a.example/1",
    "content": "<p>" + "x" * 200_000,
    "media_type": "text/html",
}
HALF = (
    b"POST /v1/urls HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b'Content-Length: 100\r\n\r\n["https://a.example/1"'
)


@contextmanager
def locked_receipts(settings: GatewaySettings) -> Iterator[None]:
    """A database in which nothing can be accepted until the block ends."""
    engine = make_engine(settings.database_url, name="test", pool_size=0)
    with engine.begin() as connection:
        connection.execute(text("lock table receipt in access exclusive mode"))
        yield


@contextmanager
def full_disk() -> Iterator[None]:
    """A file system that takes no file of more than a few KiB from this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def end_within_a_request(server: uvicorn.Server) -> None:
    """Ask the gateway to end once it has begun with a request."""
    while not server.server_state.tasks:
        time.sleep(0.01)
    server.should_exit = True


def at_once(api: httpx.Client, keys: Sequence[str]) -> list[httpx.Response]:
    """Hand in with each of these keys, all at the same time."""
    answers: list[httpx.Response] = []

    def send(key: str) -> None:
        answers.append(api.post("/v1/urls", json=URLS, headers={"Idempotency-Key": key}))

    threads = [threading.Thread(target=send, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def refusals(answers: Sequence[httpx.Response]) -> set[tuple[int, str]]:
    """Return how requests were refused; each was told when to come back."""
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    return {(answer.status_code, answer.json()["code"]) for answer in answers}


def test_more_than_there_are_connections_are_refused_and_each_counts_once_later(
    settings: GatewaySettings,
) -> None:
    keys = [str(new_id()) for _ in range(20)]

    with serving(changed(settings, accept_seconds=1)) as api:
        with locked_receipts(settings):
            refused = at_once(api, keys)
        for key in keys:
            again = api.post("/v1/urls", json=URLS, headers={"Idempotency-Key": key})
            assert again.status_code == 202
        accepted = api.get("/v1/conservation").json()["accepted"]

    assert refusals(refused) == {(503, "database_away")}
    assert accepted == 20


def test_more_than_may_be_accepted_at_once_are_refused(settings: GatewaySettings) -> None:
    with (
        serving(changed(settings, accept_at_once=1, accept_seconds=4)) as api,
        locked_receipts(settings),
    ):
        answers = at_once(api, ["one", "two", "three"])

    codes = [answer.json()["code"] for answer in answers]
    assert sorted(codes) == ["busy", "busy", "database_away"]
    assert refusals(answers) == {(503, "busy"), (503, "database_away")}


def test_a_database_that_takes_no_writes_is_away(settings: GatewaySettings) -> None:
    engine = make_engine(settings.database_url, name="test", pool_size=0)
    name = engine.url.database
    with engine.begin() as connection:
        connection.execute(text(f'alter database "{name}" set default_transaction_read_only = on'))

    with serving(settings) as api:
        refused = api.post("/v1/urls", json=URLS)
        looked_up = api.get("/v1/jobs?url=https://a.example/1")

    assert refusals([refused]) == {(503, "database_away")}
    assert looked_up.status_code == 404


def test_a_document_for_which_there_is_no_room_is_refused_and_leaves_nothing(
    settings: GatewaySettings, tmp_path: Path
) -> None:
    with serving(settings) as api:
        with full_disk():
            refused = api.post("/v1/documents", json=DOCUMENT)
        accepted = api.get("/v1/conservation").json()["accepted"]
        left = [file for file in (tmp_path / "pages").rglob("*") if file.is_file()]
        later = api.post("/v1/documents", json=DOCUMENT)

    assert refusals([refused]) == {(503, "page_store_away")}
    assert (accepted, left) == (0, [])
    assert later.status_code == 202


def test_who_has_not_sent_all_when_the_gateway_ends_is_told_to_send_it_again(
    settings: GatewaySettings,
) -> None:
    with (
        running_server(settings) as (server, port),
        socket.create_connection(("127.0.0.1", port), timeout=20) as connection,
    ):
        connection.sendall(HALF)
        end_within_a_request(server)
        said = b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    assert said.startswith("HTTP/1.1 503 ")
    assert '"code": "shutting_down"' in said
    assert "retry-after: 5" in said.lower()


def test_what_has_arrived_when_the_gateway_ends_is_accepted_and_answered(
    settings: GatewaySettings,
) -> None:
    with running_server(settings) as (server, port):
        url = f"http://127.0.0.1:{port}/v1/urls"
        answers: list[httpx.Response] = []
        with locked_receipts(settings):
            sending = threading.Thread(
                target=lambda: answers.append(httpx.post(url, json=URLS, trust_env=False))
            )
            sending.start()
            end_within_a_request(server)
        sending.join()

    assert [answer.status_code for answer in answers] == [202]


@pytest.mark.parametrize("path", ["/v1/urls", "/v1/documents"])
def test_more_than_can_be_held_is_refused(
    settings: GatewaySettings, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = partial(Admission, max_buffered_bytes=1000)
    monkeypatch.setattr("newsmill_gateway.api.Admission", narrow)

    with serving(settings) as api:
        refused = api.post(path, json=DOCUMENT)
        later = api.post(path, json=URLS)

    assert refusals([refused]) == {(503, "busy")}
    assert later.status_code != 503
