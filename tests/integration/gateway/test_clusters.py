"""A story and the pages that tell it, in whatever order they are found."""

import random
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from newsmill_shared.identity import article_id, new_id
from newsmill_shared.messages import DuplicateVerdict, Relation
from newsmill_shared.urls import canonicalize
from tests.support.builders import NOON, a_page, an_article
from tests.support.gateway import Mill
from tests.unit.duplicates.builders import a_headline, a_story

FIRST, SECOND, THIRD = (f"https://{name}.example/story" for name in ("first", "second", "third"))
DAY = timedelta(days=1)
_hours = count()


def article_at(url: str) -> UUID:
    return article_id(canonicalize(url).key)


def document_of(url: str, text: str) -> str:
    return UUID(int=random.Random(f"{url} {text}").getrandbits(128)).hex[:16]


def tell(
    mill: Mill,
    url: str,
    text: str = "A story.",
    *,
    published: datetime | None = None,
    copies: tuple[str, str] | None = None,
    near: tuple[tuple[str, str], ...] = (),
) -> None:
    """Store a version of a page; ``copies`` and ``near`` name (url, text) of other documents."""
    relations = [
        Relation(
            article_id=article_at(other),
            document=document_of(other, its_text),
            similarity=0.8,
            rule="containment",
        )
        for other, its_text in (*((copies,) if copies else ()), *near)
    ]
    verdict = DuplicateVerdict(
        document=document_of(url, text),
        sequence=next(_hours),
        duplicate_of=relations[0] if copies else None,
        related=tuple(relations[1:] if copies else relations),
    )
    page = a_page(url, fetched_at=NOON + timedelta(hours=next(_hours)))
    mill.store(
        url,
        page=page,
        article=an_article(a_headline(1), text, published_at=published, duplicates=verdict),
    )


def cluster(mill: Mill, id_: str, **query: str) -> dict[str, Any]:
    return mill.get(f"/v1/clusters/{id_}", **query)


def story_of(mill: Mill, url: str) -> dict[str, Any]:
    return cluster(mill, str(article_at(url)))


def pages(found: dict[str, Any]) -> list[str]:
    return [member["url"] for member in found["members"]]


def cluster_now(mill: Mill, url: str) -> str:
    return str(mill.get("/v1/articles", url=url)["cluster_id"])


def test_a_cluster_shows_who_told_the_story_and_how_each_belongs(mill: Mill) -> None:
    tell(mill, FIRST)
    tell(mill, SECOND, copies=(FIRST, "A story."))

    found = cluster(mill, str(cluster_now(mill, SECOND)))

    original, copy = found["members"]
    assert found["size"] == 2
    assert (original["url"], original["relation"], original["similarity"]) == (
        FIRST,
        "original",
        None,
    )
    assert (copy["relation"], copy["duplicate_of"], copy["similarity"], copy["rule"]) == (
        "duplicate",
        str(article_at(FIRST)),
        0.8,
        "containment",
    )


def test_a_copy_that_was_published_earlier_becomes_the_original_and_no_id_changes(
    mill: Mill,
) -> None:
    tell(mill, FIRST, published=NOON)
    tell(mill, SECOND, copies=(FIRST, "A story."))
    before = story_of(mill, FIRST)

    tell(mill, THIRD, published=NOON - DAY, copies=(FIRST, "A story."))
    after = story_of(mill, FIRST)

    assert before["original"] == str(article_at(FIRST))
    assert after["original"] == str(article_at(THIRD))
    assert pages(after) == [THIRD, FIRST, SECOND]
    assert after["cluster_id"] == before["cluster_id"]
    assert mill.get("/v1/articles", url=FIRST)["duplicate_of"] is None


def test_a_time_after_the_fetch_makes_nobody_later(mill: Mill) -> None:
    tell(mill, FIRST, published=NOON + 400 * DAY)
    tell(mill, SECOND, copies=(FIRST, "A story."))

    found = story_of(mill, FIRST)

    assert found["original"] == str(article_at(FIRST))


def test_copies_that_are_stored_before_what_they_copy_end_in_one_story(mill: Mill) -> None:
    tell(mill, THIRD, copies=(SECOND, "A story."))
    waiting = story_of(mill, THIRD)

    tell(mill, SECOND, copies=(FIRST, "A story."))
    tell(mill, FIRST)
    found = story_of(mill, THIRD)

    assert waiting["members"][0]["duplicate_of"] is None
    assert set(pages(found)) == {FIRST, SECOND, THIRD}
    assert cluster(mill, str(waiting["cluster_id"]))["cluster_id"] == found["cluster_id"]


def test_a_story_that_changes_through_twelve_versions_stays_one(mill: Mill) -> None:
    rng = random.Random(7)
    paragraphs = a_story(1, paragraphs=10).split("\n")
    for version in range(12):
        if version:
            paragraphs[rng.randrange(10)] = a_story(100 + version, paragraphs=1)
        tell(mill, FIRST, "\n".join(paragraphs))
    tell(mill, SECOND, "\n".join(paragraphs), copies=(FIRST, "\n".join(paragraphs)))

    found = story_of(mill, FIRST)

    assert found["cluster_id"] == str(article_at(FIRST))
    assert [member["versions"] for member in found["members"]] == [12, 1]


def test_a_story_that_has_drifted_from_its_beginning_goes_on_beside_it(mill: Mill) -> None:
    begun = a_story(1, paragraphs=10).split("\n")
    other = a_story(2, paragraphs=10).split("\n")
    for version in range(11):
        tell(mill, FIRST, "\n".join(other[:version] + begun[version:]))

    beginning = cluster(mill, str(article_at(FIRST)))
    now = cluster(mill, str(cluster_now(mill, FIRST)))

    assert now["cluster_id"] != beginning["cluster_id"]
    assert [one["kind"] for one in now["related"]] == ["drift"]
    assert now["related"][0]["cluster_id"] == beginning["cluster_id"]
    assert beginning["related"][0]["cluster_id"] == now["cluster_id"]
    assert [member["is_current"] for member in beginning["members"]] == [False]


def test_copies_of_copies_do_not_chain_one_story_to_another(mill: Mill) -> None:
    begun = a_story(1, paragraphs=6).split("\n")
    other = a_story(2, paragraphs=6).split("\n")
    texts = ["\n".join(other[:step] + begun[step:]) for step in (0, 3, 6)]
    tell(mill, FIRST, texts[0])
    tell(mill, SECOND, texts[1], copies=(FIRST, texts[0]))

    tell(mill, THIRD, texts[2], copies=(SECOND, texts[1]))

    beside = story_of(mill, THIRD)
    assert pages(story_of(mill, SECOND)) == [FIRST, SECOND]
    assert pages(beside) == [THIRD]
    assert beside["members"][0]["duplicate_of"] == str(article_at(SECOND))
    assert [one["kind"] for one in beside["related"]] == ["drift"]


def test_another_story_at_an_old_address_is_another_cluster_and_keeps_the_history(
    mill: Mill,
) -> None:
    old, new = a_story(1), a_story(2)
    tell(mill, FIRST, old)
    before = cluster_now(mill, FIRST)
    tell(mill, FIRST, new)

    tell(mill, SECOND, old, copies=(FIRST, old))
    tell(mill, THIRD, new, copies=(FIRST, new))
    earlier, later = cluster(mill, str(before)), story_of(mill, THIRD)

    assert before == str(article_at(FIRST))
    assert pages(earlier) == [FIRST, SECOND]
    assert pages(later) == [FIRST, THIRD]
    assert mill.get("/v1/articles", url=FIRST)["version"] == 2


def test_a_page_that_goes_back_to_what_it_said_is_back_in_its_story(mill: Mill) -> None:
    old, new = a_story(1), a_story(2)
    tell(mill, FIRST, old)
    before = cluster_now(mill, FIRST)
    tell(mill, FIRST, new)
    between = cluster_now(mill, FIRST)

    tell(mill, FIRST, old)

    assert between != before
    assert cluster_now(mill, FIRST) == before


def test_a_copy_stored_before_the_new_story_it_copies_follows_it(mill: Mill) -> None:
    old, new = a_story(1), a_story(2)
    tell(mill, FIRST, old)
    tell(mill, SECOND, new, copies=(FIRST, new))

    tell(mill, FIRST, new)

    assert cluster_now(mill, SECOND) == cluster_now(mill, FIRST)
    assert cluster_now(mill, FIRST) != str(article_at(FIRST))
    assert cluster(mill, str(article_at(FIRST)))["size"] == 1


def test_an_article_that_matches_two_stories_joins_one_and_is_near_the_other(mill: Mill) -> None:
    tell(mill, FIRST, a_story(1))
    tell(mill, SECOND, a_story(2))
    tell(mill, THIRD, copies=(FIRST, a_story(1)), near=((SECOND, a_story(2)),))

    found = story_of(mill, SECOND)

    assert cluster_now(mill, THIRD) == cluster_now(mill, FIRST)
    assert found["size"] == 1
    assert found["related"] == [
        {
            "cluster_id": cluster_now(mill, FIRST),
            "kind": "also",
            "similarity": 0.8,
            "article_id": found["related"][0]["article_id"],
            "title": a_headline(1),
        }
    ]


def test_a_large_cluster_is_read_page_by_page(mill: Mill) -> None:
    urls = [f"https://paper{number}.example/story" for number in range(7)]
    tell(mill, urls[0])
    for url in urls[1:]:
        tell(mill, url, copies=(urls[0], "A story."))

    found, read = story_of(mill, urls[0]), []
    cursor: dict[str, str] = {}
    while True:
        page = cluster(mill, str(found["cluster_id"]), limit="3", **cursor)
        read += pages(page)
        if page["next"] is None:
            break
        cursor = {"cursor": str(page["next"])}

    assert read == pages(found) == urls
    assert page["size"] == 7


def test_an_unknown_cluster_is_not_found_and_a_wrong_id_is_refused(mill: Mill) -> None:
    unknown = mill.api.get(f"/v1/clusters/{new_id()}")
    wrong = mill.api.get("/v1/clusters/nonsense")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_id")
