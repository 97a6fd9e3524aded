"""Whose turn it is: hosts wait in lists by priority and submitter, and every list has its share.

A host is in one list: that of the best priority among its jobs, and there, of the submitters that
have such jobs, of the one with the fewest open jobs of all. So what a small submitter waits for
is never more than its own work, though others wait for the same hosts. On the host itself its
submitters take turns.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, text

__all__ = [
    "LOOKED_AT",
    "MAY_RUN",
    "DueHost",
    "due_hosts",
    "first_jobs",
    "list_steps",
    "seconds_to_next_host",
    "wake",
]

# A page that runs already is passed over; at most one suspect runs at a time. That a page runs is
# asked of its own index entry: as a join, it would be compared with all that runs.
MAY_RUN = """
  (job.expires_at is null or job.expires_at > now())
  and (job.label is null or not exists (
    select from pause where pause.scope = 'label' and pause.value = job.label
      and (pause.until is null or pause.until > now())))
  and (not job.suspect or not exists (
    select from job s where s.state = 'running' and s.suspect))
  and (select r.id from job r where r.url_key = job.url_key and r.state = 'running' limit 1) is null
"""
"""Whether a waiting ``job`` may be sent now, apart from its host and its turn."""

LOOKED_AT = 50
"""So many jobs that may not run are passed over, to find one that may."""

_ACTIVE = "not idle and not paused and in_flight < max_in_flight"


def list_steps(table: str, condition: str) -> str:
    """Return the body of a recursive query that finds the lists in which something waits.

    It reads one entry of the index on (priority, submitter) for each list, from the last back to
    the first, however long they are.

    Args:
        table: What is listed: it has these columns.
        condition: That of the partial index.
    """
    return f"""
      (select priority, submitter from {table} where {condition}
       order by priority desc, submitter desc limit 1)
      union all
      (select n.priority, n.submitter from lists cross join lateral (
         select priority, submitter from {table}
         where {condition} and (priority, submitter) < (lists.priority, lists.submitter)
         order by priority desc, submitter desc limit 1) as n)
    """  # noqa: S608 - put together from constants


def first_jobs(host_id: str, *, top: bool = False, and_also: str = "true") -> str:
    """Return a table ``job`` of the first waiting jobs of a host that may run, in their order.

    So many are looked at and no more, however many of them may not run: jobs behind those are
    found when they have moved on.

    Args:
        host_id: The host, as SQL.
        top: Only those of the priority ``top.priority``, by submitter.
        and_also: What else must hold, as SQL.
    """
    condition = f"job.priority = top.priority and {and_also}" if top else and_also
    order = "job.submitter, job.id" if top else "job.priority desc, job.submitter, job.id"
    return f"""
      (select job.* from (
         select * from job
         where job.host_id = {host_id} and job.state = 'waiting' and job.fetch_id is null
           and {condition}
         order by {order} limit {LOOKED_AT}) as job
       where {MAY_RUN} order by {order}) as job
    """  # noqa: S608 - put together from constants


_LISTS = list_steps("host", _ACTIVE)

_DUE_HOSTS = text(f"""
with recursive lists as ({_LISTS})
select h.id, h.room, h.priority, h.submitter, h.served
from (
  select d.*, row_number() over (partition by d.priority, d.submitter order by d.next_at) as nth
  from lists cross join lateral (
    select id, max_in_flight - in_flight as room, priority, submitter, served, next_at from host
    where {_ACTIVE} and host.priority = lists.priority and host.submitter = lists.submitter
      and next_at <= now()
    order by next_at limit :limit) as d) as h
order by h.priority desc, h.nth, h.submitter <= :after, h.submitter limit :limit
""")  # noqa: S608 - put together from constants

_NEXT_HOST = text(f"""
with recursive lists as ({_LISTS})
select min(extract(epoch from greatest(h.next_at, now()) - now()))
from lists cross join lateral (
  select next_at from host
  where {_ACTIVE} and host.priority = lists.priority and host.submitter = lists.submitter
  order by next_at limit 1) as h
""")  # noqa: S608 - put together from constants

_WAKE = text(f"""
update host set idle = head.priority is null, priority = coalesce(head.priority, 0),
                submitter = coalesce(head.submitter, host.submitter)
from unnest(cast(:hosts as integer[])) as n(host_id)
left join lateral (
  select top.priority, least_open.submitter
  from (
    select job.priority from {first_jobs("n.host_id")} limit 1) as top
  cross join lateral (
    with recursive present as (
      (select job.submitter from {first_jobs("n.host_id", top=True)} limit 1)
      union all
      (select next.submitter from present cross join lateral (
         select job.submitter
         from {first_jobs("n.host_id", top=True, and_also="job.submitter > present.submitter")}
         limit 1) as next))
    select present.submitter
    from present left join submitter on submitter.name = present.submitter
    order by coalesce(submitter.accepted - submitter.ended, 0), present.submitter limit 1
  ) as least_open) as head on true
where host.id = n.host_id
  and (host.idle, host.priority, host.submitter) is distinct from
      (head.priority is null, coalesce(head.priority, 0),
       coalesce(head.submitter, host.submitter))
""")  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class DueHost:
    """A host that may be asked now."""

    id: int
    room: int
    """Chains that may be begun."""
    priority: int
    submitter: str
    """In whose list it waited."""
    served: str
    """The submitter whose job it got last: the next one in their order is served now."""


def due_hosts(connection: Connection, limit: int, *, after: str) -> list[DueHost]:
    """Return hosts that may be asked now, those of the highest priority first.

    Of each priority the first of every submitter's list, then the second of each, and so on; a
    list begins with the host that has waited longest.

    Args:
        connection: An open transaction on the dispatcher's session.
        limit: So many at most.
        after: The submitter whose list had the last turn; the next one in their order begins.
    """
    rows = connection.execute(_DUE_HOSTS, {"limit": limit, "after": after})
    return [DueHost(*row) for row in rows]


def wake(connection: Connection, hosts: Collection[int]) -> None:
    """Look at these hosts' waiting jobs again, and put each host into the list where it belongs.

    A host without a job that may run is in none, until it is woken again.
    """
    if hosts:
        connection.execute(_WAKE, {"hosts": sorted(hosts)})


def seconds_to_next_host(connection: Connection) -> float | None:
    """Return when the next host with work may be asked; None when no host has work and room."""
    seconds = connection.execute(_NEXT_HOST).scalar_one()
    return None if seconds is None else float(seconds)
