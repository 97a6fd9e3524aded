"""Dropping what is old: no count is lost, and nothing that is still needed."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Event, Thread
from uuid import UUID

import pytest
from sqlalchemy import func, select

from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.database.events import count_receipts, number_events, read_events
from newsmill_shared.database.finish import Ending
from newsmill_shared.database.partitions import first_id, make_partitions
from newsmill_shared.database.schema import metadata
from newsmill_shared.database.sizes import read_sizes
from newsmill_shared.errors import TransientError
from newsmill_shared.pages import PageMissingError, PageStore
from newsmill_shared.reasons import Reason
from newsmill_store.adapters.sql_retention import SQLRetention
from newsmill_store.retention import Keep, Purger
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_page, a_submission, an_article, an_article_enriched

URL = "https://paper.example/story"
ALL = Keep(pages=30, outcomes=30, attempts=30, events=30)
_AGE = (
    "update receipt set created_at = now() - interval '40 days'",
    "update event set at = now() - interval '40 days'",
    "update attempt set ended_at = now() - interval '40 days'",
    "update attempt set job_id = cast(:older || substr(cast(job_id as text), 14) as uuid)",
    "update outcome set finished_at = now() - interval '40 days'",
    "update outcome set job_id = cast(:older || substr(cast(job_id as text), 14) as uuid)",
    "update page_fetch set id = cast(:older || substr(cast(id as text), 14) as uuid)",
    "update version set fetch_id = cast(:older || substr(cast(fetch_id as text), 14) as uuid)",
)


class Clock:
    """Seconds that pass only when a round of everything is over."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Cupboard:
    """Drops what is old in a ledger and a page store."""

    def __init__(self, ledger: LedgerUnderTest, database_url: str, pages: Path) -> None:
        self.ledger = ledger
        self.pages = PageStore.open(pages.as_uri())
        self.engine = make_engine(database_url, name="test", pool_size=0)

    def drop(self, keep: Keep) -> int:
        """Do steps until there is no more; return how many."""
        rows = SQLRetention(self.engine)
        assert rows.hold()
        purger = Purger(keep, rows, self.pages, clock=Clock())
        steps = 1
        while purger.tick():
            steps += 1
        rows.let_go()
        return steps

    def store(self, url: str, body: bytes = b"<p>A page</p>", text: str = "What happened.") -> UUID:
        """Fetch and store a page; return its job."""
        (job,) = self.ledger.running(a_submission(url))
        raw = self.pages.put_raw(a_page(url).url_key, body, at=datetime(2026, 1, 2, tzinfo=UTC))
        page = a_page(url, body=body, object=raw.object)
        self.ledger.finish(an_article_enriched(job, page=page, article=an_article(text=text)))
        return job

    def number(self) -> None:
        with transaction(self.ledger.engine) as connection:
            number_events(connection)
            count_receipts(connection)

    def age(self) -> None:
        """Let all that there is be 40 days old, by its times and its ids."""
        older = str(first_id(datetime.now(UTC) - timedelta(days=40)))[:13]
        for statement in _AGE:
            values = {"older": older} if ":older" in statement else {}
            self.ledger.sql(statement, **values)

    def left(self, table: str) -> int:
        """Count the rows of a table."""
        with transaction(self.ledger.engine) as connection:
            rows = select(func.count()).select_from(metadata.tables[table])
            return int(connection.execute(rows).scalar_one())


@pytest.fixture
def cupboard(ledger: LedgerUnderTest, database_url: str, tmp_path: Path) -> Cupboard:
    return Cupboard(ledger, database_url, tmp_path)


def test_counts_stay_when_all_that_is_old_is_dropped(cupboard: Cupboard) -> None:
    for number in range(5):
        cupboard.store(f"{URL}/{number}")
    cupboard.ledger.accept(a_submission(URL + "/open"))
    cupboard.number()
    before = cupboard.ledger.conservation()
    cupboard.age()

    cupboard.drop(ALL)

    assert cupboard.ledger.conservation() == before
    assert before.unaccounted == 0
    assert (cupboard.left("outcome"), cupboard.left("attempt")) == (0, 0)
    assert cupboard.left("receipt") == 1


def test_what_is_young_stays(cupboard: Cupboard) -> None:
    cupboard.store(URL)
    cupboard.number()

    cupboard.drop(ALL)

    tables = ("receipt", "outcome", "event", "page_fetch")
    assert {table: cupboard.left(table) for table in tables} == dict.fromkeys(tables, 1)


def test_what_is_not_counted_yet_is_not_dropped(cupboard: Cupboard) -> None:
    cupboard.store(URL)
    cupboard.age()

    cupboard.drop(ALL)

    assert cupboard.ledger.conservation().unaccounted == 0
    assert (cupboard.left("receipt"), cupboard.left("event")) == (1, 1)


def test_the_raw_page_that_an_article_shows_stays_unless_somebody_says_otherwise(
    cupboard: Cupboard,
) -> None:
    cupboard.store(URL, b"first")
    cupboard.store(URL, b"second", "And what since.")
    cupboard.number()
    cupboard.age()
    [(shown,)] = cupboard.ledger.sql(
        "select f.page ->> 'object' from page_fetch f join version v on v.fetch_id = f.id "
        "where v.number = 2"
    )

    cupboard.drop(Keep(pages=30))
    kept = cupboard.ledger.sql("select page ->> 'object' from page_fetch")
    body = cupboard.pages.get(str(shown))
    cupboard.drop(Keep(pages=30, current_pages=True))

    assert kept == [(shown,)]
    assert body == b"second"
    assert cupboard.left("page_fetch") == 0
    assert cupboard.left("doomed_object") == 0


def test_the_raw_page_of_an_open_job_stays(cupboard: Cupboard) -> None:
    page = a_page(URL, supplied=True)
    cupboard.ledger.accept(a_submission(URL, page=page))
    cupboard.age()

    cupboard.drop(Keep(pages=30, current_pages=True))

    assert cupboard.left("page_fetch") == 1


def test_positions_go_on_behind_what_was_dropped(cupboard: Cupboard) -> None:
    for number in range(4):
        cupboard.store(f"{URL}/{number}")
    cupboard.number()
    cupboard.age()

    cupboard.drop(Keep(events=30))
    cupboard.store(URL + "/next")
    cupboard.number()

    with transaction(cupboard.ledger.engine) as connection:
        kept = [event.position for event in read_events(connection, after=0, limit=10)]
    assert kept == [4, 5]


def test_a_month_is_dropped_when_all_of_it_is_old_and_no_job_of_it_is_open(
    cupboard: Cupboard,
) -> None:
    month = datetime(2025, 3, 1, tzinfo=UTC)
    with transaction(cupboard.ledger.engine) as connection:
        make_partitions(connection, datetime(2025, 2, 10, tzinfo=UTC))
    cupboard.store(URL)
    cupboard.number()
    cupboard.ledger.sql(
        "update outcome set job_id = :id, finished_at = now() - interval '40 days'",
        id=UUID(int=first_id(month + timedelta(days=9)).int + 7),
    )
    (open_job,) = cupboard.ledger.accept(a_submission(URL))
    cupboard.ledger.sql("update job set id = :id", id=first_id(month + timedelta(days=8)))

    cupboard.drop(Keep(outcomes=30))
    with_open = cupboard.ledger.sql("select to_regclass('outcome_2025_03') is null")
    cupboard.ledger.sql("update job set id = :id", id=open_job)
    cupboard.drop(Keep(outcomes=30))

    assert with_open == [(False,)]
    assert cupboard.ledger.sql("select to_regclass('outcome_2025_03') is null") == [(True,)]
    assert cupboard.left("outcome") == 0
    assert cupboard.ledger.conservation().unaccounted == 0


def test_a_purge_that_ends_half_way_leaves_the_rest_to_the_next(cupboard: Cupboard) -> None:
    for number in range(6):
        cupboard.store(f"{URL}/{number}", b"%d" % number)
    cupboard.number()
    cupboard.age()
    objects = [
        str(row[0]) for row in cupboard.ledger.sql("select page ->> 'object' from page_fetch")
    ]

    class Dying:
        deleted = 0

        def delete(self, key: str) -> None:
            if self.deleted == 3:
                raise TransientError("killed")
            self.deleted += 1
            cupboard.pages.delete(key)

    rows = SQLRetention(cupboard.engine)
    assert rows.hold()
    keep = Keep(pages=30, current_pages=True, outcomes=30)
    dying = Purger(keep, rows, Dying(), clock=Clock())
    with pytest.raises(TransientError, match="killed"):
        all(iter(dying.tick, False))
    rows.let_go()
    cupboard.drop(keep)

    assert cupboard.left("page_fetch") == cupboard.left("doomed_object") == 0
    for name in objects:
        with pytest.raises(PageMissingError):
            cupboard.pages.get(name)
    assert cupboard.ledger.conservation().unaccounted == 0


_A_SLOW_PURGER = """
import sys, time
from newsmill_shared.database.engine import make_engine
from newsmill_shared.pages import PageStore
from newsmill_store.adapters.sql_retention import SQLRetention
from newsmill_store.retention import Keep, Purger

class Slow:
    pages = PageStore.open(sys.argv[2])
    def delete(self, key):
        self.pages.delete(key)
        print(key, flush=True)
        time.sleep(0.02)

rows = SQLRetention(make_engine(sys.argv[1], name="purger", pool_size=0))
assert rows.hold()
keep = Keep(pages=30, current_pages=True, outcomes=30, events=30)
purger = Purger(keep, rows, Slow(), clock=time.monotonic)
while purger.tick():
    pass
"""


def test_a_process_that_is_killed_while_it_drops_leaves_the_rest_to_the_next(
    cupboard: Cupboard, database_url: str, tmp_path: Path
) -> None:
    for number in range(30):
        cupboard.store(f"{URL}/{number}", b"%d" % number)
    cupboard.number()
    before = cupboard.ledger.conservation()
    cupboard.age()
    command = [sys.executable, "-c", _A_SLOW_PURGER, database_url, tmp_path.as_uri()]

    with Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        begun = [process.stdout.readline() for _ in range(5)]
        process.kill()
    half = cupboard.left("doomed_object")
    cupboard.drop(Keep(pages=30, current_pages=True, outcomes=30, events=30))

    assert all(begun)
    assert half > 0
    assert cupboard.left("doomed_object") == cupboard.left("page_fetch") == 0
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert cupboard.ledger.conservation() == before


def test_one_process_drops_at_a_time(cupboard: Cupboard) -> None:
    first, second = SQLRetention(cupboard.engine), SQLRetention(cupboard.engine)

    held = (first.hold(), second.hold(), first.hold())
    first.let_go()

    assert held == (True, False, True)
    assert second.hold()
    second.let_go()


def test_nothing_is_unaccounted_at_any_moment_while_the_flow_goes_on(cupboard: Cupboard) -> None:
    for number in range(60):
        cupboard.store(f"{URL}/{number}", b"%d" % number)
    cupboard.number()
    cupboard.age()
    done, seen = Event(), []

    def flow() -> None:
        number = 0
        while not done.is_set():
            number += 1
            (job,) = cupboard.ledger.running(a_submission(f"https://live.example/{number}"))
            cupboard.ledger.finish(Ending(job_id=job, attempt=1, reason=Reason.HTTP_404))
            cupboard.number()

    def watch() -> None:
        while not done.is_set():
            seen.append(cupboard.ledger.conservation().unaccounted)

    threads = [Thread(target=flow), Thread(target=watch)]
    for thread in threads:
        thread.start()
    cupboard.drop(Keep(pages=30, current_pages=True, outcomes=30, attempts=30, events=30))
    done.set()
    for thread in threads:
        thread.join()

    assert set(seen) == {0}
    assert cupboard.left("page_fetch") == 0
    assert cupboard.ledger.sql("select count(*) from outcome where url like 'https://paper%'") == [
        (0,)
    ]
    assert cupboard.ledger.conservation().unaccounted == 0


def test_the_room_that_is_taken_is_told_by_kind(cupboard: Cupboard) -> None:
    cupboard.store(URL, b"x" * 5_000)
    cupboard.ledger.sql("analyze page_fetch")

    with transaction(cupboard.ledger.engine) as connection:
        sizes = read_sizes(connection)

    assert sizes.raw_pages == 5_000
    assert {"history", "articles", "fetches", "other"} <= set(sizes.tables)


def test_an_article_keeps_its_label_when_the_outcome_that_brought_it_is_dropped(
    cupboard: Cupboard,
) -> None:
    (job,) = cupboard.ledger.running(a_submission(URL, label="sport"))
    cupboard.ledger.finish(an_article_enriched(job))
    cupboard.number()
    cupboard.age()
    cupboard.drop(Keep(outcomes=30))
    cupboard.ledger.sql(
        "insert into event (kind, reason, article_id, version) "
        "select 'updated', 'reprocessed', id, version from article"
    )

    cupboard.number()

    assert cupboard.ledger.sql("select position, label from listing") == [(2, "sport")]
