"""The window: the bounded work that lies in Redis now, read in one atomic call."""

from dataclasses import dataclass
from uuid import UUID

from redis import Redis

from newsmill_shared.index.status import STATUS_KEY, read_status
from newsmill_shared.queue.broker import QUEUES
from newsmill_shared.queue.claims import EPOCH_KEY

__all__ = ["Depths", "read_depths", "read_queued"]

# The ids of the messages in each list. kombu writes them as compact or spaced JSON; a body is
# base64 and cannot hold the pattern.
_QUEUED = """
local found = {}
for _, key in ipairs(KEYS) do
  for _, message in ipairs(redis.call('lrange', key, 0, -1)) do
    found[#found + 1] = string.match(message, '"correlation_id":%s*"([^"]+)"')
  end
end
return found
"""


@dataclass(frozen=True, slots=True)
class Depths:
    """How many messages wait in each list, the epoch, and Redis' clock in milliseconds."""

    epoch: str | None
    now_ms: int
    ingest: int
    enrich: int
    store: int
    index_waits: bool = False
    """Enrichment stands still, because the duplicate index is away or being rebuilt."""


def read_depths(redis: "Redis") -> Depths:
    """Read the lengths of the lists, and whether enrichment waits for its index."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.get(EPOCH_KEY)
    pipeline.time()
    for queue in QUEUES:
        pipeline.llen(queue)
    pipeline.get(STATUS_KEY)
    epoch, (seconds, microseconds), *lengths, said = pipeline.execute()
    index = read_status(said)
    return Depths(
        epoch.decode() if epoch else None,
        seconds * 1000 + microseconds // 1000,
        **dict(zip(QUEUES, lengths, strict=True)),
        index_waits=index is not None and index.state != "ready",
    )


def read_queued(redis: "Redis") -> set[tuple[UUID, int]]:
    """Return the (job, attempt) of every message that waits in any of the lists."""
    found = redis.register_script(_QUEUED)(keys=list(QUEUES))
    parts = (raw.decode().split(":") for raw in found)
    return {(UUID(job_id), int(attempt)) for job_id, attempt, _stage in parts}
