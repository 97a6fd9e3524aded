"""Looks at the broker for the diagnosis: a handful of cheap reads, nothing is written."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError

from newsmill_shared.diagnosis.snapshot import Away, Broker, Index
from newsmill_shared.index.status import STATUS_KEY, IndexStatus, read_status
from newsmill_shared.queue.broker import QUEUES, make_redis
from newsmill_shared.queue.claims import EPOCH_KEY
from newsmill_shared.queue.heartbeat import living
from newsmill_shared.queue.notes import NOTES_KEY

__all__ = ["broker_look"]

_SECONDS = 1.5

Info = Mapping[str, object]


def broker_look(url: str) -> Callable[[], tuple[Broker | Away, Index | Away | None]]:
    """Return a function that tells how the Redis at ``url`` is, and how the duplicate index is.

    The index is what its keeper says of it in the broker; None while nobody says anything.

    Raises:
        SettingsError: It is no such URL.
    """
    redis = make_redis(url, seconds=_SECONDS)
    return lambda: _look(redis)


def _look(redis: "Redis") -> tuple[Broker | Away, Index | Away | None]:
    try:
        pipeline = redis.pipeline(transaction=False)
        pipeline.time()
        pipeline.get(EPOCH_KEY)
        pipeline.get(STATUS_KEY)
        for key in (*QUEUES, NOTES_KEY):
            pipeline.llen(key)
        for section in ("memory", "replication", "persistence"):
            pipeline.info(section)
        said = pipeline.execute()
        beats = living(redis)
    except (RedisError, OSError) as error:
        return Away(f"Redis: {_first_line(error)}"), None
    (seconds, microseconds), epoch, index = said[:3]
    *depths, notes = said[3 : 4 + len(QUEUES)]
    memory, replication, persistence = said[-3:]
    broker = Broker(
        now=datetime.fromtimestamp(seconds + microseconds / 1e6, UTC),
        epoch=epoch.decode() if epoch else None,
        depths=dict(zip(QUEUES, depths, strict=True)),
        notes=notes,
        used_bytes=_number(memory, "used_memory") - _number(memory, "mem_not_counted_for_evict"),
        max_bytes=_number(memory, "maxmemory"),
        read_only=replication.get("role") == "slave"
        and bool(_number(replication, "slave_read_only")),
        write_problem=_write_problem(persistence),
        beats=beats,
    )
    return broker, _index(read_status(index))


def _write_problem(persistence: Info) -> str:
    """Return why Redis refuses writes for the sake of its files; empty = it does not."""
    if persistence.get("aof_enabled") and persistence.get("aof_last_write_status") == "err":
        return "it cannot write its append-only file"
    if persistence.get("rdb_last_bgsave_status") == "err":
        return "it cannot save its data"
    return ""


def _index(status: IndexStatus | None) -> Index | Away | None:
    if status is None:
        return None
    if status.state == "away":
        return Away(status.detail)
    if status.state == "rebuilding":
        return Index(rebuilding=f"{status.loaded:,} of {status.total:,} documents are loaded.")
    return Index(dropped_at=status.trimmed_at, dropped=status.trimmed_documents)


def _number(info: Info, name: str) -> int:
    return int(str(info.get(name, 0)))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
