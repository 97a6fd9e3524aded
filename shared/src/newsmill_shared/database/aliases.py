"""Which article a page belongs to, now that pages say of themselves that they are one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.rows import columns
from newsmill_shared.identity import article_id
from newsmill_shared.messages import ArticleEnriched
from newsmill_shared.sameness import shared_share

__all__ = ["Place", "Places", "find_places", "record_aliases"]

AGREES = 0.3
"""Two pages are one if the smaller shares this much of its text with the other. An excerpt does,
the next page of an article and another story do not."""

REPEATS = 0.9
"""A variant of which this much stands on the page itself brings nothing new."""


@dataclass(frozen=True, slots=True)
class Place:
    """The article that a result belongs to."""

    article_id: UUID
    page_key: str
    """Of the page itself, hex; empty if the article is there already."""
    url: str
    """The page's own address; empty if the article has one."""
    repeats: bool = False
    """The result comes from a variant, and says nothing that the page itself does not say."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where results belong, and which articles are known by other ids."""

    by_job: Mapping[UUID, Place]
    moved: Mapping[UUID, UUID]
    """Id that a variant's own article would have -> the article that it belongs to."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The current version of an article, and the page that it was read from."""

    title: str
    text: str | None
    page: str


# Two pages that name each other are settled one after the other.
_LOCK = text("""
select pg_advisory_xact_lock(hashtextextended(id, 4)) from (
  select id from unnest(cast(:ids as text[])) as id order by id) as n
""")

_KNOWN = text("""
select id, article_id from alias where id = any(:ids) or article_id = any(:ids)
""")

_SHOWN = text("""
select a.id, v.title, v.text, f.page->>'final_key' as page
from article a join version v on v.article_id = a.id and v.number = a.version
left join page_fetch f on f.id = v.fetch_id
where a.id = any(:ids)
""")

_FORGET = text("delete from alias where id = any(:ids)")

# What an address was an alias of before, or has been an article of its own since, is settled by
# its own page only.
_RECORD = text("""
insert into alias (id, url, article_id, kind)
select n.id, n.url, n.article_id, n.kind
from unnest(cast(:id as uuid[]), cast(:url as text[]), cast(:article_id as uuid[]),
            cast(:kind as text[]), cast(:own as boolean[]))
  as n(id, url, article_id, kind, own)
where n.own or not exists (select from article a where a.id = n.id and a.version > 0)
order by n.id
on conflict (id) do update set article_id = excluded.article_id
where alias.article_id <> excluded.article_id
""")

_FOLLOW = text("""
update alias set article_id = n.article_id
from unnest(cast(:id as uuid[]), cast(:article_id as uuid[])) as n(id, article_id)
where alias.article_id = n.id
""")

_RECORD_COLUMNS = ("id", "url", "article_id", "kind", "own")


def find_places(connection: Connection, results: Sequence[ArticleEnriched]) -> Places:
    """Say which article each result belongs to, inside the caller's transaction.

    That is the article of the page, of the page that it calls its home, or of the page that
    once named it as a variant, provided that the article there does not say something else.
    """
    _lock(connection, results)
    own = {result.job_id: article_id(result.page.final_key) for result in results}
    asked = {*own.values()}
    for result in results:
        asked.update(_named(result))
    rows = connection.execute(_KNOWN, {"ids": list(asked)}).all()
    known = {row.id: row.article_id for row in rows}
    targets = _targets(results, own, known)
    bases = {row.article_id for row in rows}
    looked_at = {target for job, target in targets.items() if target != own[job] or target in bases}
    shown = _read_shown(connection, looked_at)
    places: dict[UUID, Place] = {}
    strangers: set[UUID] = set()
    for result in results:
        at_home = Place(own[result.job_id], result.page.final_key, result.page.final_url)
        target = targets[result.job_id]
        there = shown.get(target)
        fresh, agrees = _compare(result, there)
        if target == own[result.job_id]:
            if there is not None and there.page != result.page.final_key and not agrees:
                strangers.add(article_id(there.page))
            places[result.job_id] = at_home
        elif there is None:
            places[result.job_id] = _first_at(target, result) or at_home
        elif agrees:
            # It repeats the page itself, or what another variant told of it.
            repeats = not fresh and there.page != result.page.final_key
            places[result.job_id] = Place(target, "", "", repeats=repeats)
        else:
            places[result.job_id] = at_home
            if known.get(at_home.article_id) == target:
                strangers.add(at_home.article_id)
    if strangers:
        connection.execute(_FORGET, {"ids": list(strangers)})
    return Places(places, {id_: home for id_, home in known.items() if id_ not in strangers})


def record_aliases(
    connection: Connection, results: Iterable[ArticleEnriched], places: Places
) -> None:
    """Write down the other addresses of these results' pages."""
    rows: dict[UUID, tuple[object, ...]] = {}
    moved: dict[UUID, UUID] = {}
    for result in results:
        page, target = result.page, places.by_job[result.job_id].article_id
        own = article_id(page.final_key)
        if own != target:
            kind = result.article.home.kind if result.article.home else "variant"
            rows[own] = (own, page.final_url, target, kind, True)
            moved[own] = target
        for alias in result.article.aliases:
            id_ = article_id(alias.key)
            if id_ != target:
                rows.setdefault(id_, (id_, alias.url, target, alias.kind, False))
    new = [row for id_, row in rows.items() if places.moved.get(id_) != row[2]]
    if new:
        connection.execute(_RECORD, columns(_RECORD_COLUMNS, new))
    followed = [pair for pair in moved.items() if places.moved.get(pair[0]) != pair[1]]
    if followed:
        connection.execute(_FOLLOW, columns(("id", "article_id"), followed))


def _lock(connection: Connection, results: Sequence[ArticleEnriched]) -> None:
    ids: set[UUID] = set()
    for result in results:
        if result.article.home:
            ids |= {article_id(result.page.final_key), article_id(result.article.home.key)}
    if ids:
        connection.execute(_LOCK, {"ids": sorted(map(str, ids))})


def _named(result: ArticleEnriched) -> list[UUID]:
    """Return the articles that a result names, as its own or as a twin."""
    content = result.article
    keys = [alias.key for alias in (*content.aliases, *([content.home] if content.home else ()))]
    twin = content.duplicates.duplicate_of
    return [*map(article_id, keys), *([twin.article_id] if twin else ())]


def _targets(
    results: Sequence[ArticleEnriched], own: Mapping[UUID, UUID], known: Mapping[UUID, UUID]
) -> dict[UUID, UUID]:
    """Return the article that each result claims to belong to, by job."""
    settled = dict(known)
    targets: dict[UUID, UUID] = {}
    for result in results:
        home, page = result.article.home, own[result.job_id]
        named = article_id(home.key) if home else page
        target = settled.get(named, named)
        if target != page:
            # What comes after it in this batch must not lead back.
            settled[page] = target
        targets[result.job_id] = target
    return targets


def _first_at(target: UUID, result: ArticleEnriched) -> Place | None:
    """Return the place of a home that has no article yet; None for what is not the home named."""
    home = result.article.home
    if home is None or article_id(home.key) != target:
        return None
    return Place(target, home.key, home.url)


def _compare(result: ArticleEnriched, there: _Shown | None) -> tuple[bool, bool]:
    """Return whether a result says anything new, and whether the two tell the same at all."""
    if there is None:
        return True, True
    content = result.article
    if content.text is None or there.text is None:
        new, old = shared_share(content.title, there.title)
        return True, max(new, old) >= AGREES
    new, old = shared_share(content.text, there.text)
    return new < REPEATS, max(new, old) >= AGREES


def _read_shown(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, _Shown]:
    wanted = list(ids)
    if not wanted:
        return {}
    rows = connection.execute(_SHOWN, {"ids": wanted})
    return {row.id: _Shown(row.title, row.text, row.page or "") for row in rows}
