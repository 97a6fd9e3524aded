"""What operators ask and change: hosts, and the audit of who changed what."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from newsmill_gateway.hosts import (
    ActAnswer,
    Audit,
    AuditQuery,
    HostAnswer,
    HostChange,
    HostQuery,
    Hosts,
)
from newsmill_gateway.problems import Code, ProblemError
from newsmill_shared.database.audit import Act
from newsmill_shared.database.hosts import HostRecord

__all__ = ["HostRegister", "Operators"]


class HostRegister(Protocol):
    """Hosts in the ledger; every method raises `DatabaseAwayError` when that is away."""

    def host(self, name: str) -> HostRecord | None:
        """Return a host."""
        ...

    def hosts(self, *, after: str, only_set: bool, limit: int) -> Sequence[HostRecord]:
        """Return hosts by name."""
        ...

    def change(self, name: str, change: HostChange) -> HostRecord:
        """Change what is set for a host, and write down who did it."""
        ...

    def acts(self, *, subject: str | None, before: int | None, limit: int) -> Sequence[Act]:
        """Return what was done, the newest first."""
        ...


class Operators:
    """Answers operators.

    Args:
        register: The ledger's hosts.
    """

    def __init__(self, register: HostRegister) -> None:
        self._register = register

    def host(self, name: str) -> HostAnswer:
        """Return a host; raises ProblemError 404."""
        record = self._register.host(name)
        if record is None:
            raise ProblemError(
                HTTPStatus.NOT_FOUND, Code.NOT_FOUND, "no page of this host was ever handed in"
            )
        return HostAnswer.of(record)

    def hosts(self, query: HostQuery) -> Hosts:
        """Return a page of hosts by name."""
        found = self._register.hosts(after=query.cursor, only_set=query.set, limit=query.limit + 1)
        shown = found[: query.limit]
        return Hosts(
            hosts=tuple(map(HostAnswer.of, shown)),
            next=shown[-1].name if len(found) > len(shown) else None,
        )

    def change_host(self, name: str, change: HostChange) -> HostAnswer:
        """Set or unset something for a host, and return the host; raises ProblemError 422."""
        return HostAnswer.of(self._register.change(name, change))

    def audit(self, query: AuditQuery) -> Audit:
        """Return a page of what was done, the newest first."""
        found = self._register.acts(
            subject=query.subject, before=query.cursor, limit=query.limit + 1
        )
        shown = found[: query.limit]
        return Audit(
            acts=tuple(map(ActAnswer.model_validate, shown)),
            next=shown[-1].id if len(found) > len(shown) else None,
        )
