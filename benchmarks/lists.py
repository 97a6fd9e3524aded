"""Time and plans of the lists over a ledger of many rows: ``python -m benchmarks.lists [ROWS]``.

It makes a database of its own with generated rows: half as many articles as jobs that ended, and a
fifth as many that wait. Each question is asked three times; shown is the fastest, what it read,
and every large table that was read as a whole, of which there should be none.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from newsmill_gateway.adapters.sql_ledger import SQLLedger
from newsmill_gateway.ports import Listed
from newsmill_gateway.queries import ArticleQuery, JobQuery
from newsmill_shared.database.engine import make_engine, transaction
from tests.support.engines import fresh_database, running_engines

ROWS = 400_000
LARGE = {"job", "outcome_default", "listing", "listing_category", "article", "version", "event"}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SKEWED = """
create function skewed(n bigint, kinds integer) returns integer language sql immutable as
$$ select floor(power(('x' || substr(md5(n::text), 1, 7))::bit(28)::integer / 268435456.0, 3)
                * kinds)::integer $$
"""
ID = """
create function id_at(n bigint) returns uuid language sql immutable as
$$ select (lpad(to_hex(1767225600000 + n * 20), 12, '0') || '7000800000000000' ||
           lpad(to_hex(n % 65536), 4, '0'))::uuid $$
"""
FILL = (
    """
    insert into host (name, delay_seconds)
    select 'h' || n || '.example', 1 from generate_series(0, 4999) as n
    """,
    """
    insert into outcome (job_id, receipt, url, url_key, host_id, label, priority, meta, outcome,
                         reason, detail, evidence, article_id, version, attempt, tries, losses,
                         hops, accepted_at, finished_at)
    select id_at(n), 'r' || n / 100, 'https://h' || skewed(n, 5000) || '.example/' || n,
           sha256(n::text::bytea), skewed(n, 5000) + 1,
           case when n % 3 = 0 then 'label ' || skewed(n / 3, 300) end, 0, '{}',
           (array['stored', 'failed', 'skipped', 'unchanged', 'dead'])[1 + k], r, '', '{}',
           case when n % 2 = 0 then id_at(n) end, 1, 1, 0, 0, '[]', now(), now()
    from generate_series(1, :rows) as n,
         lateral (select case when n % 2 = 0 then 0 when n % 9973 = 0 then 4
                              else 1 + n % 3 end as k) as kind,
         lateral (select (array['new', 'http_404', 'expired', 'same_content', 'memory'])[1 + k]
                  as r) as reason
    """,
    """
    insert into article (id, page_key, url, version, cluster_id)
    select article_id, url_key, url, 1, article_id from outcome where article_id is not null
    """,
    """
    insert into version (article_id, number, job_id, fetch_id, fetched_at, content_hash, document,
                         title, text, text_truncated, authors, language, language_confidence,
                         categories, evidence)
    select id, 1, id, id, now(), page_key, 'd', 'A title', repeat('Some words. ', 250), false, '{}',
           'l' || skewed(row_number() over (order by id), 40), 1,
           jsonb_build_array(
             jsonb_build_object('id', 'c' || skewed(row_number() over (order by id) + 7, 60),
                                'name', 'a', 'score', 1),
             jsonb_build_object('id', 'd' || skewed(row_number() over (order by id) + 9, 900),
                                'name', 'b', 'score', 1)), '{}'
    from article
    """,
    """
    insert into event (position, kind, reason, job_id, article_id, version)
    select row_number() over (order by job_id), outcome, reason, job_id, article_id, version
    from outcome
    """,
    """
    insert into listing
    select e.article_id, e.position, 1, 'h' || o.host_id - 1 || '.example', v.language, o.label,
           array(select c ->> 'id' from jsonb_array_elements(v.categories) as c),
           timestamptz '2026-01-01Z' + e.position * interval '20 ms'
    from event e join version v on v.article_id = e.article_id join outcome o on o.job_id = e.job_id
    """,
    "insert into listing_category select unnest(categories), position from listing",
    "insert into total select kind, reason, count(*) from event group by 1, 2",
    """
    insert into job (id, receipt, url, url_key, host_id, label, max_age_seconds, state,
                     dispatched_at, stage)
    select id_at(:rows + n), 'r', 'https://a.example/' || n, sha256((-n)::text::bytea),
           skewed(n, 5000) + 1, case when n % 3 = 0 then 'label ' || skewed(n / 3, 300) end, 900,
           case when n <= 1500 then 'running' else 'waiting' end, now(), 'enrich'
    from generate_series(1, :rows / 5) as n
    """,
)


def main() -> None:
    """Fill a database and ask."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with running_engines() as engines, fresh_database(engines) as url:
        engine = make_engine(url, name="bench", settings={"statement_timeout": "600s"})
        began = time.perf_counter()
        fill(engine, rows)
        print(f"{rows:,} ended jobs, in {time.perf_counter() - began:.0f} s")
        ledger = SQLLedger(engine, host_delay_seconds=1, quota=1)
        for name, ask in questions(ledger, rows):
            show(engine, name, ask)
        engine.dispose()


def fill(engine: Engine, rows: int) -> None:
    """Write the rows."""
    with transaction(engine) as connection:
        for statement in (SKEWED, ID, *FILL):
            connection.execute(text(statement), {"rows": rows} if ":rows" in statement else {})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def questions(ledger: SQLLedger, rows: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Give what is asked, common filters and rare ones, and some that agree on nothing."""
    late = (BEGIN + timedelta(milliseconds=20 * rows * 0.9)).isoformat()
    articles: list[dict[str, Any]] = [
        {},
        {"order": "newest"},
        {"cursor": rows // 2},
        {"language": "l0"},
        {"language": "l39", "order": "newest"},
        {"category": "c0"},
        {"category": "d890"},
        {"host": "h0.example"},
        {"host": "h4990.example"},
        {"label": "label 0"},
        {"since": late},
        {"since": late, "category": "c0", "language": "l39"},
        {"category": "c0", "language": "l0", "host": "h0.example"},
        {"category": "c59", "language": "l39", "order": "newest"},
        {"language": "l0", "full": True, "limit": 500},
    ]
    jobs: list[dict[str, Any]] = [
        {},
        {"state": "waiting"},
        {"state": "running"},
        {"state": "finished"},
        {"label": "label 0"},
        {"label": "label 299"},
        {"label": "label 0", "state": "waiting"},
        {"host": "h0.example"},
        {"host": "h4990.example"},
        {"host": "h4990.example", "state": "finished"},
        {"outcome": "stored"},
        {"outcome": "dead"},
        {"reason": "http_404", "host": "h17.example"},
        {"reason": "memory", "label": "label 0"},
        {"since": late, "reason": "memory"},
    ]
    for query in articles:
        yield f"articles {query}", partial(ledger.articles, ArticleQuery.model_validate(query))
    for query in jobs:
        yield f"jobs {query}", partial(ledger.jobs, JobQuery.model_validate(query))
    yield "changes", partial(ledger.changes, rows // 2, limit=1000)
    yield "conservation", ledger.conservation


def show(engine: Engine, name: str, ask: Callable[[], Any]) -> None:
    """Ask, and print how long it takes and what it reads."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        found = ask()
        seconds.append(time.perf_counter() - began)
    with recorded(engine) as statements:
        ask()
    with engine.connect() as connection:
        nodes = [node for asked in statements for node in plan(connection, *asked)]
    blocks = sum(buffers for _, _, buffers in nodes)
    whole = sorted({table for kind, table, _ in nodes if kind == "Seq Scan" and table in LARGE})
    print(
        f"{min(seconds) * 1000:7.1f} ms {blocks:6} blocks {size(found):>5} found  {name}"
        + (f"  READ AS A WHOLE: {', '.join(whole)}" if whole else "")
    )


def size(found: object) -> str:
    """Say how many entries an answer has."""
    if isinstance(found, Listed):
        return str(len(found.entries))
    return str(len(found[0])) if isinstance(found, tuple) else ""


@contextmanager
def recorded(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Record the statements that are run."""
    statements: list[tuple[str, Any]] = []

    def record(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().lower().startswith(("select", "with")):
            statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", record)


def plan(connection: Connection, statement: str, parameters: Any) -> Iterator[tuple[str, str, int]]:
    """Run a statement and give its scans: kind, table, blocks; blocks of all at the first."""
    explain = f"explain (analyze, buffers, format json) {statement}"
    (root,) = connection.exec_driver_sql(explain, parameters).scalar_one()
    top = root["Plan"]
    yield "total", "", top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    nodes = [top]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", ())
        if "Relation Name" in node:
            yield node["Node Type"], node["Relation Name"], 0


if __name__ == "__main__":
    main()
