"""What is stored of a page, and what is set for its host, as a real host sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsmill_ingest.robots_gate import NoSharedCache, RobotsGate
from newsmill_ingest.tasks import fetch_page
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.http.client import GuardedClient
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.identity import new_id
from newsmill_shared.messages import HostSettings, StoredFetch
from newsmill_shared.pages import PageStore
from newsmill_shared.queue.notes import EndedNote, FetchedNote, MovedNote
from newsmill_shared.reasons import Reason
from tests.support.hostile import HostileServer, answer, redirect
from tests.unit.ingest.fakes import a_command

ETAG = 'W/"a b c\xe9"'
TYPE = "Content-Type: text/html"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer({"/a": answer(headers=(TYPE, 'ETag: "1"'))}) as running:
        yield running


def fetch(
    server: HostileServer,
    pages: Path,
    *,
    stored: StoredFetch | None = None,
    host: HostSettings | None = None,
) -> FetchedNote | EndedNote | MovedNote:
    client = GuardedClient(
        AddressPolicy.parse(f"127.77.0.0/16:{server.port}"), user_agent="newsmill/test"
    )
    try:
        with Deadline(5) as deadline:
            return fetch_page(
                a_command(server.url("/a"), stored=stored, host=host),
                fetcher=client,
                robots=RobotsGate("newsmill", fetcher=client, cache=NoSharedCache(), now=now),
                pages=PageStore.open(pages.as_uri()),
                deadline=deadline,
                now=now,
                new_id=new_id,
            )
    finally:
        client.close()


def stored_by(note: FetchedNote | EndedNote | MovedNote) -> StoredFetch:
    assert isinstance(note, FetchedNote)
    page = note.message.page
    return StoredFetch(
        fetch_id=page.fetch_id,
        url_key=page.final_key,
        sha256=page.sha256,
        etag=page.headers.get("etag"),
    )


def test_a_page_that_its_host_calls_unchanged_is_not_sent_again(
    server: HostileServer, tmp_path: Path
) -> None:
    stored = stored_by(fetch(server, tmp_path))
    server.behaviours["/a"] = answer(b"", status="304 Not Modified", headers=())

    note = fetch(server, tmp_path, stored=stored)

    assert isinstance(note, EndedNote)
    assert (note.reason, note.unchanged) == (Reason.NOT_MODIFIED, stored.fetch_id)
    assert [
        visit.headers.get("if-none-match") for visit in server.visits if visit.path == "/a"
    ] == [
        None,
        '"1"',
    ]


def test_a_host_without_validators_is_found_out_by_its_bytes(
    server: HostileServer, tmp_path: Path
) -> None:
    server.behaviours["/a"] = answer(headers=(TYPE,))
    stored = stored_by(fetch(server, tmp_path))
    kept = sorted(tmp_path.rglob("*"))

    note = fetch(server, tmp_path, stored=stored)

    assert isinstance(note, EndedNote)
    assert (note.reason, note.unchanged) == (Reason.SAME_CONTENT, stored.fetch_id)
    assert sorted(tmp_path.rglob("*")) == kept


def test_an_etag_in_odd_bytes_breaks_nothing(server: HostileServer, tmp_path: Path) -> None:
    server.behaviours["/a"] = answer(headers=(TYPE, f"ETag: {ETAG}"))
    stored = stored_by(fetch(server, tmp_path))

    note = fetch(server, tmp_path, stored=stored)

    assert isinstance(note, EndedNote)
    assert note.reason is Reason.SAME_CONTENT


def test_what_is_set_for_a_host_reaches_its_pages_and_not_its_robots_txt_or_another_host(
    server: HostileServer, tmp_path: Path
) -> None:
    server.behaviours["/a"] = redirect("/b", headers=("Set-Cookie: seen=1; Path=/",))
    server.behaviours["/b"] = redirect(server.url("/a", host="127.77.0.2"))
    own = HostSettings(headers={"X-Key": "1"}, cookies={"pass": "2"})

    note = fetch(server, tmp_path, host=own)

    assert isinstance(note, MovedNote)
    assert [
        (visit.path, visit.headers.get("x-key"), visit.headers.get("cookie"))
        for visit in server.visits
    ] == [
        ("/robots.txt", None, None),
        ("/a", "1", "pass=2"),
        ("/b", "1", "pass=2; seen=1"),
    ]


def test_robots_txt_is_not_asked_where_the_operator_overrides_it(
    server: HostileServer, tmp_path: Path
) -> None:
    server.behaviours["/robots.txt"] = answer(b"User-agent: *\nDisallow: /")

    note = fetch(server, tmp_path, host=HostSettings(ignore_robots=True))

    assert isinstance(note, FetchedNote)
    assert server.paths() == ["/a"]
