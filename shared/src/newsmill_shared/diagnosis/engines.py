"""What keeps the engines from serving: PostgreSQL, Redis, the index, the page store, clocks."""

from collections.abc import Iterator

from newsmill_shared.diagnosis.advice import (
    AGAIN,
    KEPT,
    engine_help,
    logs,
    psql,
    seconds_between,
)
from newsmill_shared.diagnosis.cause import DATA, Cause, Code, Command, Help
from newsmill_shared.diagnosis.snapshot import Away, Broker, Database, PageStoreRoom, Snapshot
from newsmill_shared.figures import age, megabytes

__all__ = [
    "clock_skew",
    "database_away",
    "database_disk",
    "database_read_only",
    "database_slow",
    "index_away",
    "index_full",
    "index_rebuilding",
    "page_store",
    "redis_away",
    "redis_refuses",
    "schema_old",
]

_SLOW_SECONDS = 1.0
_FULL_SHARE = 0.99
"""Redis refuses writes above its limit, and hovers just below it then."""
_CONNECTIONS_FEW = 0.95
_SKEW_SECONDS = 30.0
_DROPPED_SECONDS = 3600.0
"""Dates of articles and their versions come from workers' clocks."""
_LAST_BYTES = 2**30
_LAST_SHARE = 0.05
"""Of a small disk the last twentieth is kept instead of the last gigabyte."""


def database_away(seen: Snapshot) -> Iterator[Cause]:
    """Find a PostgreSQL that cannot be used at all, and say why."""
    away = seen.database
    if not isinstance(away, Away):
        return
    if away.why == "connections":
        yield Cause(
            code=Code.DATABASE_CONNECTIONS,
            state="bad",
            said="Stalled: PostgreSQL has no connection left",
            meaning="Whatever needs a new connection waits; accepting answers 503 meanwhile.",
            help=Help(
                psql(
                    "select application_name, state, count(*) from pg_stat_activity group by 1, 2"
                ),
                "Stop whoever holds most of them, or raise max_connections and restart PostgreSQL.",
                logs("postgres"),
                f"What was accepted is in the ledger. {AGAIN}",
            ),
        )
        return
    yield Cause(
        code=Code.DATABASE_UNREACHABLE,
        state="bad",
        said="Stalled: PostgreSQL does not answer",
        meaning="Every part of newsmill waits for it. Nothing can be accepted or recorded"
        " meanwhile.",
        help=engine_help("PostgreSQL", "postgres"),
    )


def database_read_only(seen: Snapshot) -> Iterator[Cause]:
    """Find a PostgreSQL that takes no writes."""
    database = seen.database
    if isinstance(database, Database) and (database.read_only or database.standby):
        what = "a standby" if database.standby else "set to read only"
        yield Cause(
            code=Code.DATABASE_READ_ONLY,
            state="bad",
            said=f"Stalled: PostgreSQL is {what} and takes no writes",
            meaning="Nothing can be accepted or recorded. What there is can be looked up.",
            help=Help(
                psql("show default_transaction_read_only"),
                "Point NEWSMILL_DATABASE_URL at the primary, or let it be written again:"
                " alter system reset default_transaction_read_only; select pg_reload_conf().",
                logs("postgres"),
                "Nothing is lost: results wait in the queue before store.",
            ),
        )


def schema_old(seen: Snapshot) -> Iterator[Cause]:
    """Find a database of another version than the code."""
    if isinstance(seen.database, Database) and not seen.database.schema_is_current:
        yield Cause(
            code=Code.SCHEMA_OLD,
            state="bad",
            said="Stalled: the database does not have the schema of this version",
            meaning="Nothing is accepted before it has.",
            help=Help(
                Command("docker compose run --rm migrate", f"newsmill migrate --data {DATA}"),
                "Migrations keep what is there, and code of the version before goes on running.",
                logs("migrate"),
                "Nothing is changed until you run it.",
            ),
        )


def database_slow(seen: Snapshot) -> Iterator[Cause]:
    """Find a PostgreSQL that answers late, that locks keep busy, or with few connections left."""
    database = seen.database
    if not isinstance(database, Database):
        return
    locked = isinstance(database.ledger, Away)
    few = (
        database.connections_max > 0
        and database.connections >= _CONNECTIONS_FEW * database.connections_max
    )
    if few:
        said = (
            f"PostgreSQL has few connections left: {database.connections} of"
            f" {database.connections_max} are taken"
        )
    elif locked or database.answered_seconds >= _SLOW_SECONDS:
        said = "PostgreSQL is slow: a simple question takes more than a second"
    else:
        return
    yield Cause(
        code=Code.DATABASE_CONNECTIONS if few else Code.DATABASE_SLOW,
        state="bad",
        said=said,
        meaning="Accepting may answer 503, and everything moves at the pace of the database.",
        help=Help(
            psql(
                "select pid, pg_blocking_pids(pid), state, now() - query_start as age,"
                " left(query, 60) from pg_stat_activity order by age desc limit 10"
            ),
            "A question that waits for a lock names who to end: pg_blocking_pids(pid).",
            logs("postgres"),
            "Nothing is lost by slowness: work waits where it is.",
        ),
    )


def database_disk(seen: Snapshot) -> Iterator[Cause]:
    """Find that PostgreSQL's disk is full, which only those who write are told."""
    for beat in seen.living:
        if "No space left on device" in beat.waits_for and "PostgreSQL" in beat.waits_for:
            yield Cause(
                code=Code.DISK_FULL,
                state="bad",
                said="Stalled: the disk of PostgreSQL is full",
                meaning="Nothing can be accepted or recorded. Results wait in the queue before"
                " store.",
                help=Help(
                    Command(
                        "docker compose exec postgres df -h /var/lib/postgresql/data",
                        f"df -h {DATA}",
                    ),
                    "Make room, or a larger disk: recording goes on by itself.",
                    logs("postgres"),
                    "What is in the ledger stays. Remove no file of the database by hand.",
                ),
                since=beat.waits_since,
            )
            return


def redis_away(seen: Snapshot) -> Iterator[Cause]:
    """Find a broker that does not answer."""
    if isinstance(seen.broker, Away):
        yield Cause(
            code=Code.REDIS_UNREACHABLE,
            state="bad",
            said="Stalled: Redis does not answer",
            meaning=f"Every part of newsmill waits for it. {KEPT}",
            help=engine_help("Redis", "redis", log="broker"),
        )


def redis_refuses(seen: Snapshot) -> Iterator[Cause]:
    """Find a broker that answers and takes no writes."""
    broker = seen.broker
    if not isinstance(broker, Broker):
        return
    if broker.read_only:
        yield Cause(
            code=Code.REDIS_READ_ONLY,
            state="bad",
            said="Stalled: Redis is a read-only replica",
            meaning=f"No work can be passed on. {KEPT}",
            help=Help(
                Command(
                    "docker compose restart redis",
                    'redis-cli -u "$NEWSMILL_REDIS_URL" replicaof no one',
                ),
                "Or point NEWSMILL_REDIS_URL at the primary and restart newsmill.",
                logs("redis", laptop=("broker",)),
                f"The ledger has all of it. {AGAIN}",
            ),
        )
    if broker.write_problem:
        yield Cause(
            code=Code.REDIS_DISK,
            state="bad",
            said=f"Stalled: Redis refuses writes, {broker.write_problem}",
            meaning=f"No work can be passed on. {KEPT}",
            help=Help(
                Command("docker compose exec redis df -h /data", f"df -h {DATA}"),
                "Make room; Redis takes writes again by itself.",
                logs("redis", laptop=("broker",)),
                f"The ledger has all of it. {AGAIN}",
            ),
        )
    if broker.max_bytes and broker.used_bytes >= _FULL_SHARE * broker.max_bytes:
        yield Cause(
            code=Code.REDIS_FULL,
            state="bad",
            said=f"Stalled: Redis is full, all of its {megabytes(broker.max_bytes)} are used",
            meaning=f"It refuses what would take more memory, so no work is passed on. {KEPT}",
            help=Help(
                Command(
                    "NEWSMILL_REDIS_MEMORY=512mb docker compose up -d redis",
                    'redis-cli -u "$NEWSMILL_REDIS_URL" config set maxmemory 512mb',
                ),
                "newsmill keeps less than 64 MB there: look who else does.",
                logs("redis", laptop=("broker",)),
                f"The ledger has all of it. {AGAIN}",
            ),
        )


def page_store(seen: Snapshot) -> Iterator[Cause]:
    """Find a page store that cannot be used, or whose disk is full."""
    if isinstance(seen.pages, Away):
        yield Cause(
            code=Code.PAGE_STORE_UNREACHABLE,
            state="bad",
            said="Stalled: the page store cannot be used",
            meaning="Pages cannot be kept or read, so fetching and enrichment wait."
            f" It says: {seen.pages.detail}",
            help=Help(
                Command(
                    "docker compose exec gateway ls -ld /var/lib/newsmill/pages",
                    f"ls -ld {DATA}/pages",
                ),
                "See that NEWSMILL_PAGE_STORE_URL leads where every service may read and write.",
                logs("ingest", "enrich"),
                f"{KEPT} Documents with content are refused meanwhile.",
            ),
        )
        return
    short = seen.ledger.disk_short if seen.ledger else ""
    if seen.pages is not None and _is_full(seen.pages):
        short = short or f"{megabytes(seen.pages.free_bytes or 0)} left"
    if short:
        yield Cause(
            code=Code.DISK_FULL,
            state="bad",
            said="Stalled: a disk is full, so nothing can be fetched",
            meaning=f"Of pages or of the database: {short}.",
            help=Help(
                Command(
                    "docker compose exec gateway df -h /var/lib/newsmill/pages", f"df -h {DATA}"
                ),
                "Make room, or a larger disk: fetching goes on by itself.",
                Command("docker system df", f"du -sh {DATA}/*"),
                "Pages that are stored as articles can be read as before. Supplied documents are"
                " in the page store alone: do not remove them.",
            ),
            since=seen.ledger.disk_short_since if seen.ledger else None,
        )


def index_away(seen: Snapshot) -> Iterator[Cause]:
    """Find a duplicate index that cannot be used."""
    index = seen.index
    if isinstance(index, Away):
        problem = "does not answer"
    elif index is not None and index.read_only:
        problem = "is a read-only replica"
    elif index is not None and index.write_problem:
        problem = f"refuses writes, {index.write_problem}"
    else:
        return
    yield Cause(
        code=Code.INDEX_UNREACHABLE,
        state="bad",
        said=f"Stalled: the duplicate index {problem}",
        meaning="No page can be enriched without it. Fetching goes on until 1,000 pages wait.",
        help=engine_help("the index", "index"),
    )


def index_rebuilding(seen: Snapshot) -> Iterator[Cause]:
    """Find that the duplicate index is being made anew."""
    index = seen.index
    if index is not None and not isinstance(index, Away) and index.rebuilding:
        yield Cause(
            code=Code.INDEX_REBUILDING,
            state="wait",
            said="The duplicate index is being rebuilt",
            meaning=f"{index.rebuilding} Enrichment waits until those of the last two days are"
            " there; no copy is missed.",
        )


def index_full(seen: Snapshot) -> Iterator[Cause]:
    """Find that the duplicate index had to forget, within the last hour."""
    index = seen.index
    if index is None or isinstance(index, Away) or index.dropped_at is None:
        return
    if seconds_between(index.dropped_at, seen.now) < _DROPPED_SECONDS:
        yield Cause(
            code=Code.INDEX_FULL,
            state="wait",
            said="The duplicate index was full and has dropped its oldest documents",
            meaning=f"Copies of {index.dropped:,} documents will be taken for new stories. Give its"
            " Redis more memory (NEWSMILL_INDEX_MEMORY), or set a lower NEWSMILL_INDEX_WEEKS.",
            since=index.dropped_at,
        )


def clock_skew(seen: Snapshot) -> Iterator[Cause]:
    """Find machines whose clocks disagree."""
    worst = max(seen.living, key=lambda beat: abs(beat.clock_ahead_seconds), default=None)
    if worst is None or not isinstance(seen.broker, Broker):
        return
    who, ahead = f"the clock of {worst.name}", worst.clock_ahead_seconds
    if seen.ledger is not None:
        database = seconds_between(seen.broker.now, seen.ledger.now)
        if abs(database) > abs(ahead):
            who, ahead = "PostgreSQL's clock", database
    if abs(ahead) >= _SKEW_SECONDS:
        yield Cause(
            code=Code.CLOCK_SKEW,
            state="bad",
            said=f"{_capital(who)} is {age(_steady(abs(ahead)))}"
            f" {'ahead of' if ahead > 0 else 'behind'} Redis' clock",
            meaning="Politeness and retries use no worker's clock and go on. But a page is dated by"
            " the clock of who fetched it, and a wrong one can hide a newer version.",
            help=Help(
                Command("timedatectl status", "timedatectl status"),
                "Let every machine keep its time by NTP; then restart what ran with the wrong one.",
                Command("chronyc tracking", "chronyc tracking"),
                "Nothing is lost or asked too early.",
            ),
        )


def _is_full(pages: PageStoreRoom) -> bool:
    if pages.free_bytes is None:
        return False
    return pages.free_bytes < min(_LAST_BYTES, _LAST_SHARE * (pages.total_bytes or 0))


def _steady(seconds: float) -> float:
    """Round, so that two looks at one fault say the same."""
    return round(seconds / 10) * 10


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
