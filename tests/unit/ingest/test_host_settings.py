"""What an operator set for a host: sent to it alone, robots.txt read or not."""

from newsmill_ingest.tasks import fetch_page
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.messages import FetchPage, HostSettings
from newsmill_shared.queue.notes import EndedNote, FetchedNote, MovedNote
from newsmill_shared.reasons import Reason
from tests.unit.ingest.fakes import FETCH, NOW, FakeHosts, FakePages, FakeRobots, a_command

URL = "https://news.example/a"
OWN = HostSettings(
    headers={"Authorization": "Basic c2VjcmV0"}, cookies={"pass": "s1", "lang": "az"}
)


def fetch(
    hosts: FakeHosts, command: FetchPage, *, robots: str = ""
) -> FetchedNote | EndedNote | MovedNote:
    with Deadline(5) as deadline:
        return fetch_page(
            command,
            fetcher=hosts,
            robots=FakeRobots(robots),
            pages=FakePages(),
            deadline=deadline,
            now=lambda: NOW,
            new_id=lambda: FETCH,
        )


def test_headers_and_cookies_go_with_every_request_to_the_host() -> None:
    hosts = FakeHosts()
    hosts.redirect(URL, "/b", "seen=1; Path=/")
    hosts.page("https://news.example/b")

    fetch(hosts, a_command(URL, host=OWN))

    assert hosts.sent == [
        {"Authorization": "Basic c2VjcmV0", "Cookie": "pass=s1; lang=az"},
        {"Authorization": "Basic c2VjcmV0", "Cookie": "pass=s1; lang=az; seen=1"},
    ]


def test_nothing_of_it_moves_on_with_a_redirect_to_another_host() -> None:
    hosts = FakeHosts()
    hosts.redirect(URL, "https://other.example/", "seen=1; Path=/; Domain=news.example")

    note = fetch(hosts, a_command(URL, host=OWN))

    assert isinstance(note, MovedNote)
    assert list(note.cookies.values()) == ["1"]
    assert "s1" not in note.model_dump_json()


def test_nothing_of_it_is_sent_in_clear_after_an_encrypted_beginning() -> None:
    hosts = FakeHosts()
    hosts.redirect(URL, "http://news.example/b")
    hosts.page("http://news.example/b")

    fetch(hosts, a_command(URL, host=OWN))

    assert hosts.sent[1] == {}


def test_robots_txt_is_not_asked_where_the_operator_overrides_it() -> None:
    hosts = FakeHosts()
    hosts.page(URL)
    forbidden = "User-agent: *\nDisallow: /\nCrawl-delay: 9"

    obeyed = fetch(hosts, a_command(URL), robots=forbidden)
    ignored = fetch(hosts, a_command(URL, host=HostSettings(ignore_robots=True)), robots=forbidden)

    assert isinstance(obeyed, EndedNote)
    assert (obeyed.reason, obeyed.crawl_delay_seconds) == (Reason.ROBOTS, 9)
    assert isinstance(ignored, FetchedNote)
    assert ignored.crawl_delay_seconds is None


def test_secrets_are_not_shown_where_a_message_is_logged() -> None:
    command = a_command(URL, host=OWN)

    assert "c2VjcmV0" not in repr(command)
    assert "s1" not in repr(command)


def test_a_host_that_asks_for_no_delay_any_more_says_so() -> None:
    hosts = FakeHosts()
    hosts.page(URL)

    note = fetch(hosts, a_command(URL), robots="User-agent: *\nAllow: /")

    assert note.crawl_delay_seconds == 0
