"""How much room what is stored takes, by kind: read from the catalogue, never by counting rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

__all__ = ["KINDS", "Sizes", "by_kind", "read_sizes"]

KINDS = {
    "open work": ("job", "slot", "host"),
    "history": ("outcome", "attempt", "settled", "receipt", "event"),
    "articles": ("article", "version", "alias", "listing"),
    "fetches": ("page_fetch",),
    "duplicates": ("fingerprint", "cluster"),
}
"""Tables by what they are for; a table belongs where its name begins so, all others are ``other``.
"""

_TABLES = text("""
select c.relname, pg_total_relation_size(c.oid) from pg_class c
where c.relkind = 'r' and c.relnamespace = cast(current_schema() as regnamespace)
""")

# The newest fetches stand for all: one object may be shared by several, so this is an upper bound.
_PAGES = text("""
select cast(coalesce(
  (select greatest(n_live_tup, 0) from pg_stat_user_tables where relname = 'page_fetch'
     and schemaname = current_schema())
  * (select avg(case when page ->> 'object' is null then 0
                else cast(page ->> 'size' as bigint) end)
     from (select page from page_fetch order by id desc limit 1000) as newest), 0) as bigint)
""")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes, with indexes."""

    tables: dict[str, int]
    """By kind, the largest first."""
    raw_pages: int
    """Bodies in the page store, as estimated from the last 1,000 fetches."""


def by_kind(tables: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add the bytes of tables up by what they are for."""
    sums: Counter[str] = Counter()
    for name, size in tables:
        kind = next((kind for kind, stems in KINDS.items() if name.startswith(stems)), "other")
        sums[kind] += size
    return dict(sums.most_common())


def read_sizes(connection: Connection) -> Sizes:
    """Return how much room there is taken."""
    tables = [(str(row[0]), int(row[1])) for row in connection.execute(_TABLES)]
    return Sizes(by_kind(tables), int(connection.execute(_PAGES).scalar_one()))
