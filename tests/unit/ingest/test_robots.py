"""What a robots.txt allows, and when it is asked for."""

from datetime import datetime, timedelta

import pytest

from newsmill_ingest.robots import RobotsAnswer, RobotsRules, answer_for_status
from newsmill_ingest.robots_gate import NoSharedCache, RobotsCopy, RobotsGate
from newsmill_shared.errors import EndedError
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize
from tests.unit.ingest.fakes import NOW, FakeHosts

PAGE = canonicalize("https://news.example/a")
ROBOTS = "https://news.example/robots.txt"
CLOSED = b"User-agent: *\nDisallow: /"


def allows(text: str, path: str, agent: str = "newsmill") -> bool:
    return RobotsRules(text.encode(), agent).allows(f"https://news.example{path}")


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", True),
        ("User-agent: *\nDisallow: /*?print=", "/n?print=1", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/n.pdf", False),
        ("User-agent: *\nDisallow: /\nUser-agent: newsmill\nAllow: /", "/a", True),
        ("User-agent: NEWSMILL\nDisallow: /", "/a", False),
        ("\ufeffUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: newsmill bot\nDisallow: /", "/a", False),
        ("User-agent: newsmill/2.0\nDisallow: /", "/a", False),
        ("User-agent: newsmill\nUnknown: x\nUser-agent: other\nDisallow: /", "/a", False),
        ("User-agent: newsmill\nCrawl-delay: 3\nUser-agent: other\nDisallow: /", "/a", False),
        (
            "User-agent: newsmill\nSitemap: https://x.example/s\nUser-agent: o\nDisallow: /",
            "/a",
            False,
        ),
        ("user agent newsmill\ndisallow /", "/a", False),
        ("User-agent: *\nDisallow: /a\nUser-agent names: see below\nAllow: /a/b", "/a/b", True),
        ("User-agent newsmill\nDisallow /a:b", "/a:b", False),
        ("User-agent: *\rDisallow: /a\r", "/a", False),
        ("User-agent: * # all\nDisallow: /a # this", "/a", False),
        ("<html>User-agent: *\nDisallow: /</html>", "/a", True),
        ("User-agent: mill\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /x\u2028Disallow: /a", "/a", True),
    ],
)
def test_a_no_is_read_as_a_no(text: str, path: str, allowed: bool) -> None:
    assert allows(text, path) is allowed


@pytest.mark.parametrize(
    "agent",
    ["newsmill", "newsmill/1.0 (+https://x.example)", "Mozilla/5.0 (compatible; newsmill/1)"],
)
def test_a_crawler_is_known_by_its_header_too(agent: str) -> None:
    assert not allows("User-agent: newsmill\nDisallow: /", "/a", agent)


def test_a_line_that_the_limit_cuts_in_two_is_left_out() -> None:
    head = b"User-agent: *\nDisallow: /private\n"
    filler = b"#" * (512_000 - len(head) - len(b"\nDisallow: /")) + b"\nDisallow: /private2\n"

    rules = RobotsRules(head + filler, "newsmill")

    assert rules.allows("https://news.example/a")
    assert not rules.allows("https://news.example/private")


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, RobotsAnswer.RULES),
        (304, RobotsAnswer.RULES),
        (301, RobotsAnswer.ALLOW),
        (401, RobotsAnswer.ALLOW),
        (404, RobotsAnswer.ALLOW),
        (429, RobotsAnswer.DENY),
        (500, RobotsAnswer.DENY),
        (None, RobotsAnswer.DENY),
    ],
)
def test_a_status_says_whether_there_are_rules(status: int | None, answer: RobotsAnswer) -> None:
    assert answer_for_status(status) is answer


class Cache(dict[str, RobotsCopy]):
    def put(self, origin: str, copy: RobotsCopy) -> None:
        self[origin] = copy


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def a_gate(hosts: FakeHosts, cache: Cache | None = None, clock: Clock | None = None) -> RobotsGate:
    return RobotsGate(
        "newsmill",
        fetcher=hosts,
        cache=Cache() if cache is None else cache,
        now=clock or Clock(),
    )


def ask(gate: RobotsGate) -> RobotsRules:
    with Deadline(5) as deadline:
        return gate.rules(PAGE, deadline)


def refusal(gate: RobotsGate) -> EndedError:
    with pytest.raises(EndedError) as ended:
        ask(gate)
    return ended.value


def test_robots_txt_is_asked_for_once_a_day_and_shared() -> None:
    hosts, cache, clock = FakeHosts(), Cache(), Clock()
    hosts.page(ROBOTS, CLOSED)
    gate = a_gate(hosts, cache, clock)

    first, second = ask(gate), ask(gate)
    other_process = ask(a_gate(hosts, cache, clock))
    clock.now += timedelta(hours=25)
    ask(gate)

    assert not any(rules.allows(PAGE.url) for rules in (first, second, other_process))
    assert hosts.asked == [ROBOTS, ROBOTS]


def test_a_host_without_robots_txt_allows_everything() -> None:
    assert ask(a_gate(FakeHosts())).allows(PAGE.url)


def test_redirects_of_robots_txt_are_followed_a_few_times() -> None:
    hosts = FakeHosts()
    hosts.redirect(ROBOTS, "https://www.news.example/robots.txt")
    hosts.page("https://www.news.example/robots.txt", CLOSED)
    looping = FakeHosts()
    looping.redirect(ROBOTS, "/robots.txt")

    assert not ask(a_gate(hosts)).allows(PAGE.url)
    assert ask(a_gate(looping)).allows(PAGE.url)
    assert len(looping.asked) == 6


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_host_that_cannot_say_is_asked_later(status: int) -> None:
    hosts = FakeHosts()
    hosts.page(ROBOTS, b"", status, {"retry-after": "30"})

    error = refusal(a_gate(hosts))

    assert error.reason is Reason.ROBOTS_UNREACHABLE
    assert error.retry_after_seconds == 30


@pytest.mark.parametrize("reason", [Reason.DNS, Reason.CONNECT, Reason.TLS, Reason.PROTOCOL])
def test_a_host_that_cannot_be_reached_is_asked_later(reason: Reason) -> None:
    hosts = FakeHosts()
    hosts.fail(ROBOTS, EndedError(reason, "x"))

    assert refusal(a_gate(hosts)).reason is Reason.ROBOTS_UNREACHABLE


def test_a_blocked_address_is_named_as_such() -> None:
    hosts = FakeHosts()
    hosts.fail(ROBOTS, EndedError(Reason.BLOCKED_ADDRESS, "x"))

    assert refusal(a_gate(hosts)).reason is Reason.BLOCKED_ADDRESS


def test_an_old_copy_serves_while_the_host_is_unreachable() -> None:
    hosts, clock = FakeHosts(), Clock()
    cache = Cache({"https://news.example": RobotsCopy(CLOSED, NOW - timedelta(days=5))})
    hosts.page(ROBOTS, b"", 503)
    gate = a_gate(hosts, cache, clock)

    ask(gate)
    rules = ask(gate)
    asked_at_first = len(hosts.asked)
    hosts.page(ROBOTS, b"")
    clock.now += timedelta(minutes=11)
    later = ask(gate)

    assert not rules.allows(PAGE.url)
    assert asked_at_first == 1
    assert later.allows(PAGE.url)


def test_rules_at_hand_serve_when_no_copy_is_shared() -> None:
    hosts, clock = FakeHosts(), Clock()
    hosts.page(ROBOTS, CLOSED)
    gate = RobotsGate("newsmill", fetcher=hosts, cache=NoSharedCache(), now=clock)

    ask(gate)
    hosts.page(ROBOTS, b"", 503)
    clock.now += timedelta(hours=25)
    rules = ask(gate)
    ask(gate)

    assert not rules.allows(PAGE.url)
    assert len(hosts.asked) == 2


def test_a_process_keeps_a_bounded_amount_of_rules_at_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("newsmill_ingest.robots_gate.MAX_REMEMBERED_BYTES", 5_000)
    hosts = FakeHosts()
    gate = RobotsGate("newsmill", fetcher=hosts, cache=NoSharedCache(), now=Clock())
    urls = [canonicalize(f"https://h{number}.example/a") for number in range(10)]

    with Deadline(5) as deadline:
        for url in [*urls, urls[-1], urls[0]]:
            gate.rules(url, deadline)

    assert len(hosts.asked) == 11
