"""Whole chains, from the message to the note, against hosts that mean harm."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsmill_ingest.robots_gate import NoSharedCache, RobotsGate
from newsmill_ingest.tasks import fetch_page
from newsmill_ingest.visit import Visit, visit
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.http.client import GuardedClient
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import Validators
from newsmill_shared.identity import new_id
from newsmill_shared.pages import PageStore
from newsmill_shared.queue.notes import EndedNote, FetchedNote, MovedNote
from newsmill_shared.reasons import Reason
from tests.support.hostile import HostileServer, answer, drip, raw, redirect
from tests.unit.ingest.fakes import a_command

Note = FetchedNote | EndedNote | MovedNote


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer({"/a": answer()}) as running:
        yield running


@pytest.fixture
def client(server: HostileServer) -> Iterator[GuardedClient]:
    opened = GuardedClient(
        AddressPolicy.parse(f"127.77.0.0/16:{server.port}"), user_agent="newsmill/test"
    )
    yield opened
    opened.close()


def run(client: GuardedClient, url: str, pages: Path, *, seconds: float = 5) -> Note:
    with Deadline(seconds) as deadline:
        return fetch_page(
            a_command(url),
            fetcher=client,
            robots=RobotsGate("newsmill", fetcher=client, cache=NoSharedCache(), now=now),
            pages=PageStore.open(pages.as_uri()),
            deadline=deadline,
            now=now,
            new_id=new_id,
        )


def reason(note: Note) -> Reason:
    assert isinstance(note, EndedNote), note
    return note.reason


def test_a_page_goes_from_its_host_into_the_page_store(
    server: HostileServer, client: GuardedClient, tmp_path: Path
) -> None:
    note = run(client, server.url("/a"), tmp_path)

    assert isinstance(note, FetchedNote)
    page = note.message.page
    assert PageStore.open(tmp_path.as_uri()).get(page.object) == b"<p>Good news.</p>"
    assert server.paths() == ["/robots.txt", "/a"]
    assert len(server.connections) == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/a",
        "http://localhost:{port}/a",
        "http://[::1]:{port}/a",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433:{port}/",
    ],
)
def test_a_redirect_to_a_forbidden_address_is_never_connected_to(
    server: HostileServer, client: GuardedClient, location: str
) -> None:
    server.behaviours["/a"] = redirect(location.format(port=server.port))

    outcome = in_one_go(client, server.url("/a"))

    assert (outcome.error or "").startswith(("blocked_address", "redirect"))
    assert set(server.connections) == {"127.77.0.1"}


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("file:///etc/passwd", Reason.REDIRECT),
        ("gopher://127.77.0.1/", Reason.REDIRECT),
        ("", Reason.REDIRECT),
        ("http://", Reason.REDIRECT),
        ("/loop", Reason.REDIRECT),
        ("http://user:secret@127.77.0.1/", Reason.REDIRECT),
    ],
)
def test_a_redirect_that_leads_nowhere_ends_the_chain(
    server: HostileServer, client: GuardedClient, tmp_path: Path, location: str, expected: Reason
) -> None:
    server.behaviours |= {"/a": redirect(location), "/loop": redirect("/loop")}

    assert reason(run(client, server.url("/a"), tmp_path)) is expected
    assert len(server.visits) <= 12


def test_two_different_targets_of_a_redirect_are_none(
    server: HostileServer, client: GuardedClient, tmp_path: Path
) -> None:
    server.behaviours["/twice"] = redirect("/a", headers=["Location: /a"])
    server.behaviours["/torn"] = redirect("/a", headers=["Location: /b"])

    assert isinstance(run(client, server.url("/twice"), tmp_path), FetchedNote)
    assert reason(run(client, server.url("/torn"), tmp_path)) is Reason.REDIRECT


def test_a_bomb_of_redirects_ends_after_ten(
    server: HostileServer, client: GuardedClient, tmp_path: Path
) -> None:
    for number in range(50):
        server.behaviours[f"/{number}"] = redirect(f"/{number + 1}")

    note = run(client, server.url("/0"), tmp_path)

    assert reason(note) is Reason.REDIRECT
    assert len(server.visits) == 12


@pytest.mark.parametrize(
    "location", ["/x\u0259b\u0259r", "/x b", "x", "?q=\u0259", "//127.77.0.1:{port}/x"]
)
def test_a_location_is_read_as_browsers_do(
    server: HostileServer, client: GuardedClient, tmp_path: Path, location: str
) -> None:
    server.behaviours["/dir/a"] = redirect(location.format(port=server.port))
    for path in ("/x%C9%99b%C9%99r", "/x%20b", "/dir/x", "/dir/a?q=%C9%99", "/x"):
        server.behaviours[path] = answer()

    assert isinstance(run(client, server.url("/dir/a"), tmp_path), FetchedNote)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("204 No Content", Reason.PROTOCOL),
        ("206 Partial Content", Reason.PROTOCOL),
        ("304 Not Modified", Reason.PROTOCOL),
        ("404 Not Found", Reason.HTTP_404),
        ("503 Service Unavailable", Reason.HTTP_5XX),
    ],
)
def test_a_status_without_cause_is_no_page(
    server: HostileServer, client: GuardedClient, tmp_path: Path, status: str, expected: Reason
) -> None:
    server.behaviours["/a"] = answer(b"x" * 100, status=status)

    assert reason(run(client, server.url("/a"), tmp_path)) is expected


def test_a_page_behind_a_flood_of_cookies_is_a_page(
    server: HostileServer, client: GuardedClient, tmp_path: Path
) -> None:
    flood = [f"Set-Cookie: k{number}={'v' * 600}; Path=/" for number in range(90)]
    server.behaviours |= {"/wall": redirect("/a", headers=flood)}

    note = run(client, server.url("/wall"), tmp_path)

    assert isinstance(note, FetchedNote)
    assert len(server.visits[-1].headers["cookie"]) <= 8192


def test_tls_spoken_on_a_plain_port_is_no_page(
    server: HostileServer, client: GuardedClient, tmp_path: Path
) -> None:
    server.behaviours["/a"] = raw(b"\x16\x03\x03\x00\x02\x02\x28" * 10)

    assert reason(run(client, server.url("/a"), tmp_path)) is Reason.PROTOCOL


def test_a_slow_robots_txt_costs_no_more_than_the_chain_has(
    server: HostileServer, client: GuardedClient, tmp_path: Path
) -> None:
    server.behaviours["/robots.txt"] = drip(b"HTTP/1.1 200 OK\r\n\r\n")
    started = now()

    note = run(client, server.url("/a"), tmp_path, seconds=0.4)

    assert reason(note) is Reason.TIMEOUT
    assert (now() - started).total_seconds() < 1.4


def test_a_robots_txt_that_says_no_is_the_only_thing_asked_for(
    server: HostileServer, client: GuardedClient, tmp_path: Path
) -> None:
    server.behaviours["/robots.txt"] = answer(
        b"User-agent: *\nDisallow: /\n" + b"#" * 600_000, headers=["Content-Type: text/plain"]
    )

    assert reason(run(client, server.url("/a"), tmp_path)) is Reason.ROBOTS
    assert server.paths() == ["/robots.txt"]


def in_one_go(client: GuardedClient, url: str, validators: Validators | None = None) -> Visit:
    with Deadline(5) as deadline:
        return visit(url, fetcher=client, deadline=deadline, now=now, validators=validators)


def test_a_visit_follows_redirects_to_other_hosts_with_their_cookies(
    server: HostileServer, client: GuardedClient
) -> None:
    other = server.url("/consent", host="127.77.0.2")
    server.behaviours |= {
        "/start": redirect(other, headers=["Set-Cookie: asked=1; Path=/"]),
        "/consent": redirect(server.url("/a"), headers=["Set-Cookie: given=1; Path=/"]),
    }

    outcome = in_one_go(client, server.url("/start"))

    assert (outcome.status, outcome.body, outcome.error) == (200, b"<p>Good news.</p>", None)
    assert [seen.headers.get("cookie") for seen in server.visits] == [None, None, "asked=1"]


def test_an_unchanged_page_is_neither_a_body_nor_an_error(
    server: HostileServer, client: GuardedClient
) -> None:
    server.behaviours["/a"] = answer(b"", status="304 Not Modified")

    outcome = in_one_go(
        client, server.url("/a"), Validators('W/"1"', "Mon, 17 Jun 2024 18:17:00 GMT")
    )

    assert (outcome.status, outcome.body, outcome.error) == (304, None, None)
    assert server.visits[0].headers["if-none-match"] == 'W/"1"'
    assert server.visits[0].headers["if-modified-since"] == "Mon, 17 Jun 2024 18:17:00 GMT"


def test_a_busy_host_says_when_to_come_back(server: HostileServer, client: GuardedClient) -> None:
    server.behaviours["/a"] = answer(
        b"", status="429 Too Many Requests", headers=["Retry-After: 17"]
    )

    outcome = in_one_go(client, server.url("/a"))

    assert (outcome.status, outcome.retry_after, outcome.body) == (429, 17, None)
    assert outcome.error == "http_429: status 429"


def test_what_is_no_url_is_an_error_of_the_visit(client: GuardedClient) -> None:
    assert in_one_go(client, "nowhere").error is not None
