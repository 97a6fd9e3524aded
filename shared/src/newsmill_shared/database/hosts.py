"""Hosts as their operators see and set them; the one reader and writer of host settings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, RowMapping, TextClause, text

from newsmill_shared.database.accept import add_hosts
from newsmill_shared.database.rows import jsonb

__all__ = ["HostRecord", "HostSetting", "change_host", "list_hosts", "read_host"]


@dataclass(frozen=True, slots=True)
class HostSetting:
    """What an operator has set for a host; what is None or empty is as for all hosts."""

    delay_seconds: float | None = None
    """The gap between two chains of requests."""
    max_in_flight: int | None = None
    """Chains at the same time."""
    timezone: str | None = None
    """IANA zone of the site's local times; that of a submission comes before it."""
    ignore_robots: bool = False
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request for a page of the host."""
    cookies: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class HostRecord:
    """A host: what counts now, and what of it an operator has set."""

    name: str
    delay_seconds: float
    crawl_delay_seconds: float | None
    """What its robots.txt asks for: 0 for nothing, None if it was not read yet."""
    backoff_seconds: float
    """How far the delay has grown because the host had too much; 0 = not at all."""
    max_in_flight: int
    in_flight: int
    next_at: datetime | None
    """When it may be asked again; None for a host that was never asked."""
    setting: HostSetting
    set_at: datetime | None
    """When that was last changed; None if nothing is set."""


def _select(join: str, condition: str) -> TextClause:
    return text(f"""
select h.name, h.delay_seconds, h.crawl_delay_seconds, h.backoff_seconds, h.max_in_flight,
       h.in_flight, nullif(h.next_at, '-infinity') as next_at, s.updated_at as set_at,
       s.delay_seconds as own_delay, s.max_in_flight as own_max, s.timezone,
       coalesce(s.ignore_robots, false) as ignore_robots, s.headers, s.cookies
from host h {join} host_setting s on s.host_id = h.id
where {condition}
""")  # noqa: S608 - put together from constants


_READ = _select("left join", "h.name = :name")

_LIST_ALL = _select("left join", "h.name > :after order by h.name limit :limit")

_LIST_SET = _select("join", "h.name > :after order by h.name limit :limit")

_LOCK = text("select from host where id = :id for update")

_WRITE = text("""
insert into host_setting (host_id, delay_seconds, max_in_flight, timezone, ignore_robots, headers,
                          cookies)
values (:id, :delay, :max, :timezone, :ignore_robots, cast(:headers as jsonb),
        cast(:cookies as jsonb))
on conflict (host_id) do update set
  delay_seconds = excluded.delay_seconds, max_in_flight = excluded.max_in_flight,
  timezone = excluded.timezone, ignore_robots = excluded.ignore_robots,
  headers = excluded.headers, cookies = excluded.cookies, updated_at = now()
""")

_FORGET = text("delete from host_setting where host_id = :id")

_APPLY = text("""
update host set
  delay_seconds = case when :new_delay then coalesce(cast(:delay as real), :usual_delay)
                       else delay_seconds end,
  max_in_flight = case when :new_max then coalesce(cast(:max as integer), 1)
                       else max_in_flight end,
  crawl_delay_seconds = case when :ignore_robots then null else crawl_delay_seconds end
where id = :id
""")


def read_host(connection: Connection, name: str) -> HostRecord | None:
    """Return a host by its name, None if none of its pages was ever handed in or set."""
    row = connection.execute(_READ, {"name": name}).mappings().first()
    return None if row is None else _record(row)


def list_hosts(
    connection: Connection, *, after: str = "", only_set: bool, limit: int
) -> list[HostRecord]:
    """Return hosts by name.

    Args:
        connection: An open transaction.
        after: Those that come after this name.
        only_set: Those for which something is set.
        limit: So many at most.
    """
    query = _LIST_SET if only_set else _LIST_ALL
    rows = connection.execute(query, {"after": after, "limit": limit})
    return [_record(row) for row in rows.mappings()]


def change_host(
    connection: Connection,
    name: str,
    change: Callable[[HostSetting], HostSetting],
    *,
    usual_delay_seconds: float,
) -> tuple[HostSetting, HostRecord]:
    """Change what is set for a host, which need not be known yet.

    Args:
        connection: An open transaction.
        name: The host, in its canonical form.
        change: Given what is set, returns what shall be set.
        usual_delay_seconds: The delay of hosts for which none is set.

    Returns:
        What was set before, and the host as it is now.
    """
    host_id = add_hosts(connection, {name}, delay_seconds=usual_delay_seconds)[name]
    connection.execute(_LOCK, {"id": host_id})
    before = _known(connection, name).setting
    after = change(before)
    if after == HostSetting():
        connection.execute(_FORGET, {"id": host_id})
    elif after != before:
        connection.execute(
            _WRITE,
            {
                "id": host_id,
                "delay": after.delay_seconds,
                "max": after.max_in_flight,
                "timezone": after.timezone,
                "ignore_robots": after.ignore_robots,
                "headers": jsonb(after.headers),
                "cookies": jsonb(after.cookies),
            },
        )
    if after != before:
        connection.execute(
            _APPLY,
            {
                "id": host_id,
                "new_delay": after.delay_seconds != before.delay_seconds,
                "delay": after.delay_seconds,
                "usual_delay": usual_delay_seconds,
                "new_max": after.max_in_flight != before.max_in_flight,
                "max": after.max_in_flight,
                "ignore_robots": after.ignore_robots,
            },
        )
    return before, _known(connection, name)


def _known(connection: Connection, name: str) -> HostRecord:
    return _record(connection.execute(_READ, {"name": name}).mappings().one())


def _record(row: RowMapping) -> HostRecord:
    return HostRecord(
        name=row["name"],
        delay_seconds=row["delay_seconds"],
        crawl_delay_seconds=row["crawl_delay_seconds"],
        backoff_seconds=row["backoff_seconds"],
        max_in_flight=row["max_in_flight"],
        in_flight=row["in_flight"],
        next_at=row["next_at"],
        setting=HostSetting(
            delay_seconds=row["own_delay"],
            max_in_flight=row["own_max"],
            timezone=row["timezone"],
            ignore_robots=row["ignore_robots"],
            headers=row["headers"] or {},
            cookies=row["cookies"] or {},
        ),
        set_at=row["set_at"],
    )
