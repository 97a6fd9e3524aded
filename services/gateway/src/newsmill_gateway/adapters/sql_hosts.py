"""Hosts in PostgreSQL, as operators see and set them."""

from collections.abc import Sequence

from sqlalchemy import Engine

from newsmill_gateway.hosts import HostChange, difference
from newsmill_shared.database.audit import Act, read_audit, record
from newsmill_shared.database.engine import reading, transaction
from newsmill_shared.database.hosts import HostRecord, change_host, list_hosts, read_host

__all__ = ["SQLHosts"]


class SQLHosts:
    """Reads and sets hosts.

    Args:
        engine: The database.
        host_delay_seconds: The delay of hosts for which none is set.
    """

    def __init__(self, engine: Engine, *, host_delay_seconds: float) -> None:
        self._engine = engine
        self._host_delay_seconds = host_delay_seconds

    def host(self, name: str) -> HostRecord | None:
        """Return a host."""
        with reading(self._engine) as snapshot:
            return read_host(snapshot, name)

    def hosts(self, *, after: str, only_set: bool, limit: int) -> Sequence[HostRecord]:
        """Return hosts by name."""
        with reading(self._engine) as snapshot:
            return list_hosts(snapshot, after=after, only_set=only_set, limit=limit)

    def change(self, name: str, change: HostChange) -> HostRecord:
        """Change what is set for a host, and write down who did it."""
        with transaction(self._engine) as connection:
            before, host = change_host(
                connection, name, change.applied, usual_delay_seconds=self._host_delay_seconds
            )
            changed = difference(before, host.setting)
            if changed:
                record(
                    connection,
                    "host.set",
                    name,
                    by=change.by,
                    detail={"changed": changed, "reason": change.reason},
                )
            return host

    def acts(self, *, subject: str | None, before: int | None, limit: int) -> Sequence[Act]:
        """Return what was done, the newest first."""
        with reading(self._engine) as snapshot:
            return read_audit(snapshot, subject=subject, before=before, limit=limit)
