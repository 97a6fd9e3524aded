"""How soon a host is asked again: its delay, its wishes, and its troubles."""

import pytest

from newsmill_shared.queue.notes import EndedNote, MovedNote
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.backoff import Scope
from newsmill_store.dispatcher.pace import Pace
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_submission

HOUR = 3600.0


def end_first_chain(mill: Mill, reason: Reason, **fields: object) -> None:
    """Let the best job of each host be sent, and the first of them end for this reason."""
    mill.tick()
    fetch = next(one for one in mill.fetches() if "a.example" in one.url)
    mill.note(
        EndedNote.model_validate(
            {"job_id": fetch.job_id, "attempt": fetch.attempt, "reason": reason, **fields}
        )
    )
    mill.tick()


def waits(mill: Mill) -> dict[str, int]:
    """Return how many seconds after the last attempt's end each host may be asked.

    Both times are those of the transaction that took the note, however long ago that was.
    """
    return {
        str(name): round(float(str(seconds)))
        for name, seconds in mill.ledger.sql(
            "select name, greatest(0, extract(epoch from next_at - ended.last)) "
            "from host cross join (select max(ended_at) as last from attempt) as ended "
            "where next_at > '-infinity' order by name"
        )
    }


def backoff(mill: Mill) -> float:
    ((seconds,),) = mill.ledger.sql("select backoff_seconds from host where name = 'a.example'")
    return float(str(seconds))


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.HTTP_429, 429),
        (Reason.HTTP_5XX, 503),
        (Reason.TIMEOUT, None),
        (Reason.ROBOTS_UNREACHABLE, None),
    ],
)
def test_a_host_in_trouble_gets_twice_the_delay(
    mill: Mill, reason: Reason, status: int | None
) -> None:
    mill.ledger.accept(a_submission("https://a.example/1"), delay=10)

    end_first_chain(mill, reason, status=status)

    assert waits(mill) == {"a.example": 20}


@pytest.mark.parametrize(
    ("reason", "status"),
    [(Reason.HTTP_404, 404), (Reason.HTTP_5XX, 500), (Reason.CONNECT, None), (Reason.DNS, None)],
)
def test_an_answer_and_a_host_that_is_not_there_leave_the_delay_as_it_is(
    mill: Mill, reason: Reason, status: int | None
) -> None:
    mill.ledger.accept(a_submission("https://a.example/1"), delay=10)

    end_first_chain(mill, reason, status=status)

    assert waits(mill) == {"a.example": 10}


def test_the_delay_grows_with_each_trouble_and_shrinks_with_each_answer(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://a.example/{n}") for n in range(12)), delay=1)
    seen = []
    for reason in [Reason.HTTP_429] * 3 + [Reason.HTTP_404] * 9:
        end_first_chain(mill, reason, status=429 if reason is Reason.HTTP_429 else 404)
        seen.append(round(backoff(mill), 2))
        mill.let_hosts_be_asked()

    assert seen == [2, 4, 8, 4, 2.67, 2, 1.6, 1.33, 1.14, 0, 0, 0]


def test_retry_after_holds_the_host_for_as_long_as_it_asks(mill: Mill) -> None:
    mill.ledger.accept(
        a_submission("https://a.example/1"), a_submission("https://b.example/1"), delay=1
    )

    end_first_chain(mill, Reason.HTTP_5XX, status=503, retry_after_seconds=HOUR)

    assert waits(mill) == {"a.example": 3600}


def test_retry_after_is_capped_at_a_day(mill: Mill) -> None:
    mill.ledger.accept(a_submission("https://a.example/1"), delay=1)

    end_first_chain(mill, Reason.HTTP_429, status=429, retry_after_seconds=1e9)

    assert waits(mill) == {"a.example": 86_400}


def test_a_host_can_mean_the_page_alone(mill: Mill) -> None:
    mill.dispatcher._pace = Pace(Scope.URL, 600)
    mill.ledger.accept(
        a_submission("https://a.example/1"), a_submission("https://a.example/2"), delay=1
    )

    end_first_chain(mill, Reason.HTTP_429, status=429, retry_after_seconds=HOUR)

    assert waits(mill) == {"a.example": 1}
    assert mill.ledger.sql(
        "select state, held_until > now() + interval '59 minutes' from job order by id"
    ) == [("held", True), ("waiting", None)]


def test_a_host_can_mean_all_under_its_registered_domain(mill: Mill) -> None:
    mill.dispatcher._pace = Pace(Scope.DOMAIN, 600)
    hosts = ["a.example.co.uk", "b.example.co.uk:8080", "example.co.uk", "another.co.uk"]
    mill.ledger.accept(*(a_submission(f"https://{host}/1") for host in hosts), delay=1)

    end_first_chain(mill, Reason.HTTP_429, status=429, retry_after_seconds=HOUR)

    assert waits(mill) == dict.fromkeys(sorted(hosts[:3]), 3600)
    assert mill.hosts_agree()


def test_the_robots_txt_of_a_host_sets_the_pace_until_it_asks_for_none(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://a.example/{n}") for n in range(3)), delay=5)
    seen = []
    for asked in (30.0, None, 0.0):
        end_first_chain(mill, Reason.HTTP_404, status=404, crawl_delay_seconds=asked)
        seen.append(waits(mill)["a.example"])
        mill.let_hosts_be_asked()

    assert seen == [30, 30, 5]


def test_a_note_that_comes_twice_slows_its_host_once(mill: Mill) -> None:
    mill.ledger.accept(a_submission("https://a.example/1"), delay=10)
    mill.tick()
    (fetch,) = mill.fetches()
    note = EndedNote(job_id=fetch.job_id, attempt=1, reason=Reason.HTTP_429, status=429)

    for _ in range(2):
        mill.note(note)
        mill.tick()

    assert backoff(mill) == 20
    assert mill.hosts_agree()


def test_a_slot_holds_its_host_for_the_grown_delay_too(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"https://a.example/{n}") for n in range(2)), delay=1)
    mill.ledger.sql("update host set backoff_seconds = 3600")

    mill.tick()

    assert mill.ledger.sql("select until > now() + interval '1 hour' from slot") == [(True,)]


def test_a_move_counts_as_an_answer(mill: Mill) -> None:
    mill.ledger.accept(a_submission("https://a.example/1"), delay=1)
    mill.ledger.sql("update host set backoff_seconds = 2")
    mill.tick()
    (fetch,) = mill.fetches()

    mill.note(MovedNote(job_id=fetch.job_id, attempt=1, target="https://b.example/", hops=()))
    mill.tick()

    assert backoff(mill) == pytest.approx(1.6)
