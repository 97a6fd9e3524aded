"""Faults, each made on real engines: what is broken, and what everybody says then."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.database.pauses import Scope, set_pause
from newsmill_shared.diagnosis import Code
from newsmill_shared.index.status import IndexStatus, write_status
from tests.integration.diagnosis.rig import EVERYBODY, Rig

__all__ = ["FAULTS", "Fault"]

Made = AbstractContextManager[None]


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to break a newsmill, and the code of what is told first."""

    make: Callable[[Rig], Made]
    code: Code


@contextmanager
def postgresql_is_killed(rig: Rig) -> Iterator[None]:
    """SIGKILL."""
    assert rig.engines.postgres is not None
    with rig.alive(*EVERYBODY):
        rig.engines.postgres.kill()
        try:
            yield
        finally:
            rig.engines.postgres.start()


@contextmanager
def all_connections_are_taken(rig: Rig) -> Iterator[None]:
    """As a leaking client does it."""
    with rig.running(), ExitStack() as stack:
        try:
            while True:
                stack.enter_context(psycopg.connect(rig.settings.database_url))
        except psycopg.OperationalError:
            yield


@contextmanager
def postgresql_takes_no_writes(rig: Rig) -> Iterator[None]:
    """As after a failover, or by an operator's hand."""
    ((name,),) = rig.sql("select current_database()")
    with rig.running():
        rig.sql(f'alter database "{name}" set default_transaction_read_only = on')
        yield


@contextmanager
def a_lock_keeps_the_ledger(rig: Rig) -> Iterator[None]:
    """An open transaction of somebody else's."""
    with rig.running(), psycopg.connect(rig.settings.database_url) as connection:
        connection.execute("lock table job in access exclusive mode")
        yield


@contextmanager
def the_schema_is_older(rig: Rig) -> Iterator[None]:
    """As after an update of the code alone."""
    with rig.running():
        rig.sql("update alembic_version set version_num = '0001'")
        yield


@contextmanager
def redis_is_stopped(rig: Rig) -> Iterator[None]:
    """SIGSTOP."""
    assert rig.engines.broker is not None
    with rig.running(), stopped(rig.engines.broker.pid):
        yield


@contextmanager
def redis_is_killed(rig: Rig) -> Iterator[None]:
    """SIGKILL."""
    assert rig.engines.broker is not None
    with rig.running():
        rig.engines.broker.kill()
        try:
            yield
        finally:
            rig.engines.broker.start()


@contextmanager
def redis_is_out_of_memory(rig: Rig) -> Iterator[None]:
    """More than its limit is in it, and it may evict nothing."""
    with rig.running():
        rig.redis.config_set("maxmemory", 1_000_000)
        rig.redis.config_set("maxmemory-policy", "noeviction")
        try:
            yield
        finally:
            rig.redis.config_set("maxmemory", 0)


@contextmanager
def redis_is_a_replica(rig: Rig) -> Iterator[None]:
    """As after a failover of which newsmill was not told."""
    with rig.running():
        rig.redis.replicaof("127.0.0.1", "1")
        try:
            yield
        finally:
            rig.redis.replicaof("NO", "ONE")


@contextmanager
def redis_cannot_save(rig: Rig) -> Iterator[None]:
    """Its folder is gone."""
    assert rig.engines.broker is not None
    folder = Path(str(rig.redis.config_get("dir")["dir"]))
    aside = folder.with_suffix(".aside")
    account = folder.stat()
    with rig.running():
        shutil.copytree(folder, aside)
        shutil.rmtree(folder)
        try:
            rig.redis.execute_command("bgsave")  # type: ignore[no-untyped-call]
            yield
        finally:
            rig.engines.broker.kill()
            aside.rename(folder)
            for path in (folder, *folder.rglob("*")):
                os.chown(path, account.st_uid, account.st_gid)
            rig.engines.broker.start()


@contextmanager
def redis_has_lost_its_data(rig: Rig) -> Iterator[None]:
    """FLUSHALL, while no dispatcher looks."""
    rig.epoch("e1")
    rig.redis.flushall()
    with rig.running():
        yield


@contextmanager
def redis_serves_another_ledger(rig: Rig) -> Iterator[None]:
    """Two newsmills share one Redis."""
    rig.epoch("e1")
    rig.redis.set("newsmill:epoch", "e2")
    with rig.running():
        yield


@contextmanager
def a_job_is_gone(rig: Rig) -> Iterator[None]:
    """Deleted by hand, past the ledger."""
    rig.sql(
        "insert into receipt (key, request_sha256, accepted, job_ids)"
        " values ('r', '', 1, array[gen_random_uuid()])"
    )
    with rig.running():
        yield


@contextmanager
def no_enrich_runs(rig: Rig) -> Iterator[None]:
    """It was not started."""
    with rig.alive("dispatcher", "ingest", "store", "bridge"), rig.active_dispatcher():
        yield


@contextmanager
def no_bridge_runs(rig: Rig) -> Iterator[None]:
    """It was not started."""
    with rig.alive("dispatcher", "ingest", "enrich", "store"), rig.active_dispatcher():
        yield


@contextmanager
def no_dispatcher_leads(rig: Rig) -> Iterator[None]:
    """It lives, and cannot take its lock."""
    with rig.alive(*EVERYBODY):
        yield


@contextmanager
def the_page_store_is_gone(rig: Rig) -> Iterator[None]:
    """Its folder was moved away, as when a volume is not mounted."""
    with rig.running():
        rig.pages.rename(rig.folder / "elsewhere")
        try:
            yield
        finally:
            (rig.folder / "elsewhere").rename(rig.pages)


@contextmanager
def the_disk_of_pages_is_full(rig: Rig) -> Iterator[None]:
    """A small disk, with one large file in it."""
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "newsmill-test", str(rig.pages)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    try:
        (rig.pages / "large").write_bytes(bytes(1_040_000))
        with rig.running():
            yield
    finally:
        subprocess.run(["/bin/umount", "--lazy", str(rig.pages)], check=True)


@contextmanager
def the_index_is_away(rig: Rig) -> Iterator[None]:
    """Its keeper says so."""
    write_status(rig.redis, IndexStatus(state="away", detail="Redis: refused"))
    with rig.running():
        yield


@contextmanager
def the_index_is_rebuilt(rig: Rig) -> Iterator[None]:
    """Its keeper says so."""
    write_status(rig.redis, IndexStatus(state="rebuilding", loaded=3, total=9))
    with rig.running():
        yield


@contextmanager
def the_index_was_full(rig: Rig) -> Iterator[None]:
    """Its keeper says so."""
    dropped = datetime.now(UTC) - timedelta(minutes=5)
    write_status(rig.redis, IndexStatus(state="ready", trimmed_at=dropped, trimmed_documents=9))
    with rig.running():
        yield


@contextmanager
def enrich_fails_everything(rig: Rig) -> Iterator[None]:
    """The dispatcher has stopped it."""
    pause(rig, Scope.STAGE, "enrich", by="newsmill", reason="KeyError: 'title'")
    with rig.running():
        yield


@contextmanager
def everything_is_paused(rig: Rig) -> Iterator[None]:
    """By an operator."""
    pause(rig, Scope.ALL, "", by="ann", reason="moving house")
    with rig.running():
        yield


@contextmanager
def store_cannot_record(rig: Rig) -> Iterator[None]:
    """It says so in its heartbeats."""
    with rig.running() as beats:
        beats[EVERYBODY.index("store")].waits_for("PostgreSQL: canceling statement")
        yield


@contextmanager
def the_disk_of_postgresql_is_full(rig: Rig) -> Iterator[None]:
    """Whoever writes is told, and says so in its heartbeats."""
    with rig.running() as beats:
        beats[EVERYBODY.index("store")].waits_for(
            'PostgreSQL: could not extend file "base/1/2": No space left on device'
        )
        yield


@contextmanager
def due_work_is_not_sent(rig: Rig) -> Iterator[None]:
    """It is due for five minutes."""
    a_job(rig)
    rig.sql("update host set next_at = now() - interval '5 minutes'")
    with rig.running():
        yield


@contextmanager
def nothing_ends(rig: Rig) -> Iterator[None]:
    """A message lies there, its job was sent ten minutes ago."""
    a_job(
        rig,
        state="running",
        more="stage = 'enrich', attempt = 1, dispatched_at = now() - interval '10 minutes'",
    )
    rig.redis.rpush("enrich", "{}")
    with rig.running():
        yield


@contextmanager
def events_get_no_numbers(rig: Rig) -> Iterator[None]:
    """Jobs have ended, and the dispatcher does not number them."""
    a_job(rig)
    rig.sql(
        "insert into event (kind, reason, job_id, at)"
        " select 'skipped', 'robots', id, now() - interval '1 minute' from job"
    )
    rig.sql("delete from job")
    with rig.running():
        yield


@contextmanager
def a_clock_is_an_hour_ahead(rig: Rig) -> Iterator[None]:
    """That of the machine where ingest runs."""
    with rig.running(ahead_seconds=3600):
        yield


@contextmanager
def enrich_is_slow(rig: Rig) -> Iterator[None]:
    """Its queue is full."""
    a_job(rig, state="running", more="stage = 'enrich', attempt = 1, dispatched_at = now()")
    rig.redis.rpush("enrich", *["{}"] * 1000)
    with rig.running():
        yield


@contextmanager
def all_hosts_wait(rig: Rig) -> Iterator[None]:
    """Politely, for an hour."""
    a_job(rig)
    rig.sql("update host set next_at = now() + interval '1 hour'")
    with rig.running():
        yield


@contextmanager
def nothing_is_wrong(rig: Rig) -> Iterator[None]:
    """Everybody lives, and nothing was handed in."""
    with rig.running():
        yield


FAULTS: tuple[Fault, ...] = (
    Fault(postgresql_is_killed, Code.DATABASE_UNREACHABLE),
    Fault(all_connections_are_taken, Code.DATABASE_CONNECTIONS),
    Fault(postgresql_takes_no_writes, Code.DATABASE_READ_ONLY),
    Fault(a_lock_keeps_the_ledger, Code.DATABASE_SLOW),
    Fault(the_schema_is_older, Code.SCHEMA_OLD),
    Fault(redis_is_stopped, Code.REDIS_UNREACHABLE),
    Fault(redis_is_killed, Code.REDIS_UNREACHABLE),
    Fault(redis_is_out_of_memory, Code.REDIS_FULL),
    Fault(redis_is_a_replica, Code.REDIS_READ_ONLY),
    Fault(redis_cannot_save, Code.REDIS_DISK),
    Fault(redis_has_lost_its_data, Code.REDIS_OTHER_DATA),
    Fault(redis_serves_another_ledger, Code.REDIS_OTHER_DATA),
    Fault(a_job_is_gone, Code.UNACCOUNTED),
    Fault(no_enrich_runs, Code.NO_WORKER),
    Fault(no_bridge_runs, Code.NO_BRIDGE),
    Fault(no_dispatcher_leads, Code.DISPATCHER_INACTIVE),
    Fault(the_page_store_is_gone, Code.PAGE_STORE_UNREACHABLE),
    Fault(the_disk_of_pages_is_full, Code.DISK_FULL),
    Fault(the_disk_of_postgresql_is_full, Code.DISK_FULL),
    Fault(the_index_is_away, Code.INDEX_UNREACHABLE),
    Fault(the_index_is_rebuilt, Code.INDEX_REBUILDING),
    Fault(the_index_was_full, Code.INDEX_FULL),
    Fault(enrich_fails_everything, Code.STAGE_FAILING),
    Fault(everything_is_paused, Code.PAUSED),
    Fault(store_cannot_record, Code.SERVICE_WAITS),
    Fault(due_work_is_not_sent, Code.NOTHING_SENT),
    Fault(nothing_ends, Code.NOTHING_ENDS),
    Fault(events_get_no_numbers, Code.EVENTS_UNNUMBERED),
    Fault(a_clock_is_an_hour_ahead, Code.CLOCK_SKEW),
    Fault(enrich_is_slow, Code.ENRICH_SLOW),
    Fault(all_hosts_wait, Code.POLITE),
    Fault(nothing_is_wrong, Code.READY),
)


@contextmanager
def stopped(pid: int | None) -> Iterator[None]:
    """Stop a process, and all that it has forked, until the block ends."""
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def pause(rig: Rig, scope: Scope, value: str, *, by: str, reason: str) -> None:
    """Pause something."""
    engine = make_engine(rig.settings.database_url, name="test", pool_size=0)
    with transaction(engine) as connection:
        set_pause(connection, scope, value, by=by, reason=reason)


def a_job(rig: Rig, *, state: str = "waiting", more: str = "") -> None:
    """Hand in a URL, and set what its job is about."""
    with rig.site() as api:
        assert api.post("/v1/urls", json={"url": "https://paper.example/a"}).status_code == 202
    changes = f", {more}" if more else ""
    rig.sql(
        f"update job set state = '{state}', accepted_at = now() - interval '10 minutes'{changes}"  # noqa: S608
    )
