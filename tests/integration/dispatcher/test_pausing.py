"""What is paused is not sent and costs nothing; what is lifted or over goes on by itself."""

import pytest

from newsmill_shared.database.engine import transaction
from newsmill_shared.database.pauses import Scope, lift_pause, set_pause
from newsmill_store.dispatcher import pausing
from tests.integration.dispatcher.conftest import Mill
from tests.support.builders import a_page, a_submission

URL = "https://a.example/story"
SUPPLIED = a_page("https://b.example/supplied", supplied=True)


def pause(mill: Mill, scope: Scope, value: str = "", *, seconds: float | None = None) -> None:
    with transaction(mill.ledger.engine) as connection:
        set_pause(connection, scope, value, by="ana", reason="a test", seconds=seconds)


def resume(mill: Mill, scope: Scope, value: str = "") -> None:
    with transaction(mill.ledger.engine) as connection:
        lift_pause(connection, scope, value)


@pytest.mark.parametrize(
    ("scope", "value", "fetches", "pages"),
    [
        (Scope.ALL, "", 0, 0),
        (Scope.STAGE, "ingest", 0, 1),
        (Scope.STAGE, "enrich", 0, 0),
        (Scope.STAGE, "store", 0, 0),
        (Scope.HOST, "a.example", 0, 1),
        (Scope.HOST, "other.example", 1, 1),
        (Scope.LABEL, "bulk", 0, 0),
        (Scope.LABEL, "other", 1, 1),
    ],
)
def test_a_pause_keeps_back_what_it_names_until_it_is_lifted(
    mill: Mill, scope: Scope, value: str, fetches: int, pages: int
) -> None:
    pause(mill, scope, value)
    mill.ledger.accept(
        a_submission(URL, label="bulk"),
        a_submission(SUPPLIED.url, label="bulk", page=SUPPLIED),
    )

    mill.tick(2)
    sent = len(mill.fetches()), len(mill.pages())
    resume(mill, scope, value)
    mill.tick(2)
    later = len(mill.fetches()), len(mill.pages())

    assert sent == (fetches, pages)
    assert later == (1 - fetches, 1 - pages)
    assert {(attempt, tries) for _, attempt, _, tries in mill.states()} == {(1, 0)}
    assert mill.ledger.conservation().unaccounted == 0


def test_a_pause_that_is_over_lets_go_on_by_itself(mill: Mill) -> None:
    for scope, value in ((Scope.ALL, ""), (Scope.HOST, "a.example"), (Scope.LABEL, "bulk")):
        pause(mill, scope, value, seconds=3600)
    mill.ledger.accept(a_submission(URL, label="bulk"))
    mill.tick()
    assert mill.fetches() == []

    mill.ledger.sql("update pause set until = now()")
    mill.tick()

    assert [fetch.url for fetch in mill.fetches()] == [URL]


def test_what_was_sent_before_a_pause_goes_on_to_its_end(mill: Mill) -> None:
    mill.ledger.accept(a_submission(URL))
    mill.tick()
    (fetch,) = mill.fetches()

    pause(mill, Scope.ALL)
    mill.fetched(fetch)
    mill.tick()

    assert mill.ledger.sql("select stage, fetch_id is not null from job") == [("enrich", True)]


def test_a_host_that_comes_while_it_is_paused_stands_still(mill: Mill) -> None:
    mill.ledger.accept(a_submission("https://b.example/"))
    mill.tick()
    mill.fetches()
    pause(mill, Scope.HOST, "a.example")
    mill.tick()

    mill.ledger.accept(a_submission(URL))
    mill.tick()

    assert mill.fetches() == []


def test_a_host_of_which_all_is_paused_is_in_no_list(mill: Mill) -> None:
    pause(mill, Scope.LABEL, "bulk")
    mill.ledger.accept(*(a_submission(f"{URL}/{number}", label="bulk") for number in range(3)))

    mill.tick()

    assert mill.ledger.sql("select idle from host") == [(True,)]
    assert mill.ledger.sql("select distinct state, held_until from job") == [("held", None)]


def test_jobs_of_a_paused_label_are_set_aside_and_taken_back_a_few_at_a_time(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pausing, "_AT_ONCE", 2)
    mill.ledger.accept(*(a_submission(f"{URL}/{number}", label="bulk") for number in range(5)))
    pause(mill, Scope.LABEL, "bulk")

    def aside() -> object:
        return mill.ledger.sql("select count(*) from job where state = 'held'")[0][0]

    counts = []
    for _ in range(4):
        mill.tick()
        counts.append(aside())
    assert mill.fetches() == []
    resume(mill, Scope.LABEL, "bulk")
    for _ in range(4):
        mill.tick()
        counts.append(aside())

    assert counts == [2, 4, 5, 5, 3, 1, 0, 0]
    assert len(mill.fetches()) == 1


def test_behind_very_many_paused_jobs_others_go_on_when_those_are_set_aside(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"{URL}/{number}", label="bulk") for number in range(120)))
    mill.ledger.accept(a_submission(f"{URL}/news", label="news"))
    pause(mill, Scope.LABEL, "bulk")

    mill.tick()

    assert [fetch.url for fetch in mill.fetches()] == [f"{URL}/news"]


def test_what_has_another_label_goes_on_behind_what_is_paused(mill: Mill) -> None:
    mill.ledger.accept(*(a_submission(f"{URL}/{number}", label="bulk") for number in range(5)))
    mill.ledger.accept(a_submission(f"{URL}/news", label="news"), a_submission(f"{URL}/plain"))
    pause(mill, Scope.LABEL, "bulk")

    mill.tick()
    (first,) = mill.fetches()
    mill.let_hosts_be_asked()
    mill.tick()
    (second,) = mill.fetches()

    assert [first.url, second.url] == [f"{URL}/news", f"{URL}/plain"]


def test_a_retry_of_a_paused_label_waits_until_it_is_lifted(mill: Mill) -> None:
    (job,) = mill.ledger.accept(a_submission(URL, label="bulk"))
    pause(mill, Scope.LABEL, "bulk")
    mill.tick()
    mill.ledger.sql(
        "update job set state = 'held', held_until = now() - interval '1 s' where id = :job",
        job=job,
    )

    mill.tick(2)
    assert mill.fetches() == []
    resume(mill, Scope.LABEL, "bulk")
    mill.tick()

    assert [fetch.url for fetch in mill.fetches()] == [URL]
