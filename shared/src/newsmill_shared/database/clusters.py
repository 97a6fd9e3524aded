"""Which story each version of a page tells: its cluster, and the clusters that are near."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from newsmill_shared.database.rows import columns
from newsmill_shared.identity import cluster_id
from newsmill_shared.messages import Article, Relation
from newsmill_shared.sameness import shared_share

__all__ = ["GOES_ON", "Before", "Known", "Link", "Membership", "choose", "place_version"]

GOES_ON = 0.2
"""A page tells on the story of an earlier version if the smaller text shares this much with the
other. Versions of one story do, other stories at the same address do not."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The story of a version, and the earlier article through which it belongs to it."""

    cluster_id: UUID
    duplicate_of: UUID | None = None
    duplicate_document: str | None = None
    similarity: float | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Another cluster that a version is near to."""

    related_id: UUID
    kind: Literal["also", "drift"]
    """It verifies against a document of both, or it grew out of the other in small steps."""
    similarity: float


@dataclass(frozen=True, slots=True)
class Before:
    """The page until now."""

    membership: Membership
    to_last: float
    """Share of the smaller text that the new version has in common with the one before."""
    to_first: float
    """The same with the page's first version that told this story."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the documents that a version was compared with."""

    by_document: Mapping[str, Membership]
    by_article: Mapping[UUID, UUID]
    """The clusters of the current versions of articles."""

    def cluster_of(self, relation: Relation, article: UUID) -> UUID:
        """Return the cluster of a document, which may not be stored (yet)."""
        stored = self.by_document.get(relation.document)
        if stored is not None:
            return stored.cluster_id
        return self.by_article.get(article, article)


def choose(
    article: UUID,
    document: str,
    *,
    twin: Relation | None,
    twin_article: UUID | None,
    before: Before | None,
    known: Known,
    to_founder: float = 1.0,
) -> tuple[Membership, Link | None]:
    """Return where a version belongs, and the cluster that it grew out of.

    A page that was not known joins its twin or founds a cluster. A known page stays where it is
    while it tells the same story; what it said once before puts it back there. A new story at an
    old address is treated as a new page would be. A story that has changed step by step, from
    version to version or from copy to copy, until little is left of its beginning goes on in a
    cluster of its own.

    Args:
        article: The page's article.
        document: What this version is in the index.
        twin: The earlier document elsewhere that tells the same story.
        twin_article: The article of that document, as it is stored.
        before: None for a page that was not known.
        known: The memberships of the documents that are named here.
        to_founder: Share of the smaller text that this one has in common with the first that told
            the twin's story.
    """
    founded = Membership(article if before is None else cluster_id(document))
    drifted = None
    if twin is not None and twin_article is not None:
        story = known.cluster_of(twin, twin_article)
        if to_founder < GOES_ON:
            drifted = Link(story, "drift", to_founder)
            story = founded.cluster_id
        founded = Membership(story, twin_article, twin.document, twin.similarity, twin.rule)
    if before is None:
        return founded, drifted
    again = known.by_document.get(document)
    if again is not None:
        return again, None
    if before.to_first >= GOES_ON:
        return before.membership, None
    if before.to_last < GOES_ON:
        return founded, drifted
    drift = Link(before.membership.cluster_id, "drift", before.to_first)
    return Membership(cluster_id(document)), drift


_BEFORE = text("""
select v.cluster_id, v.duplicate_of, v.duplicate_document, v.similarity, v.rule, v.title, v.text,
       first.title as first_title, first.text as first_text
from version v, lateral (
  select title, text from version
  where cluster_id = v.cluster_id and article_id = v.article_id order by number limit 1) first
where v.article_id = :article and v.number = :number
""")

_FOUNDER = text("""
select document, title, text from version where cluster_id = :cluster
order by created_at, number limit 1
""")

_BY_DOCUMENT = text("""
select distinct on (document) document, cluster_id, duplicate_of, duplicate_document, similarity,
       rule
from version where document = any(:documents) order by document, created_at desc, number desc
""")

_BY_ARTICLE = text("select id, cluster_id from article where id = any(:ids)")

# A copy can be stored before what it copies; when that turns out to belong elsewhere, its
# followers move on with it: all of them with a new page, else those of the one document.
_FOLLOW = text("""
with pages as (
  update article set cluster_id = :to where cluster_id = :from and id <> :id)
update version set cluster_id = :to where cluster_id = :from and article_id <> :id
""")

_FOLLOW_DOCUMENT = text("""
with versions as (
  update version set cluster_id = :to
  where cluster_id = :from and article_id <> :id and duplicate_document = :document
  returning article_id, number)
update article a set cluster_id = :to from versions v
where a.id = v.article_id and a.version = v.number
""")

_FOLLOW_LINKS = text("""
with gone as (
  delete from cluster_link where :from in (cluster_id, related_id) returning *),
moved as (
  select case cluster_id when :from then :to else cluster_id end as cluster_id,
         case related_id when :from then :to else related_id end as related_id,
         kind, similarity, article_id, made_at
  from gone)
insert into cluster_link select * from moved where cluster_id <> related_id
on conflict do nothing
""")

_LINK = text("""
insert into cluster_link (cluster_id, related_id, kind, similarity, article_id)
select * from unnest(cast(:cluster_id as uuid[]), cast(:related_id as uuid[]),
                     cast(:kind as text[]), cast(:similarity as real[]),
                     cast(:article_id as uuid[]))
on conflict do nothing
""")
_LINK_COLUMNS = ("cluster_id", "related_id", "kind", "similarity", "article_id")


def place_version(
    connection: Connection,
    article: UUID,
    content: Article,
    *,
    twin: UUID | None,
    current: int | None,
    moved: Mapping[UUID, UUID],
) -> Membership:
    """Return where a version that is about to be written belongs, and write its links.

    Args:
        connection: An open transaction that holds the article's lock.
        article: The article.
        content: The version.
        twin: The article that it tells again, as it is stored; None if there is none.
        current: The number of the version that is shown now, None for a new page.
        moved: Ids that articles would have -> the articles that their pages belong to.
    """
    verdict = content.duplicates
    named = [relation for relation in (verdict.duplicate_of, *verdict.related) if relation]
    articles = {one.document: moved.get(one.article_id, one.article_id) for one in named}
    known = Known({}, {})
    if named or current:
        known = _known(connection, [verdict.document, *articles], articles.values())
    before = _before(connection, article, current, content) if current else None
    membership, drift = choose(
        article,
        verdict.document,
        twin=verdict.duplicate_of if twin else None,
        twin_article=twin,
        before=before,
        known=known,
        to_founder=_to_founder(connection, content, twin, known),
    )
    own = membership.cluster_id
    _follow(connection, article, verdict.document, own, before)
    links = [drift] if drift else []
    links += [
        Link(known.cluster_of(one, articles[one.document]), "also", one.similarity)
        for one in named
        if articles[one.document] != article
    ]
    rows = {
        link.related_id: (own, link.related_id, link.kind, link.similarity, article)
        for link in reversed(links)
        if link.related_id != own
    }
    if rows:
        connection.execute(_LINK, columns(_LINK_COLUMNS, rows.values()))
    return membership


def _known(connection: Connection, documents: Iterable[str], articles: Iterable[UUID]) -> Known:
    rows = connection.execute(_BY_DOCUMENT, {"documents": list(documents)})
    by_document = {row.document: _membership(row) for row in rows.mappings()}
    found = connection.execute(_BY_ARTICLE, {"ids": list(articles)})
    return Known(by_document, {row.id: row.cluster_id for row in found})


def _before(connection: Connection, article: UUID, current: int, content: Article) -> Before:
    values = {"article": article, "number": current}
    row = connection.execute(_BEFORE, values).mappings().one()
    return Before(
        _membership(row),
        to_last=_in_common(content, row["title"], row["text"]),
        to_first=_in_common(content, row["first_title"], row["first_text"]),
    )


def _to_founder(connection: Connection, content: Article, twin: UUID | None, known: Known) -> float:
    """Compare a copy with the first text of the story that it joins, unless it is a copy of it.

    What it copies may not be stored: then it is not sure which story that is.
    """
    copied = content.duplicates.duplicate_of
    story = known.by_document.get(copied.document) if copied and twin else None
    if copied is None or story is None:
        return 1.0
    founder = connection.execute(_FOUNDER, {"cluster": story.cluster_id}).first()
    if founder is None or founder.document == copied.document:
        return 1.0
    return _in_common(content, founder.title, founder.text)


def _membership(row: RowMapping) -> Membership:
    return Membership(**{name: row[name] for name in Membership.__slots__})


def _in_common(content: Article, title: str, body: str | None) -> float:
    """Compare texts; long ones lie elsewhere, and their titles stand for them."""
    if content.text is None or body is None:
        return max(shared_share(content.title, title))
    return max(shared_share(content.text, body))


def _follow(
    connection: Connection, article: UUID, document: str, own: UUID, before: Before | None
) -> None:
    values = {"from": article, "to": own, "id": article}
    if before is not None:
        values["from"] = before.membership.cluster_id
        if values["from"] != own:
            connection.execute(_FOLLOW_DOCUMENT, {**values, "document": document})
    elif own != article and connection.execute(_FOLLOW, values).rowcount:
        connection.execute(_FOLLOW_LINKS, values)
