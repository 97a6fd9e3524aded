"""What operators retry and cancel, as the dispatcher goes on with it."""

import pytest

from newsmill_shared.database.cancel import Chosen, cancel_step
from newsmill_shared.database.dead import Act, Ended, Pace, Retried, retry
from newsmill_shared.database.engine import transaction
from newsmill_shared.database.finish import Ending
from newsmill_shared.queue.notes import MissingNote
from newsmill_shared.reasons import Reason
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_page, a_submission

URL = "https://a.example/story"


def retried(mill: Mill, *, per_second: float = 1_000, fetch: bool = False) -> Retried:
    with transaction(mill.ledger.engine) as connection:
        return retry(
            connection,
            Act(wanted=Ended(), by="ana"),
            pace=Pace(100, per_second),
            fetch=fetch,
            key="a-key",
            request_sha256=b"request",
            host_delay_seconds=0.05,
        )


def died_after_its_fetch(mill: Mill) -> None:
    (job,) = mill.ledger.accept(a_submission(URL))
    mill.tick()
    mill.fetched(mill.fetches()[0])
    mill.tick()
    mill.ledger.finish(Ending(job_id=job, attempt=1, reason=Reason.MEMORY))
    mill.let_hosts_be_asked()


@pytest.mark.parametrize("fetch", [False, True])
def test_what_died_after_its_fetch_goes_to_enrich_unless_it_is_to_be_fetched(
    mill: Mill, fetch: bool
) -> None:
    died_after_its_fetch(mill)

    (new,) = retried(mill, fetch=fetch).job_ids
    mill.tick(2)

    pages, fetches = mill.pages(), mill.fetches()
    assert [page.job_id for page in pages] == ([] if fetch else [new])
    assert [page.page.object for page in pages] == ([] if fetch else [a_page(URL).object])
    assert [message.job_id for message in fetches] == ([new] if fetch else [])


def test_a_retry_whose_body_is_gone_is_fetched_again(mill: Mill) -> None:
    died_after_its_fetch(mill)
    (new,) = retried(mill).job_ids
    mill.tick(2)
    assert [page.job_id for page in mill.pages()] == [new]

    mill.note(MissingNote(job_id=new, attempt=1))
    mill.tick(3)

    assert [message.job_id for message in mill.fetches()] == [new]


def test_retries_that_are_spread_begin_when_their_time_has_come(mill: Mill) -> None:
    jobs = mill.ledger.accept(*(a_submission(f"https://{name}.example/") for name in "abc"))
    mill.ledger.finish(*(Ending(job_id=job, attempt=None, reason=Reason.MEMORY) for job in jobs))
    retried(mill, per_second=0.001)

    mill.tick(2)
    first = mill.fetches()
    mill.ledger.sql("update job set held_until = now() where state = 'held'")
    mill.tick(2)
    rest = mill.fetches()

    # Of less than one a second the first comes at once, too.
    assert (len(first), len(rest)) == (1, 2)


def test_a_host_whose_waiting_work_is_cancelled_goes_on_with_what_comes(mill: Mill) -> None:
    mill.ledger.accept(a_submission(URL, label="bulk"), delay=3600)
    with transaction(mill.ledger.engine) as connection:
        cancel_step(connection, Chosen(label="bulk"), detail="by ana")
    mill.tick(2)
    assert mill.fetches() == []

    (new,) = mill.ledger.accept(a_submission("https://a.example/other"))
    mill.tick(2)

    assert [message.job_id for message in mill.fetches()] == [new]
    assert mill.hosts_agree()
    assert mill.ledger.conservation().unaccounted == 0
