"""The checker sees what it is there to see."""

from dataclasses import replace

from tests.chaos.checker import Ended, Facts, check, haste
from tests.chaos.press import Request

A, B = "http://127.77.1.1:80/page/1", "http://127.77.1.2:80/page/2"


def a_request(
    start: float, end: float | None, *, path: str = "/page/1", host: str = "127.77.1.1"
) -> Request:
    return Request(host, path, start, start, end)


def facts_of_two_stored_pages() -> Facts:
    """A run as it should be: one page through the API, one through the inbox."""
    return Facts(
        accepted={"a": A},
        left=frozenset({B}),
        redis_forgot=False,
        ended=[Ended("a", A, "stored:new", "article-a"), Ended("b", B, "stored:new", "article-b")],
        open={},
        versions=[("article-a", 1), ("article-b", 1)],
        article_urls=[A, B],
        events=[(1, "a"), (2, "b")],
        changes=["a", "b"],
        unaccounted=[0, 0],
        slots_apart=0,
        requests=[a_request(1.0, 1.2), a_request(1.8, 2.0, path="/page/3")],
        thaws=[],
        delay=0.5,
        queues={"ingest": 0},
        slots_left=0,
    )


def test_a_run_as_it_should_be_has_no_findings() -> None:
    findings = check(facts_of_two_stored_pages())

    assert findings.passed
    assert findings.verdict().startswith("pages 2, lost 0, duplicated 0, unaccounted 0")


def test_an_acknowledged_page_that_is_nowhere_is_lost() -> None:
    facts = facts_of_two_stored_pages()
    facts = replace(facts, accepted={"a": A, "c": "http://127.77.1.1:80/page/9"})

    findings = check(facts)

    assert findings.lost == ["http://127.77.1.1:80/page/9 (job c) is nowhere"]
    assert not findings.passed


def test_a_page_that_is_still_open_is_lost() -> None:
    facts = facts_of_two_stored_pages()
    facts = replace(facts, open={"c": "http://127.77.1.1:80/page/9"})

    assert check(facts).lost == ["http://127.77.1.1:80/page/9 (job c) is still open"]


def test_a_page_of_the_inbox_that_nobody_carried_is_lost_unless_redis_lost_its_data() -> None:
    facts = replace(facts_of_two_stored_pages(), left=frozenset({B, "http://127.77.1.9:80/page/5"}))

    assert check(facts).lost == ["http://127.77.1.9:80/page/5 was left in the inbox and is nowhere"]
    assert check(replace(facts, redis_forgot=True)).passed


def test_a_second_job_outcome_version_article_event_or_change_is_a_duplicate() -> None:
    facts = facts_of_two_stored_pages()
    twice = [
        replace(facts, ended=[*facts.ended, Ended("c", A, "stored:new", "article-a")]),
        replace(facts, ended=[*facts.ended, facts.ended[0]]),
        replace(facts, open={"c": A}),
        replace(facts, versions=[*facts.versions, ("article-a", 2)]),
        replace(facts, article_urls=[A, A, B]),
        replace(facts, events=[*facts.events, (3, "a")]),
        replace(facts, events=[(1, "a"), (1, "b")]),
        replace(facts, changes=["a", "b", "b"]),
    ]

    assert all(check(one).duplicated for one in twice)
    assert not any(check(one).passed for one in twice)


def test_what_was_unaccounted_for_a_moment_is_told() -> None:
    findings = check(replace(facts_of_two_stored_pages(), unaccounted=[0, -2, 1, 0]))

    assert findings.unaccounted == -2
    assert not findings.passed


def test_a_host_that_was_asked_too_soon_is_told() -> None:
    requests = [a_request(1.0, 1.2), a_request(1.6, 1.8, path="/page/3")]

    findings = check(replace(facts_of_two_stored_pages(), requests=requests))

    assert findings.impolite == ["127.77.1.1/page/3 asked 0.400 s after /page/1"]


def test_a_host_that_was_asked_twice_at_once_is_told() -> None:
    requests = [a_request(1.0, None), a_request(9.0, 9.1, path="/page/3")]

    findings = check(replace(facts_of_two_stored_pages(), requests=requests))

    assert findings.impolite == ["127.77.1.1/page/3 asked during /page/1"]


def test_a_request_is_held_against_the_longest_before_it() -> None:
    long, short, late = a_request(1.0, 9.0), a_request(2.0, 2.1), a_request(5.0, 5.1)

    assert [(one.before, one.after) for one in haste([late, long, short], delay=0.5)] == [
        (long, short),
        (long, late),
    ]


def test_other_hosts_and_the_page_after_its_robots_txt_may_be_asked_at_once() -> None:
    requests = [
        a_request(1.0, 1.2, path="/robots.txt"),
        a_request(1.2, 1.4),
        a_request(1.1, 1.3, host="127.77.1.2"),
    ]

    assert haste(requests, delay=0.5) == []


def test_a_request_that_was_frozen_on_its_way_is_counted_apart() -> None:
    requests = [a_request(1.0, 1.2), a_request(1.4, 1.5)]
    facts = replace(facts_of_two_stored_pages(), requests=requests, thaws=[1.1])

    findings = check(facts)

    assert len(findings.frozen) == 1
    assert findings.passed


def test_a_page_that_ended_otherwise_than_it_must_is_told() -> None:
    poison = "http://127.77.1.1:80/poison/1"
    facts = facts_of_two_stored_pages()
    wrong = [
        Ended("a", A, "failed:timeout"),
        Ended("a", poison, "stored:new"),
        Ended("a", poison, "dead:worker_lost", losses=4),
    ]

    found = [check(replace(facts, ended=[one, facts.ended[1]])).wrong for one in wrong]

    assert [len(words) for words in found] == [1, 1, 1]


def test_what_did_not_come_to_rest_is_told() -> None:
    facts = facts_of_two_stored_pages()
    restless = [
        replace(facts, queues={"ingest": 3}),
        replace(facts, slots_left=1),
        replace(facts, slots_apart=1),
        replace(facts, changes=["a"]),
        replace(facts, events=[(1, "a")]),
        replace(facts, events=[(1, "a"), (None, "b")]),
    ]

    assert all(check(one).disorder for one in restless)
