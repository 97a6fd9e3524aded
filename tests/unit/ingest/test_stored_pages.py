"""A page that is stored already: asked about with its validators, and not made anew if the same."""

import hashlib

from newsmill_ingest.tasks import fetch_page
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import Response
from newsmill_shared.messages import FetchPage, StoredFetch
from newsmill_shared.queue.notes import EndedNote, FetchedNote, MovedNote
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize
from tests.unit.ingest.fakes import FETCH, NOW, FakeHosts, FakePages, FakeRobots, a_command

URL = "https://news.example/a"
BODY = b"<p>News</p>"
ETAG, DATE = 'W/"1 \\x"', "Wed, 04 Mar 2026 05:06:07 GMT"


def a_stored_fetch(
    url: str = URL,
    body: bytes = BODY,
    *,
    etag: str | None = ETAG,
    last_modified: str | None = DATE,
) -> StoredFetch:
    return StoredFetch(
        fetch_id=FETCH,
        url_key=canonicalize(url).key,
        sha256=hashlib.sha256(body).hexdigest(),
        etag=etag,
        last_modified=last_modified,
    )


def fetch(
    hosts: FakeHosts, command: FetchPage, pages: FakePages | None = None
) -> FetchedNote | EndedNote | MovedNote:
    with Deadline(5) as deadline:
        return fetch_page(
            command,
            fetcher=hosts,
            robots=FakeRobots(),
            pages=pages or FakePages(),
            deadline=deadline,
            now=lambda: NOW,
            new_id=lambda: FETCH,
        )


def test_validators_go_back_word_for_word_and_304_ends_the_job_unchanged() -> None:
    hosts = FakeHosts()
    hosts.page(URL, b"", status=304)

    note = fetch(hosts, a_command(URL, stored=a_stored_fetch()))

    assert isinstance(note, EndedNote)
    assert (note.reason, note.status, note.unchanged) == (Reason.NOT_MODIFIED, 304, FETCH)
    assert hosts.sent == [{"If-None-Match": ETAG, "If-Modified-Since": DATE}]


def test_a_304_that_was_not_asked_for_is_an_error_of_the_host() -> None:
    hosts = FakeHosts()
    hosts.page(URL, b"", status=304)

    unknown = fetch(hosts, a_command(URL))
    no_validators = fetch(
        hosts, a_command(URL, stored=a_stored_fetch(etag=None, last_modified=None))
    )

    for note in (unknown, no_validators):
        assert isinstance(note, EndedNote)
        assert (note.reason, note.unchanged) == (Reason.PROTOCOL, None)


def test_the_same_bytes_are_neither_kept_nor_passed_on_again() -> None:
    hosts, pages = FakeHosts(), FakePages()
    hosts.page(URL, BODY)

    note = fetch(hosts, a_command(URL, stored=a_stored_fetch(etag=None)), pages)

    assert isinstance(note, EndedNote)
    assert (note.reason, note.unchanged) == (Reason.SAME_CONTENT, FETCH)
    assert pages.bodies == {}


def test_other_bytes_are_a_page_to_enrich() -> None:
    hosts = FakeHosts()
    hosts.page(URL, BODY + b"!")

    assert isinstance(fetch(hosts, a_command(URL, stored=a_stored_fetch())), FetchedNote)


def test_validators_are_sent_to_the_page_that_gave_them_and_to_no_other() -> None:
    hosts = FakeHosts()
    hosts.redirect(URL, "/b")
    hosts.page("https://news.example/b", b"", status=304)

    note = fetch(hosts, a_command(URL, stored=a_stored_fetch("https://news.example/b")))

    assert isinstance(note, EndedNote)
    assert note.reason is Reason.NOT_MODIFIED
    assert hosts.sent == [{}, {"If-None-Match": ETAG, "If-Modified-Since": DATE}]


def test_the_same_bytes_at_another_address_are_a_page_of_their_own() -> None:
    hosts = FakeHosts()
    hosts.redirect(URL, "/b")
    hosts.page("https://news.example/b", BODY)

    assert isinstance(fetch(hosts, a_command(URL, stored=a_stored_fetch(URL))), FetchedNote)


def test_a_page_that_now_asks_not_to_be_kept_is_skipped_though_its_bytes_are_the_same() -> None:
    hosts = FakeHosts()
    hosts.answers[URL] = Response(URL, 200, {}, BODY, robots_tags=("noindex",))

    note = fetch(hosts, a_command(URL, stored=a_stored_fetch()))

    assert isinstance(note, EndedNote)
    assert (note.reason, note.unchanged) == (Reason.NOINDEX, None)
