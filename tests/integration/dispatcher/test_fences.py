"""Nothing is lost, nothing runs twice: what happens to work whose worker, Redis or peer is gone."""

import pytest

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.finish import Ending
from newsmill_shared.queue.claims import Verdict
from newsmill_shared.queue.notes import LostNote, MissingNote
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.loop import Dispatcher, NotActiveError
from newsmill_store.dispatcher.sweep import release
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_page, a_submission


def test_work_that_waits_in_a_list_is_left_alone_however_old_it_is(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()

    mill.age()
    mill.tick(3)

    assert mill.states() == [("running", 1, 0, 0)]


def test_work_in_a_living_hand_is_left_alone(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()
    mill.claim(fetch)

    mill.age()
    mill.tick(3)

    assert mill.states() == [("running", 1, 0, 0)]


def test_work_that_is_nowhere_twice_waits_again_at_no_cost(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    mill.fetches()
    mill.age()

    mill.tick()
    once = mill.states()
    mill.tick()

    assert once == [("running", 1, 0, 0)]
    assert mill.states() == [("waiting", 1, 0, 0)]


def test_the_only_work_of_a_dead_worker_counts_a_loss_and_the_third_is_dead(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    for n in range(3):
        mill.let_hosts_be_asked()
        mill.tick()
        (fetch,) = mill.fetches()
        mill.claim(fetch, by=f"worker-{n}", alive=False)
        mill.age()
        mill.tick()

    assert mill.ledger.sql("select outcome, reason, losses from outcome") == [
        ("dead", "worker_lost", 3)
    ]


def test_in_company_nobody_bears_the_loss_and_suspects_run_one_at_a_time(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://{n}.example/") for n in range(3)))
    mill.tick()
    for fetch in mill.fetches():
        mill.claim(fetch, by="one-worker", alive=False)
    mill.age()
    mill.tick()

    mill.let_hosts_be_asked()
    mill.tick(2)

    assert [row[2] for row in mill.states()] == [0, 0, 0]
    assert len(mill.fetches()) == 1


def test_a_suspect_that_was_fetched_makes_way_for_the_next(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://{n}.example/") for n in range(2)))
    mill.ledger.sql("update job set suspect = true")
    mill.tick()
    (first,) = mill.fetches()
    mill.claim(first)

    mill.fetched(first)
    mill.tick(2)

    (second,) = mill.fetches()
    assert second.job_id != first.job_id
    assert mill.ledger.sql("select suspect from job order by id") == [(False,), (True,)]


def test_the_next_suspect_has_its_turn_when_the_one_before_has_ended(mill: Mill) -> None:
    first, second = mill.ledger.accept(
        a_submission("https://a.example/"), a_submission("https://b.example/")
    )
    mill.ledger.sql("update job set suspect = true")
    mill.tick(2)
    mill.ledger.sql("update host set idle = true")

    mill.ledger.finish(Ending(job_id=first, attempt=1, reason=Reason.NOINDEX))
    with transaction(mill.ledger.engine) as connection:
        release(connection)

    assert mill.ledger.sql(
        "select job.id from job join host on host.id = job.host_id where not host.idle"
    ) == [(second,)]


def test_a_suspect_bears_the_loss_of_a_process_and_its_bystander_does_not(mill: Mill) -> None:
    mill.ledger.accept(a_submission("https://poison.example/"), a_submission("https://b.example/"))
    mill.ledger.sql("update job set suspect = true where url like '%poison%'")
    mill.tick()
    for fetch in mill.fetches():
        mill.claim(fetch, by="one-worker", alive=False)

    mill.age()
    mill.tick()

    assert mill.ledger.sql("select losses, suspect from job order by id") == [(1, True), (0, True)]


def test_a_loss_that_is_noted_twice_counts_once(mill: Mill) -> None:
    mill.ledger.accept(a_submission(page=a_page(supplied=True)))
    mill.tick()
    (page,) = mill.pages()
    lost = LostNote(job_id=page.job_id, attempt=1, reason=Reason.MEMORY)

    mill.note(lost)
    mill.note(lost.model_copy(update={"reason": Reason.WORKER_LOST}))
    mill.tick()

    assert mill.ledger.sql("select losses from job") == [(1,)]


def test_a_fetched_page_whose_enrichment_is_lost_is_not_fetched_again(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()
    message = mill.fetched(fetch)
    mill.tick()

    mill.claim(message, stage="enrich", by="dead-worker", alive=False)
    mill.age()
    mill.tick(2)

    assert mill.fetches() == []
    assert [again.page.fetch_id for again in mill.pages()] == [message.page.fetch_id]


def test_a_body_that_is_gone_is_fetched_again_but_a_supplied_one_is_dead(mill: Mill) -> None:
    mill.ledger.accept(
        a_submission("https://a.example/fetched"),
        a_submission(
            "https://b.example/given", page=a_page("https://b.example/given", supplied=True)
        ),
        delay=3600,
    )
    mill.tick()
    mill.fetched(mill.fetches()[0])
    mill.tick()
    for row in mill.ledger.sql("select id, attempt from job"):
        mill.note(MissingNote(job_id=row[0], attempt=row[1]))

    mill.tick()

    assert mill.ledger.sql("select url, reason from outcome") == [
        ("https://b.example/given", "page_missing")
    ]
    assert mill.ledger.sql("select state, fetch_id from job") == [("waiting", None)]


def test_a_wiped_redis_voids_running_work_and_frees_no_host(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (before,) = mill.fetches()

    mill.redis.flushall()
    mill.tick(2)

    assert mill.states() == [("waiting", 1, 0, 0)]
    assert mill.fetches() == []
    assert mill.claim(before) is Verdict.REFUSED
    mill.let_hosts_be_asked()
    mill.tick()
    (after,) = mill.fetches()
    assert after.epoch != before.epoch
    assert mill.claim(after) is Verdict.CLAIMED


def test_an_attempt_is_claimed_once(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()

    verdicts = [mill.claim(fetch, by=f"worker-{n}") for n in range(3)]

    assert verdicts == [Verdict.CLAIMED, Verdict.TAKEN, Verdict.TAKEN]


def test_a_message_that_comes_too_late_is_refused_by_the_clock_of_redis(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()
    (fetch,) = mill.fetches()

    late = fetch.model_copy(update={"claim_by": fetch.claim_by - 9000})

    assert mill.claim(late) is Verdict.REFUSED


def test_one_dispatcher_is_active_and_the_next_takes_over_when_it_ends(
    mill: Mill, second_dispatcher: Dispatcher
) -> None:
    mill.tick()
    with pytest.raises(NotActiveError):
        second_dispatcher.tick()

    mill.dispatcher.disconnect()
    second_dispatcher.disconnect()
    second_dispatcher.tick()

    assert second_dispatcher.active


def test_a_wrong_count_of_chains_is_mended_by_the_sweep(mill: Mill) -> None:
    mill.ledger.accept(a_submission())
    mill.tick()

    mill.ledger.sql("update host set in_flight = 7")
    mill.tick()

    assert mill.hosts_agree()
