"""Runs that enrich stored pages again: what they change, and all that they leave alone."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import JsonValue

from newsmill_shared.database.deletion import delete_page
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.rework import finish_reworks
from newsmill_shared.database.rework_runs import (
    Filters,
    Run,
    Wanted,
    begin_run,
    read_run,
    set_run,
)
from newsmill_shared.identity import new_id
from newsmill_shared.messages import (
    Article,
    ArticleEnriched,
    Evidence,
    JobFinished,
    Language,
    PageFetched,
)
from newsmill_shared.queue.notes import LateNote, LostNote, MissingNote
from newsmill_shared.reasons import Reason
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_page, a_submission, an_article, an_article_enriched

pytestmark = pytest.mark.usefixtures("mill")


def store(mill: Mill, *urls: str, label: str | None = None, **fields: Any) -> list[UUID]:
    """Have these pages stored, and listed; return their jobs."""
    jobs = mill.ledger.running(*(a_submission(url, label=label) for url in urls))
    for job, url in zip(jobs, urls, strict=True):
        article = an_article(f"Of {url}", **fields)
        mill.ledger.finish(an_article_enriched(job, page=a_page(url), article=article))
    mill.tick()
    return jobs


def begin(mill: Mill, *, sample: int | None = None, **filters: Any) -> UUID:
    wanted = Wanted(Filters(**filters), sample, by="ana", reason="a new model")
    run = new_id()
    with transaction(mill.ledger.engine) as connection:
        begin_run(connection, run, wanted)
    return run


def state_of(mill: Mill, run: UUID) -> Run:
    with reading(mill.ledger.engine) as snapshot:
        found = read_run(snapshot, run)
    assert found is not None
    return found


def sent(mill: Mill) -> list[PageFetched]:
    """Let the dispatcher look at its runs, and take what it sends."""
    mill.around.ahead_seconds += 2
    mill.tick()
    mill.around.ahead_seconds += 2
    mill.tick()
    return mill.pages()


def enriched(message: PageFetched, article: Article | None = None) -> ArticleEnriched:
    return ArticleEnriched(
        job_id=message.job_id,
        attempt=message.attempt,
        epoch=message.epoch,
        page=message.page,
        article=article or an_article(f"Of {message.page.url}"),
        rework=message.rework,
    )


def finish(mill: Mill, *results: ArticleEnriched | JobFinished) -> None:
    with transaction(mill.ledger.engine) as connection:
        finish_reworks(connection, results)


def versions(mill: Mill) -> list[tuple[object, ...]]:
    return mill.ledger.sql("select number, language from version order by article_id, number")


def in_german(message: PageFetched) -> ArticleEnriched:
    german = an_article(f"Of {message.page.url}", language=Language(tag="de", confidence=0.9))
    return enriched(message, german)


def test_a_page_that_says_something_else_gets_a_version_and_its_readers_are_told(
    mill: Mill,
) -> None:
    [job] = store(mill, "https://a.example/1", label="sport")
    run = begin(mill)

    [message] = sent(mill)
    finish(mill, in_german(message))
    mill.tick()

    assert message.rework == "write"
    assert versions(mill) == [(1, "en"), (2, "de")]
    assert mill.ledger.sql("select job_id from version where number = 2") == [(job,)]
    assert mill.ledger.sql(
        "select kind, reason, job_id, version from event order by position desc limit 1"
    ) == [("updated", "reprocessed", None, 2)]
    assert mill.ledger.sql("select version, language, label from listing") == [(2, "de", "sport")]
    assert mill.ledger.sql("select count(*) from rework") == [(0,)]
    told = state_of(mill, run)
    assert (told.results, told.fields) == ({"changed": 1}, {"language": 1})


def test_a_run_changes_no_outcome_and_no_count_of_jobs(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    before = mill.ledger.sql("select * from outcome"), mill.ledger.sql("select * from submitter")
    begin(mill)

    [message] = sent(mill)
    finish(mill, in_german(message))
    unnumbered = mill.ledger.conservation()
    mill.tick()
    numbered = mill.ledger.conservation()

    after = mill.ledger.sql("select * from outcome"), mill.ledger.sql("select * from submitter")
    assert after == before
    assert (unnumbered.unaccounted, numbered.unaccounted) == (0, 0)
    assert numbered.outcomes == {"stored": 1}


def test_a_page_that_says_the_same_keeps_its_version_and_gets_the_new_evidence(
    mill: Mill,
) -> None:
    store(mill, "https://a.example/1")
    run = begin(mill)

    [message] = sent(mill)
    evidence = Evidence(language={"model": "language-2"})
    finish(mill, enriched(message, an_article(f"Of {message.page.url}", evidence=evidence)))
    mill.tick()

    assert versions(mill) == [(1, "en")]
    assert mill.ledger.sql("select evidence #>> '{language,model}' from version") == [
        ("language-2",)
    ]
    assert mill.ledger.sql("select count(*) from event") == [(1,)]
    assert state_of(mill, run).results == {"same": 1}


def test_what_a_story_rests_on_is_kept_when_the_index_has_forgotten_it(mill: Mill) -> None:
    then: dict[str, JsonValue] = {"compared": [{"document": "aa"}], "sketch_version": 1}
    store(mill, "https://a.example/1", evidence=Evidence(duplicates=then))
    begin(mill)

    [message] = sent(mill)
    evidence = Evidence(duplicates={"compared": [], "sketch_version": 2})
    finish(mill, enriched(message, an_article(f"Of {message.page.url}", evidence=evidence)))

    assert mill.ledger.sql("select evidence -> 'duplicates' from version") == [
        ({"compared": [{"document": "aa"}], "sketch_version": 2},)
    ]


def test_an_article_that_was_deleted_meanwhile_does_not_come_back(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    run = begin(mill)
    [message] = sent(mill)
    [(article,)] = mill.ledger.sql("select id from article")
    assert isinstance(article, UUID)
    with transaction(mill.ledger.engine) as connection:
        delete_page(connection, article)

    long_text = an_article(f"Of {message.page.url}", text_object="text/long")
    finish(mill, enriched(message, long_text))

    assert versions(mill) == []
    assert mill.ledger.sql("select count(*) from article") == [(0,)]
    assert mill.ledger.sql("select object from doomed_object where object = 'text/long'")
    assert state_of(mill, run).results == {"overtaken": 1}


def test_a_page_that_got_another_version_meanwhile_is_left_alone(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    run = begin(mill)
    [message] = sent(mill)
    [job] = mill.ledger.running(a_submission("https://a.example/1"))
    newer = an_article("Another title", "What happened since.")
    mill.ledger.finish(an_article_enriched(job, page=a_page("https://a.example/1"), article=newer))

    finish(mill, in_german(message))

    assert versions(mill) == [(1, "en"), (2, "en")]
    assert state_of(mill, run).results == {"overtaken": 1}
    assert mill.ledger.sql("select count(*) from rework") == [(0,)]


def test_a_result_that_comes_twice_counts_once(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    run = begin(mill)
    [message] = sent(mill)

    finish(mill, in_german(message), in_german(message))
    finish(mill, in_german(message))

    assert versions(mill) == [(1, "en"), (2, "de")]
    assert state_of(mill, run).results == {"changed": 1}


def test_a_preview_says_what_would_change_and_writes_nothing(mill: Mill) -> None:
    store(mill, "https://a.example/1", "https://a.example/2")
    before = mill.ledger.sql("select * from version"), mill.ledger.sql("select * from event")
    run = begin(mill, sample=10)

    first, second = sent(mill)
    finish(mill, in_german(first), enriched(second))
    sent(mill)

    assert first.rework == "preview"
    after = mill.ledger.sql("select * from version"), mill.ledger.sql("select * from event")
    assert after == before
    told = state_of(mill, run)
    assert (told.state, told.results) == ("ended", {"changed": 1, "same": 1})
    [shown] = told.compared
    assert (shown.url, shown.changes) == (first.page.url, {"language": ["en", "de"]})


def test_a_preview_takes_its_sample_from_all_parts_of_the_list(mill: Mill) -> None:
    store(mill, *(f"https://a.example/{number}" for number in range(40)))
    begin(mill, sample=4)

    sent(mill)

    places = mill.ledger.sql(
        "select (l.position - 1) / 10 from rework join listing l using (article_id) order by 1"
    )
    assert places == [(0,), (1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"host": "a.example"}, {"https://a.example/1", "https://a.example/2"}),
        ({"label": "sport"}, {"https://b.example/1"}),
        ({"language": "de"}, {"https://b.example/1"}),
        ({"models": {"language": 2}}, {"https://a.example/1", "https://a.example/2"}),
        ({"models": {"categories": 9, "language": 1}}, None),
        ({"host": "c.example"}, set()),
    ],
)
def test_only_what_was_asked_for_is_enriched_again(
    mill: Mill, filters: dict[str, Any], wanted: set[str] | None
) -> None:
    store(mill, "https://a.example/1", evidence=Evidence(language={"model": "language-1"}))
    store(mill, "https://a.example/2")
    store(
        mill,
        "https://b.example/1",
        label="sport",
        language=Language(tag="de", confidence=1),
        evidence=Evidence(language={"model": "language-12+sha256:77"}),
    )
    begin(mill, **filters)

    urls = {message.page.url for message in sent(mill)}

    everything = {"https://a.example/1", "https://a.example/2", "https://b.example/1"}
    assert urls == (everything if wanted is None else wanted)


def test_nothing_is_sent_while_a_page_waits_for_enrich(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    begin(mill)
    mill.redis.lpush("enrich", "a message")

    mill.around.ahead_seconds += 2
    mill.tick()

    assert mill.ledger.sql("select count(*) from rework where state = 'running'") == [(0,)]
    mill.redis.delete("enrich")
    assert [message.rework for message in sent(mill)] == ["write"]


def test_only_a_few_pages_are_on_their_way_at_the_same_time(mill: Mill) -> None:
    store(mill, *(f"https://a.example/{number}" for number in range(9)))
    begin(mill)

    first = sent(mill)
    nothing = sent(mill)
    finish(mill, *(enriched(message) for message in first[:3]))
    second = sent(mill)

    assert (len(first), nothing, len(second)) == (4, [], 3)


def test_while_jobs_run_a_page_goes_at_a_time_and_after_a_rest(mill: Mill) -> None:
    store(mill, *(f"https://a.example/{number}" for number in range(9)))
    begin(mill)
    mill.ledger.running(a_submission("https://b.example/1"))

    first = sent(mill)
    nothing = sent(mill)
    finish(mill, *(enriched(message) for message in first))
    mill.tick()
    at_once = mill.pages()
    mill.around.ahead_seconds += 1.1
    mill.tick()

    assert (len(first), nothing, at_once, len(mill.pages())) == (1, [], [], 1)


def test_after_the_last_job_a_run_waits_a_little_before_it_takes_all(mill: Mill) -> None:
    store(mill, *(f"https://a.example/{number}" for number in range(9)))
    begin(mill)
    mill.ledger.running(a_submission("https://b.example/1"))
    mill.tick()
    mill.ledger.sql("delete from job")

    one = sent(mill)
    mill.around.ahead_seconds += 5
    rest = sent(mill)

    assert (len(one), len(rest)) == (1, 3)


def test_a_stopped_run_sends_nothing_and_goes_on_where_it_was(mill: Mill) -> None:
    store(mill, *(f"https://a.example/{number}" for number in range(6)))
    run = begin(mill)
    first = sent(mill)
    with transaction(mill.ledger.engine) as connection:
        stopped = set_run(connection, run, "stopped")
    finish(mill, *(enriched(message) for message in first))

    nothing = sent(mill)
    with transaction(mill.ledger.engine) as connection:
        set_run(connection, run, "running")
    second = sent(mill)
    finish(mill, *(enriched(message) for message in second))
    sent(mill)

    assert (stopped, len(first), nothing, len(second)) == (True, 4, [], 2)
    told = state_of(mill, run)
    assert (told.state, told.results, told.progress) == ("ended", {"same": 6}, 1.0)


def test_what_changes_while_a_run_goes_on_is_not_part_of_it(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    run = begin(mill)
    store(mill, "https://a.example/2")

    [message] = sent(mill)
    finish(mill, in_german(message))
    again = sent(mill)

    assert (message.page.url, again) == ("https://a.example/1", [])
    assert state_of(mill, run).state == "ended"


def test_a_page_whose_body_is_gone_is_reported_and_stays_as_it_is(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    run = begin(mill)
    [message] = sent(mill)

    mill.note(MissingNote(job_id=message.job_id, attempt=message.attempt))
    sent(mill)

    told = state_of(mill, run)
    assert (told.state, told.results) == ("ended", {"failed": 1})
    assert [(page.reason, page.url) for page in told.failed] == [
        ("page_missing", "https://a.example/1")
    ]
    assert versions(mill) == [(1, "en")]
    assert mill.ledger.sql("select count(*) from attempt where stage = 'enrich'") == [(1,)]


def test_a_page_that_would_be_no_article_now_stays_one_and_is_reported(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    run = begin(mill)
    [message] = sent(mill)

    finish(
        mill,
        JobFinished(
            job_id=message.job_id,
            attempt=message.attempt,
            epoch=message.epoch,
            reason=Reason.NOT_AN_ARTICLE,
            page=message.page,
            rework="write",
        ),
    )

    [page] = state_of(mill, run).failed
    assert page.reason == "not_an_article"
    assert versions(mill) == [(1, "en")]


def test_a_page_that_ends_its_worker_three_times_has_failed_and_no_job_is_dead(
    mill: Mill,
) -> None:
    store(mill, "https://a.example/1")
    run = begin(mill)

    for _ in range(3):
        [message] = sent(mill)
        lost = LostNote(job_id=message.job_id, attempt=message.attempt, reason=Reason.WORKER_LOST)
        mill.note(lost)
        mill.note(lost)
        mill.tick()
    nothing = sent(mill)

    assert nothing == []
    told = state_of(mill, run)
    assert (told.results, [page.reason for page in told.failed]) == ({"failed": 1}, ["worker_lost"])
    assert mill.ledger.conservation().outcomes == {"stored": 1}


def test_a_page_in_the_hands_of_a_dead_worker_comes_back(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    begin(mill)
    [message] = sent(mill)
    mill.claim(message, stage="enrich", by="gone", alive=False)
    mill.ledger.sql("update rework set dispatched_at = now() - interval '1 minute'")

    mill.tick()

    [again] = sent(mill)
    assert (again.job_id, again.attempt) == (message.job_id, 2)
    assert mill.ledger.sql("select losses from rework") == [(1,)]


def test_a_page_that_is_nowhere_comes_back_at_no_cost(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    begin(mill)
    sent(mill)
    mill.ledger.sql("update rework set dispatched_at = now() - interval '1 minute'")

    mill.tick(2)

    [again] = sent(mill)
    assert again.attempt == 2
    assert mill.ledger.sql("select losses, suspect from rework") == [(0, False)]


def test_a_page_that_came_too_late_waits_again(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    begin(mill)
    [message] = sent(mill)

    mill.note(LateNote(job_id=message.job_id, attempt=message.attempt, stage="enrich"))

    assert [again.attempt for again in sent(mill)] == [2]


def test_a_wiped_redis_loses_no_page_of_a_run(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    begin(mill)
    [message] = sent(mill)
    mill.redis.flushall()

    [again] = sent(mill)

    assert again.job_id == message.job_id
    assert again.epoch != message.epoch


def test_while_enrich_is_paused_a_run_waits(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    begin(mill)
    mill.ledger.sql(
        "insert into pause (scope, value, paused_by, reason) values ('stage', 'enrich', 'ana', '')"
    )

    paused = sent(mill)
    mill.ledger.sql("delete from pause")

    assert paused == []
    assert len(sent(mill)) == 1


def test_a_preview_goes_before_a_run_that_goes_on(mill: Mill) -> None:
    store(mill, "https://a.example/1")
    begin(mill)
    begin(mill, sample=1)

    assert [message.rework for message in sent(mill)] == ["preview"]
