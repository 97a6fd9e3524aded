"""What becomes of one message: a page, a reason why not, or another host to ask."""

import pytest

from newsmill_ingest.tasks import fetch_page
from newsmill_shared.errors import EndedError, TransientError
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import Response
from newsmill_shared.messages import FetchPage, Hop
from newsmill_shared.queue.notes import EndedNote, FetchedNote, MovedNote
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize
from tests.unit.ingest.fakes import FETCH, JOB, NOW, FakeHosts, FakePages, FakeRobots, a_command

Note = FetchedNote | EndedNote | MovedNote


def fetch(
    hosts: FakeHosts,
    command: FetchPage | None = None,
    *,
    robots: str = "",
    pages: FakePages | None = None,
) -> Note:
    with Deadline(5) as deadline:
        return fetch_page(
            command or a_command(),
            fetcher=hosts,
            robots=FakeRobots(robots),
            pages=pages or FakePages(),
            deadline=deadline,
            now=lambda: NOW,
            new_id=lambda: FETCH,
        )


def ended(note: Note) -> EndedNote:
    assert isinstance(note, EndedNote)
    return note


def test_a_page_is_stored_once_and_described() -> None:
    hosts, pages = FakeHosts(), FakePages()
    hosts.page(
        "https://news.example/a",
        b"<p>Neft</p>",
        headers={
            "content-type": "text/html; charset=utf-8",
            "etag": '"1"',
            "set-cookie": "a=b",
            "server": "x",
        },
    )

    note = fetch(hosts, pages=pages)

    assert isinstance(note, FetchedNote)
    page = note.message.page
    assert (note.job_id, note.attempt, note.message.epoch) == (JOB, 1, "e")
    assert (page.fetch_id, page.fetched_at, page.status) == (FETCH, NOW, 200)
    assert page.headers == {"content-type": "text/html; charset=utf-8", "etag": '"1"'}
    assert page.media_type == "text/html"
    assert pages.bodies == {page.object: b"<p>Neft</p>"}
    assert page.size == 11


def test_redirects_on_the_host_are_followed_and_the_final_url_names_the_page() -> None:
    hosts = FakeHosts()
    hosts.redirect("https://news.example/a", "/b?utm_source=x")
    hosts.page("https://news.example/b?utm_source=x")

    note = fetch(hosts)

    assert isinstance(note, FetchedNote)
    page = note.message.page
    assert page.url == "https://news.example/a"
    assert page.final_url == "https://news.example/b?utm_source=x"
    assert page.final_key == canonicalize("https://news.example/b").key
    assert page.hops == (Hop(url="https://news.example/a", status=302),)


def test_http_to_https_of_one_name_stays_in_the_chain() -> None:
    hosts = FakeHosts()
    hosts.redirect("http://news.example/a", "https://news.example/a")
    hosts.page("https://news.example/a")

    assert isinstance(fetch(hosts, a_command("http://news.example/a")), FetchedNote)


def test_a_redirect_to_another_host_ends_the_chain_unasked() -> None:
    hosts = FakeHosts()
    hosts.redirect("https://news.example/a", "https://consent.example/ask?id=1", "seen=1; Path=/")

    note = fetch(hosts)

    assert isinstance(note, MovedNote)
    assert note.target == "https://consent.example/ask?id=1"
    assert note.hops == (Hop(url="https://news.example/a", status=302),)
    assert hosts.asked == ["https://news.example/a"]


def test_cookies_go_back_to_the_host_that_set_them_and_to_no_other() -> None:
    hosts = FakeHosts()
    hosts.redirect("https://news.example/a", "https://consent.example/", "wall=1; Path=/")
    hosts.redirect("https://consent.example/", "https://news.example/a", "ok=2; Path=/")

    first = fetch(hosts)
    assert isinstance(first, MovedNote)
    second = fetch(hosts, a_command(target=first.target, hops=first.hops, cookies=first.cookies))
    assert isinstance(second, MovedNote)
    hosts.page("https://news.example/a")
    third = fetch(hosts, a_command(target=second.target, hops=second.hops, cookies=second.cookies))

    assert isinstance(third, FetchedNote)
    assert [headers.get("Cookie") for headers in hosts.sent] == [None, None, "wall=1"]


def test_redirects_are_counted_over_all_hosts() -> None:
    hosts = FakeHosts()
    earlier = tuple(Hop(url=f"https://h{n}.example/", status=301) for n in range(9))
    hosts.redirect("https://news.example/a", "/b")
    hosts.redirect("https://news.example/b", "/c")

    note = ended(fetch(hosts, a_command(hops=earlier)))

    assert note.reason is Reason.REDIRECT
    assert len(note.hops) == 11


@pytest.mark.parametrize(
    "location", [None, "", "  ", "file:///etc/passwd", "https://[::1", "data:,x"]
)
def test_a_redirect_that_leads_nowhere_ends_the_chain(location: str | None) -> None:
    hosts = FakeHosts()
    hosts.redirect("https://news.example/a", location)

    assert ended(fetch(hosts)).reason is Reason.REDIRECT


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Reason.HTTP_4XX),
        (403, Reason.HTTP_4XX),
        (404, Reason.HTTP_404),
        (410, Reason.HTTP_410),
        (429, Reason.HTTP_429),
        (500, Reason.HTTP_5XX),
        (503, Reason.HTTP_5XX),
        (204, Reason.PROTOCOL),
        (206, Reason.PROTOCOL),
        (304, Reason.PROTOCOL),
        (300, Reason.PROTOCOL),
        (999, Reason.PROTOCOL),
    ],
)
def test_a_status_without_a_page_says_why(status: int, reason: Reason) -> None:
    hosts = FakeHosts()
    hosts.page("https://news.example/a", b"", status, {"retry-after": "120"})

    note = ended(fetch(hosts))

    assert note.reason is reason
    assert note.retry_after_seconds == 120


def test_an_empty_page_is_no_page() -> None:
    hosts = FakeHosts()
    hosts.page("https://news.example/a", b"")

    assert ended(fetch(hosts)).reason is Reason.PROTOCOL


def test_what_the_client_refuses_ends_the_chain_with_its_reason() -> None:
    hosts = FakeHosts()
    hosts.fail("https://news.example/a", EndedError(Reason.TLS, "expired"))

    note = ended(fetch(hosts))

    assert (note.reason, note.detail) == (Reason.TLS, "expired")


def test_a_disallowed_page_is_not_asked_for() -> None:
    hosts = FakeHosts()

    note = ended(fetch(hosts, robots="User-agent: *\nDisallow: /a\nCrawl-delay: 7"))

    assert note.reason is Reason.ROBOTS
    assert note.crawl_delay_seconds == 7
    assert hosts.asked == []


def test_a_redirect_to_a_disallowed_page_is_not_followed() -> None:
    hosts = FakeHosts()
    hosts.redirect("https://news.example/a", "/private/b")

    note = ended(fetch(hosts, robots="User-agent: newsmill\nDisallow: /private/"))

    assert note.reason is Reason.ROBOTS
    assert hosts.asked == ["https://news.example/a"]


@pytest.mark.parametrize(("delay", "reported"), [("3", 3.0), ("0.5", 0.5), ("600", 60.0)])
def test_a_crawl_delay_is_reported_up_to_a_minute(delay: str, reported: float) -> None:
    hosts = FakeHosts()
    hosts.page("https://news.example/a")

    note = fetch(hosts, robots=f"User-agent: *\nCrawl-delay: {delay}")

    assert note.crawl_delay_seconds == reported


def test_a_body_without_a_type_gets_the_type_it_looks_like() -> None:
    hosts = FakeHosts()
    hosts.page("https://news.example/a", b"\n <!doctype html>", headers={})

    note = fetch(hosts)

    assert isinstance(note, FetchedNote)
    assert note.message.page.media_type == "text/html"


def test_a_page_store_that_is_away_is_no_fault_of_the_page() -> None:
    class Away(FakePages):
        def put_raw(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
            raise TransientError("away")

    hosts = FakeHosts()
    hosts.page("https://news.example/a")

    with pytest.raises(TransientError, match="away"):
        fetch(hosts, pages=Away())


def test_a_page_that_asks_not_to_be_kept_is_not_kept() -> None:
    hosts, pages = FakeHosts(), FakePages()
    hosts.answers["https://news.example/a"] = Response(
        "https://news.example/a", 200, {}, b"<p>News</p>", robots_tags=("noindex",)
    )

    note = ended(fetch(hosts, pages=pages))

    assert note.reason is Reason.NOINDEX
    assert pages.bodies == {}


def test_a_page_of_which_no_copy_may_be_kept_is_marked() -> None:
    hosts, pages = FakeHosts(), FakePages()
    hosts.answers["https://news.example/a"] = Response(
        "https://news.example/a",
        200,
        {},
        b"<p>News</p>",
        robots_tags=("otherbot: noindex", "noarchive"),
    )

    note = fetch(hosts, pages=pages)

    assert isinstance(note, FetchedNote)
    assert note.message.page.noarchive


@pytest.mark.parametrize("etag", ['"\x00\u202e1"', '"a  b"', '"' + "x" * 5000 + '"'])
def test_a_validator_that_could_not_go_back_word_for_word_is_not_kept(etag: str) -> None:
    hosts = FakeHosts()
    hosts.page("https://news.example/a", headers={"etag": etag})

    note = fetch(hosts)

    assert isinstance(note, FetchedNote)
    assert note.message.page.headers == {}


def test_what_a_host_says_is_cleaned_before_it_is_passed_on() -> None:
    hosts = FakeHosts()
    headers = {"content-language": "a\x00\u202ez", "link": "x" * 9000}
    hosts.page("https://news.example/a", headers=headers)
    hosts.fail("https://news.example/b", EndedError(Reason.PROTOCOL, "\x00" + "y" * 9000))

    note, failed = fetch(hosts), ended(fetch(hosts, a_command("https://news.example/b")))

    assert isinstance(note, FetchedNote)
    assert note.message.page.headers == {"content-language": "az", "link": "x" * 4096}
    assert failed.detail == "y" * 500
