"""Clusters in PostgreSQL: who tells a story, and which stories are near."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

__all__ = ["FoundCluster", "read_cluster"]

_MOST_RELATED = 50


@dataclass(frozen=True, slots=True)
class FoundCluster:
    """A page of a cluster's members, in the order in which the story was told."""

    cluster_id: UUID
    size: int
    original: UUID
    members: tuple[RowMapping, ...]
    next: UUID | None
    related: tuple[RowMapping, ...]


# By its own id, or as the story that an article tells now; an article may have become a variant's.
_RESOLVE = text("""
select cluster_id from version where cluster_id = :id
union all
select cluster_id from article where id = :id and version > 0
union all
select a.cluster_id from alias l join article a on a.id = l.article_id
where l.id = :id and a.version > 0
limit 1
""")

# Told first by whoever says so, if a page says an earlier time than it was fetched at: so a copy
# that is found late may become the original, and no id changes.
_MEMBERS = text("""
with member as (
  select article_id, min(least(published_at, fetched_at)) as told_at,
         min(fetched_at) as first_seen_at, min(number) as first_number, max(number) as number,
         cast(count(*) as integer) as versions
  from version where cluster_id = :cluster group by article_id),
page as (
  select *, count(*) over () as size, first_value(article_id) over told as original,
         row_number() over told as place
  from member window told as (order by told_at, article_id))
select p.article_id, p.told_at, p.first_seen_at, p.number as version, p.versions, p.size,
       p.original, a.url, a.version = p.number as is_current, shown.title, shown.language,
       shown.published_at, twin.id as duplicate_of, joined.similarity, joined.rule
from page p
join article a on a.id = p.article_id
join version shown on shown.article_id = p.article_id and shown.number = p.number
join version joined on joined.article_id = p.article_id and joined.number = p.first_number
left join article twin on twin.id = joined.duplicate_of and twin.version > 0
where p.place > coalesce((select place from page where article_id = :cursor), 0)
order by p.place limit :limit
""")

_RELATED = text("""
select distinct on (l.cluster_id) l.cluster_id, l.kind, l.similarity, first.title, first.article_id
from (
  select related_id as cluster_id, kind, similarity, made_at from cluster_link
  where cluster_id = :cluster
  union all
  select cluster_id, kind, similarity, made_at from cluster_link
  where related_id = :cluster
  order by made_at desc limit :limit) l,
lateral (
  select title, article_id from version where cluster_id = l.cluster_id
  order by article_id, number desc limit 1) first
order by l.cluster_id, l.similarity desc
""")


def read_cluster(
    connection: Connection, id_: UUID, *, cursor: UUID | None, limit: int
) -> FoundCluster | None:
    """Return a page of a cluster.

    Args:
        connection: A snapshot.
        id_: Its id, or the id of an article, whose story it is.
        cursor: The last member of the page before.
        limit: So many members at most.
    """
    cluster: UUID | None = connection.execute(_RESOLVE, {"id": id_}).scalar()
    if cluster is None:
        return None
    values = {"cluster": cluster, "cursor": cursor, "limit": limit + 1}
    members = connection.execute(_MEMBERS, values).mappings().all()
    if not members:
        return None
    values = {"cluster": cluster, "limit": _MOST_RELATED}
    related = connection.execute(_RELATED, values).mappings().all()
    shown = tuple(members[:limit])
    return FoundCluster(
        cluster_id=cluster,
        size=members[0]["size"],
        original=members[0]["original"],
        members=shown,
        next=shown[-1]["article_id"] if len(members) > limit else None,
        related=tuple(related),
    )
