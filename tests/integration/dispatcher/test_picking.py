"""What is sent: due work, host by host, one job a page, the best first."""

from datetime import UTC, datetime, timedelta

from newsmill_shared.identity import article_id
from newsmill_shared.messages import Hop, HostSettings, StoredFetch
from newsmill_shared.queue.notes import EndedNote, LateNote, MovedNote
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_page, a_submission, an_article_enriched

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_a_host_is_asked_for_one_page_at_a_time(mill: Mill) -> None:
    mill.ledger.accept(
        a_submission("https://a.example/1"),
        a_submission("https://a.example/2"),
        a_submission("https://b.example/1"),
    )

    mill.tick()

    assert sorted(fetch.url for fetch in mill.fetches()) == [
        "https://a.example/1",
        "https://b.example/1",
    ]
    assert mill.hosts_agree()


def test_a_host_is_free_again_only_after_its_chain_and_its_delay(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://a.example/{n}") for n in range(2)), delay=3600)
    mill.tick()
    (first,) = mill.fetches()

    mill.fetched(first)
    mill.tick()

    assert mill.fetches() == []
    assert mill.ledger.sql(
        "select in_flight, next_at > now() + interval '50 minutes' from host"
    ) == [(0, True)]
    mill.ledger.sql("update host set next_at = now()")
    mill.tick()
    assert [fetch.url for fetch in mill.fetches()] == ["https://a.example/1"]


def test_the_highest_priority_goes_first_whatever_came_before(mill: Mill) -> None:
    mill.ledger.accept(
        a_submission("https://a.example/low"), a_submission("https://a.example/high", priority=9)
    )

    mill.tick()

    assert [fetch.url for fetch in mill.fetches()] == ["https://a.example/high"]


def test_of_jobs_that_share_a_page_one_runs_and_the_next_finds_it_fresh(mill: Mill) -> None:
    url = "https://a.example/story"
    mill.ledger.accept(a_submission(url), a_submission(url))
    mill.tick()
    (fetch,) = mill.fetches()
    mill.fetched(fetch)
    page = a_page(url, fetched_at=datetime.now(UTC))
    mill.ledger.finish(an_article_enriched(fetch.job_id, page=page))

    mill.let_hosts_be_asked()
    mill.tick()

    assert mill.fetches() == []
    assert mill.ledger.sql("select reason from outcome order by job_id") == [("new",), ("fresh",)]
    assert mill.ledger.conservation().unaccounted == 0


def test_a_forced_job_is_fetched_however_fresh_its_page_is(mill: Mill) -> None:
    url = "https://a.example/story"
    (first,) = mill.ledger.running(a_submission(url))
    mill.ledger.finish(an_article_enriched(first, page=a_page(url, fetched_at=datetime.now(UTC))))
    mill.ledger.accept(a_submission(url, force=True))

    mill.tick()

    assert [fetch.url for fetch in mill.fetches()] == [url]


def test_what_is_stored_of_a_page_goes_along_with_the_next_fetch(mill: Mill) -> None:
    url = "https://a.example/story"
    headers = {"etag": '"1"', "last-modified": "Wed, 04 Mar 2026 05:06:07 GMT"}
    page = a_page(url, final_url="https://a.example/final", headers=headers)
    (first,) = mill.ledger.running(a_submission(url))
    mill.ledger.finish(an_article_enriched(first, page=page))
    mill.ledger.accept(a_submission(url))

    mill.tick()

    (fetch,) = mill.fetches()
    assert fetch.stored == StoredFetch(
        fetch_id=page.fetch_id,
        url_key=page.final_key,
        sha256=page.sha256,
        etag=headers["etag"],
        last_modified=headers["last-modified"],
    )


def test_a_forced_fetch_and_one_of_an_unknown_page_know_nothing(mill: Mill) -> None:
    known, unknown = "https://a.example/story", "https://b.example/story"
    (first,) = mill.ledger.running(a_submission(known))
    mill.ledger.finish(an_article_enriched(first, page=a_page(known)))
    mill.ledger.accept(a_submission(known, force=True), a_submission(unknown))

    mill.tick()

    assert [fetch.stored for fetch in mill.fetches()] == [None, None]


def test_an_unchanged_page_shows_its_article_and_is_fresh_again(mill: Mill) -> None:
    url = "https://a.example/story"
    (first,) = mill.ledger.running(a_submission(url))
    mill.ledger.finish(an_article_enriched(first, page=a_page(url, fetched_at=LONG_AGO)))
    mill.ledger.accept(a_submission(url), a_submission(url))
    mill.tick()
    (fetch,) = mill.fetches()
    assert fetch.stored is not None

    mill.note(
        EndedNote(
            job_id=fetch.job_id,
            attempt=fetch.attempt,
            reason=Reason.NOT_MODIFIED,
            status=304,
            unchanged=fetch.stored.fetch_id,
        )
    )
    mill.tick()
    mill.let_hosts_be_asked()
    mill.tick()

    assert mill.fetches() == []
    assert mill.pages() == []
    assert mill.ledger.sql("select outcome, reason, article_id from outcome order by job_id") == [
        ("stored", "new", article_id(canonicalize(url).key)),
        ("unchanged", "not_modified", article_id(canonicalize(url).key)),
        ("unchanged", "fresh", article_id(canonicalize(url).key)),
    ]
    assert mill.ledger.conservation().unaccounted == 0


def test_the_zone_that_a_job_brings_counts_before_that_of_its_host(mill: Mill) -> None:
    mill.ledger.accept(
        a_submission("https://a.example/1", timezone="Europe/Paris"),
        a_submission("https://b.example/1"),
    )
    mill.ledger.sql("insert into host_setting (host_id, timezone) select id, 'Asia/Baku' from host")

    mill.tick()

    assert {fetch.url: fetch.timezone for fetch in mill.fetches()} == {
        "https://a.example/1": "Europe/Paris",
        "https://b.example/1": "Asia/Baku",
    }


def test_a_document_without_a_zone_gets_that_of_its_host(mill: Mill) -> None:
    page = a_page("https://a.example/story", supplied=True)
    mill.ledger.accept(a_submission("https://a.example/story", page=page))
    mill.ledger.sql("insert into host_setting (host_id, timezone) select id, 'Asia/Baku' from host")

    mill.tick()

    assert [message.page.timezone for message in mill.pages()] == ["Asia/Baku"]


def test_a_fetch_brings_what_the_operator_set_for_the_host_that_is_asked(mill: Mill) -> None:
    mill.ledger.accept(a_submission("https://a.example/1"), a_submission("https://b.example/1"))
    mill.ledger.sql(
        "insert into host_setting (host_id, headers, cookies, ignore_robots) "
        'select id, \'{"X-Key": "1"}\', \'{"pass": "2"}\', true from host '
        "where name = 'a.example'"
    )

    mill.tick()

    assert {fetch.url: fetch.host for fetch in mill.fetches()} == {
        "https://a.example/1": HostSettings(
            headers={"X-Key": "1"}, cookies={"pass": "2"}, ignore_robots=True
        ),
        "https://b.example/1": HostSettings(),
    }


def test_the_languages_of_a_hosts_stored_articles_go_along(mill: Mill) -> None:
    for name in ("one", "two"):
        (job,) = mill.ledger.running(a_submission(f"https://a.example/{name}"))
        mill.ledger.finish(an_article_enriched(job, page=a_page(f"https://a.example/{name}")))
    mill.tick()
    supplied = a_page("https://a.example/supplied", supplied=True)
    mill.ledger.accept(
        a_submission("https://a.example/new"),
        a_submission("https://b.example/new"),
        a_submission(supplied.url, page=supplied),
    )

    mill.let_hosts_be_asked()
    mill.tick()

    assert {fetch.url: fetch.languages for fetch in mill.fetches()} == {
        "https://a.example/new": {"en": 2},
        "https://b.example/new": {},
    }
    assert [message.languages for message in mill.pages()] == [{"en": 2}]


def test_a_supplied_page_goes_straight_to_enrich_without_a_host(mill: Mill) -> None:
    page = a_page("https://a.example/story", supplied=True)
    mill.ledger.accept(a_submission("https://a.example/story", page=page))

    mill.tick()

    assert [message.page for message in mill.pages()] == [page]
    assert mill.ledger.sql("select count(*) from slot") == [(0,)]


def test_a_redirect_to_another_host_waits_there_and_counts_no_try(mill: Mill) -> None:
    mill.ledger.accept(a_submission("https://a.example/old"))
    mill.tick()
    (fetch,) = mill.fetches()
    hop = Hop(url="https://a.example/old", status=301)

    mill.note(
        MovedNote(
            job_id=fetch.job_id,
            attempt=1,
            target="https://b.example/new",
            hops=(hop,),
            cookies={"consent": "yes"},
        )
    )
    mill.tick(2)

    (moved,) = mill.fetches()
    assert (moved.url, moved.target) == ("https://a.example/old", "https://b.example/new")
    assert (moved.hops, moved.cookies) == ((hop,), {"consent": "yes"})
    assert mill.ledger.sql("select tries from job") == [(0,)]
    assert mill.hosts_agree()


def test_a_redirect_to_a_url_that_cannot_be_fetched_ends_the_job(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()

    mill.note(MovedNote(job_id=fetch.job_id, attempt=1, target="file:///etc/passwd", hops=()))
    mill.tick()

    assert mill.ledger.sql("select outcome, reason from outcome") == [("failed", "redirect")]


def test_a_failed_fetch_is_held_and_given_up_at_the_fifth(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    for _ in range(5):
        mill.let_hosts_be_asked()
        mill.tick(2)
        (fetch,) = mill.fetches()
        mill.note(EndedNote(job_id=fetch.job_id, attempt=fetch.attempt, reason=Reason.HTTP_5XX))
        mill.tick()

    assert mill.ledger.sql("select outcome, reason, attempt from outcome") == [
        ("failed", "http_5xx", 5)
    ]


def test_retry_after_keeps_the_job_and_its_host_waiting(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()

    mill.note(
        EndedNote(job_id=fetch.job_id, attempt=1, reason=Reason.HTTP_429, retry_after_seconds=7200)
    )
    mill.tick()

    assert mill.ledger.sql("select held_until > now() + interval '119 minutes' from job") == [
        (True,)
    ]
    assert mill.ledger.sql("select next_at > now() + interval '119 minutes' from host") == [(True,)]


def test_a_note_that_comes_twice_counts_once(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()
    ended = EndedNote(job_id=fetch.job_id, attempt=1, reason=Reason.TIMEOUT)

    mill.note(ended)
    mill.tick()
    mill.note(ended)
    mill.tick()

    assert mill.ledger.sql("select tries from job") == [(1,)]
    assert mill.hosts_agree()


def test_a_late_attempt_waits_again_while_its_slot_holds_the_host(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()

    mill.note(LateNote(job_id=fetch.job_id, attempt=1))
    mill.tick(2)

    assert mill.states() == [("waiting", 1, 0, 0)]
    assert mill.fetches() == []
    mill.let_hosts_be_asked()
    mill.tick()
    assert [fetch.attempt for fetch in mill.fetches()] == [2]


def test_a_job_that_expires_before_its_turn_is_skipped(mill: Mill) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    mill.ledger.accept(a_submission(expires_at=past))

    mill.tick()

    assert mill.fetches() == []
    assert mill.ledger.sql("select outcome, reason from outcome") == [("skipped", "expired")]


def test_a_lost_wake_word_is_found_by_the_sweep(mill: Mill) -> None:
    mill.ledger.accept(a_submission())

    mill.tick()

    assert len(mill.fetches()) == 1
