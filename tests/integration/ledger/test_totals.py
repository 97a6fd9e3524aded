"""Totals and the list of articles are kept by whoever numbers events, and say what the rows say."""

import pytest
from alembic import command
from sqlalchemy import text

from newsmill_cli.engines import Engines
from newsmill_shared.database import migrate as migration
from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.database.events import count_receipts, number_events
from newsmill_shared.database.finish import Ending
from newsmill_shared.identity import new_id
from newsmill_shared.reasons import Reason
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_page, a_submission, an_article_enriched

URL = "https://paper.example/story"


def number(ledger: LedgerUnderTest) -> int:
    with transaction(ledger.engine) as connection:
        count_receipts(connection)
        return number_events(connection)


def test_the_counts_are_the_same_before_and_after_they_are_added_up(
    ledger: LedgerUnderTest,
) -> None:
    first, second = ledger.running(a_submission(URL), a_submission(f"{URL}/2"))
    ledger.accept(a_submission("https://other.example/"))
    ledger.finish(an_article_enriched(first, page=a_page(URL)))
    ledger.finish(Ending(job_id=second, attempt=1, reason=Reason.HTTP_404))

    before = ledger.conservation()
    numbered = number(ledger), number(ledger)
    after = ledger.conservation()

    assert numbered == (2, 0)
    assert before == after
    assert (after.accepted, after.unaccounted) == (3, 0)
    assert after.reasons == {("failed", "http_404"): 1, ("stored", "new"): 1}
    assert after.outcomes == {"failed": 1, "stored": 1}


def test_totals_grow_by_what_comes_later(ledger: LedgerUnderTest) -> None:
    for path in "ab":
        (job,) = ledger.running(a_submission(f"{URL}/{path}"))
        ledger.finish(an_article_enriched(job, page=a_page(f"{URL}/{path}")))
        number(ledger)

    totals = ledger.sql("select kind, reason, count from total order by kind")

    assert totals == [("accepted", "", 2), ("stored", "new", 2)]


def first_version_stores(
    ledger: LedgerUnderTest, url: str, *, label: str | None, position: int | None
) -> None:
    """Write what the first version wrote for a page that became an article."""
    job, article = new_id(), new_id()
    values = {"job": job, "article": article, "url": url, "key": url.encode(), "label": label}
    for statement in _FIRST_VERSION_STORES.split(";\n"):
        names = [name for name in (*values, "position") if f":{name}" in statement]
        ledger.sql(statement, **{name: {**values, "position": position}[name] for name in names})


_FIRST_VERSION_STORES = """
insert into receipt (key, request_sha256, accepted, job_ids) values (:url, '', 1, array[:job]);
insert into article (id, page_key, url, version, cluster_id)
values (:article, :key, :url, 1, :article);
insert into version (article_id, number, job_id, fetch_id, fetched_at, content_hash, document,
                     title, text_truncated, authors, language, language_confidence, categories,
                     evidence)
values (:article, 1, :job, :job, now(), '', '', 'A title', false, '{}', 'en', 1, '[]', '{}');
insert into outcome (job_id, receipt, url, url_key, host_id, label, priority, meta, outcome,
                     reason, detail, evidence, article_id, version, attempt, tries, losses, hops,
                     accepted_at)
values (:job, :url, :url, :key, 1, :label, 0, '{}', 'stored', 'new', '', '{}', :article, 1,
        1, 0, 0, '[]', now());
insert into event (kind, reason, job_id, article_id, version, position)
values ('stored', 'new', :job, :article, 1, :position)"""


def test_a_database_of_the_first_version_gets_its_lists_and_totals(engines: Engines) -> None:
    assert engines.postgres is not None
    engine = make_engine(engines.postgres.url("postgres"), name="test", pool_size=0)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("create database first_version"))
    url = engines.postgres.url("first_version")
    ledger = LedgerUnderTest(make_engine(url, name="test", pool_size=0))
    config = migration._config()
    with transaction(ledger.engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    first_version_stores(ledger, URL, label="front", position=1)
    first_version_stores(ledger, f"{URL}/2", label=None, position=None)

    migration.migrate(url)
    at_first = ledger.sql("select position, version, host, language, label from listing")
    number(ledger)

    assert at_first == [(1, 1, "paper.example", "en", "front")]
    assert ledger.sql("select position from listing order by 1") == [(1,), (2,)]
    assert (ledger.conservation().accepted, ledger.conservation().unaccounted) == (2, 0)
    assert ledger.conservation().outcomes == {"stored": 2}
    assert ledger.sql("select name, accepted, ended from submitter") == [("default", 2, 2)]


def test_open_jobs_of_a_submitter_are_what_was_accepted_less_what_has_ended(
    ledger: LedgerUnderTest,
) -> None:
    mine = ledger.running(a_submission(URL), a_submission(f"{URL}/2"), submitter="mine")
    ledger.accept(a_submission(f"{URL}/3"), submitter="yours")
    ledger.finish(Ending(job_id=mine[0], attempt=1, reason=Reason.HTTP_404))

    number(ledger)

    counted = ledger.sql("select name, accepted, ended from submitter order by name")
    assert counted == [("default", 0, 0), ("mine", 2, 1), ("yours", 1, 0)]


def test_receipts_are_counted_a_bounded_number_at_a_time_and_name_the_hosts_with_new_work(
    ledger: LedgerUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsmill_shared.database.events.EVENTS_AT_ONCE", 3)
    for host in "abc":
        ledger.accept(*(a_submission(f"https://{host}.example/{n}") for n in range(2)))

    found: list[set[str]] = []
    for _ in range(3):
        with transaction(ledger.engine) as connection:
            hosts = sorted(count_receipts(connection))
        rows = ledger.sql("select name from host where id = any(:hosts)", hosts=hosts)
        found.append({str(name) for (name,) in rows})

    assert found == [{"a.example", "b.example"}, {"c.example"}, set()]
    assert ledger.conservation().accepted == 6
