"""Jobs in PostgreSQL, as operators retry, discard and cancel them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from newsmill_gateway.cancelling import Cancel
from newsmill_gateway.dead import Discard, Retry
from newsmill_gateway.deleting import Deletion, PageDeleted
from newsmill_shared.database import dead
from newsmill_shared.database.audit import record
from newsmill_shared.database.cancel import Step, cancel_step
from newsmill_shared.database.dead import DeadJob, Ended, Group, HostNow, Retried
from newsmill_shared.database.deletion import delete_page, what_is_held
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.tombstones import find_tombstone

__all__ = ["SQLHousekeeping"]

# What was sent to ingest, or has passed it and not been stored yet, and pages of runs.
_WINDOW = text("""
select * from (
  select stage, count(*) as jobs, (array_agg(id order by dispatched_at))[1] as oldest_job,
         (array_agg(url order by dispatched_at))[1] as oldest_url,
         coalesce(extract(epoch from now() - min(dispatched_at)), 0) as oldest_seconds
  from job where state = 'running' group by stage
  union all
  select 'reprocess', count(*), null, (array_agg(article.url order by dispatched_at))[1],
         coalesce(extract(epoch from now() - min(dispatched_at)), 0)
  from rework join article on article.id = rework.article_id
  where rework.state = 'running' having count(*) > 0) as under_way
order by array_position(array['ingest', 'enrich', 'reprocess'], stage)
""")


class SQLHousekeeping:
    """Finds jobs, and changes what becomes of them.

    Args:
        engine: The database.
        host_delay_seconds: The delay of hosts for which none is set.
    """

    def __init__(self, engine: Engine, *, host_delay_seconds: float) -> None:
        self._engine = engine
        self._host_delay_seconds = host_delay_seconds

    def ended(self, wanted: Ended, *, before: UUID | None, limit: int) -> Sequence[DeadJob]:
        """Return jobs that died or failed, the newest first."""
        with reading(self._engine) as snapshot:
            return dead.list_ended(snapshot, wanted, before=before, limit=limit)

    def preview(
        self, wanted: Ended, *, limit: int
    ) -> tuple[dead.Preview, Sequence[tuple[Group, HostNow]]]:
        """Return what an act would take, by reason and host, with what the hosts do now."""
        with reading(self._engine) as snapshot:
            found = dead.preview(snapshot, wanted, limit=limit)
            hosts = dead.hosts_now(snapshot, sorted({group.host_id for group in found.groups}))
        return found, [(group, hosts[group.host_id]) for group in found.groups]

    def retry(self, retry: Retry, *, key: str, sha256: bytes) -> tuple[Retried, int]:
        """Hand in again, and return how many are left."""
        with transaction(self._engine) as connection:
            done = dead.retry(
                connection,
                retry.act,
                pace=retry.pace,
                fetch=retry.fetch,
                key=key,
                request_sha256=sha256,
                host_delay_seconds=self._host_delay_seconds,
            )
            return done, _left(connection, retry.act.wanted)

    def discard(self, discard: Discard) -> tuple[int, int]:
        """Take jobs out of what is to be looked at; return how many, and how many are left."""
        with transaction(self._engine) as connection:
            discarded = dead.discard(connection, discard.act, limit=discard.limit)
            return discarded, _left(connection, discard.act.wanted)

    def cancel(self, cancel: Cancel) -> Step:
        """Do one step, and write down how many it cancelled."""
        if cancel.dry_run:
            with reading(self._engine) as snapshot:
                return cancel_step(
                    snapshot, cancel.chosen, after=cancel.cursor, detail=cancel.detail, dry=True
                )
        with transaction(self._engine) as connection:
            step = cancel_step(connection, cancel.chosen, after=cancel.cursor, detail=cancel.detail)
            if step.waiting:
                record(
                    connection,
                    "job.cancel",
                    cancel.subject,
                    by=cancel.by,
                    detail={"jobs": step.waiting, "reason": cancel.why},
                )
            return step

    def delete(self, article: UUID, deletion: Deletion) -> PageDeleted | None:
        """Delete a page, and write down who did it; or say what would go."""
        if deletion.dry_run:
            with reading(self._engine) as snapshot:
                held = what_is_held(snapshot, article)
                return PageDeleted.of(held, deleted_at=None) if held else _before(snapshot, article)
        with transaction(self._engine) as connection:
            deleted = delete_page(connection, article)
            if deleted is None:
                return _before(connection, article)
            record(
                connection,
                "article.delete",
                f"article {article}",
                by=deletion.by,
                detail={
                    "url": deleted.held.url,
                    "versions": deleted.held.versions,
                    "jobs": deleted.held.open_jobs,
                    "reason": deletion.why,
                },
            )
            return PageDeleted.of(deleted.held, deleted_at=deleted.deleted_at)

    def window(self) -> Sequence[Mapping[str, object]]:
        """Return what is under way, by stage."""
        with reading(self._engine) as snapshot:
            return [dict(row) for row in snapshot.execute(_WINDOW).mappings()]


def _before(connection: Connection, article: UUID) -> PageDeleted | None:
    stone = find_tombstone(connection, article=article)
    if stone is None:
        return None
    return PageDeleted(
        dry_run=False, article_id=article, url=None, title=None, deleted_at=stone.deleted_at
    )


def _left(connection: Connection, wanted: Ended) -> int:
    return dead.preview(connection, wanted, limit=1).matching
