"""What is paused: stages that get nothing, hosts that stand still, labels whose jobs are set aside.

Nothing is looked at again and again while it is paused. A paused host is in no list of hosts. Jobs
of a paused label are set aside as they come, a bounded number at a time: held, until nothing. What
is not set aside yet is passed over where jobs are picked, so a pause counts at once.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.pauses import Pause, Scope, list_pauses
from newsmill_store.dispatcher.turns import wake

__all__ = ["Pausing", "stops_fetches", "stops_pages"]

_AT_ONCE = 1_000
"""Jobs set aside, or taken back, in one transaction."""
_BEFORE_ALL = UUID(int=0)

_PAUSE_HOSTS = text("""
update host set paused = true where name = any(:names) and not paused
""")

_RESUME_HOSTS = text("""
update host set paused = false where paused and not (name = any(:names))
""")

_OF_LABEL = text("""
select id, state from job where label = :label and id > :after order by id limit :limit
""")

_SET_ASIDE = text("""
update job set state = 'held', held_until = null where id = any(:ids) and state = 'waiting'
returning host_id
""")

# The labels that something is set aside for are read off the index, one entry each.
_TAKE_BACK = text("""
with recursive labels as (
  (select label from job where state = 'held' and held_until is null order by label limit 1)
  union all
  (select n.label from labels cross join lateral (
     select label from job where state = 'held' and held_until is null and label > labels.label
     order by label limit 1) as n)),
back as (
  select j.id from labels cross join lateral (
    select id from job
    where state = 'held' and held_until is null and job.label = labels.label limit :limit) as j
  where not exists (
    select from pause where scope = 'label' and value = labels.label
      and (until is null or until > now()))
  limit :limit)
update job set state = 'waiting' from back where job.id = back.id returning job.host_id
""")


def stops_fetches(pauses: Iterable[Pause]) -> list[Pause]:
    """Return the pauses that keep all fetches back: what is fetched goes on to the end at once."""
    return [pause for pause in pauses if pause.scope in (Scope.ALL, Scope.STAGE)]


def stops_pages(pauses: Iterable[Pause]) -> list[Pause]:
    """Return the pauses that keep fetched and supplied pages back."""
    return [pause for pause in stops_fetches(pauses) if pause.value != "ingest"]


class Pausing:
    """Keeps hosts and jobs as the pauses want them. What it remembers can be found again."""

    def __init__(self) -> None:
        self._hosts: frozenset[str] | None = None
        self._seen: dict[str, UUID] = {}
        """By paused label the job up to which all are set aside."""

    def apply(self, connection: Connection) -> list[Pause]:
        """Do what pauses that came, ended or were lifted call for; return those there are."""
        pauses = list_pauses(connection)
        hosts = frozenset(pause.value for pause in pauses if pause.scope is Scope.HOST)
        if hosts != self._hosts:
            pause_hosts(connection, hosts)
            self._hosts = hosts
        labels = {pause.value for pause in pauses if pause.scope is Scope.LABEL}
        self._seen = {label: self._seen.get(label, _BEFORE_ALL) for label in sorted(labels)}
        for label, after in self._seen.items():
            self._seen[label] = _set_aside(connection, label, after)
        back = connection.execute(_TAKE_BACK, {"limit": _AT_ONCE})
        wake(connection, {row.host_id for row in back})
        return pauses

    def forget_hosts(self) -> None:
        """Look at all hosts again the next time: one may have come while its pause did."""
        self._hosts = None


def pause_hosts(connection: Connection, names: Collection[str]) -> None:
    """Let these hosts stand still, and no others."""
    connection.execute(_RESUME_HOSTS, {"names": sorted(names)})
    if names:
        connection.execute(_PAUSE_HOSTS, {"names": sorted(names)})


def _set_aside(connection: Connection, label: str, after: UUID) -> UUID:
    """Set aside the next waiting jobs of a label, and return the last job that was looked at."""
    limits = {"label": label, "after": after, "limit": _AT_ONCE}
    jobs = connection.execute(_OF_LABEL, limits).all()
    if not jobs:
        return after
    waiting = [job.id for job in jobs if job.state == "waiting"]
    if waiting:
        # What stands behind them can be seen now.
        aside = connection.execute(_SET_ASIDE, {"ids": waiting})
        wake(connection, {row.host_id for row in aside})
    last: UUID = jobs[-1].id
    return last
