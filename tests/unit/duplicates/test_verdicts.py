"""From candidates to a verdict."""

from newsmill_enrich.duplicates import (
    SKETCH_VERSION,
    Candidate,
    MemoryIndex,
    Registered,
    Rule,
    Thresholds,
    fingerprint,
    judge,
)
from newsmill_shared.identity import article_id
from tests.unit.duplicates.builders import a_fingerprint, a_headline, a_story, registered_at


def test_a_first_document_is_no_duplicate() -> None:
    first = a_fingerprint(1)

    verdict, evidence = judge(first, registered_at(MemoryIndex(), first))

    assert verdict.document == first.document.hex()
    assert verdict.duplicate_of is None
    assert verdict.related == ()
    assert evidence["compared"] == []


def test_a_copy_at_another_page_names_the_earliest_article() -> None:
    index = MemoryIndex()
    for page in ("first", "second"):
        registered_at(index, a_fingerprint(1, page=page))
    copy = a_fingerprint(1, page="third")

    verdict, _ = judge(copy, registered_at(index, copy))

    assert verdict.duplicate_of is not None
    assert verdict.duplicate_of.article_id == article_id("first")
    assert verdict.duplicate_of.similarity == 1.0
    assert verdict.duplicate_of.rule == Rule.EXACT


def test_a_later_content_of_the_same_page_is_no_duplicate_but_is_named() -> None:
    index = MemoryIndex()
    story = a_story(1)
    registered_at(index, a_fingerprint(1, page="page", text=story))
    revision = a_fingerprint(1, page="page", text=f"{story}\n{a_story(2, paragraphs=1)}")

    verdict, evidence = judge(revision, registered_at(index, revision))

    assert verdict.duplicate_of is None
    assert isinstance(evidence["same_page"], list)
    (earlier,) = evidence["same_page"]
    assert isinstance(earlier, dict)
    assert earlier["rule"] == Rule.CONTAINMENT


def test_a_revision_of_a_copy_is_a_copy_of_the_same_original() -> None:
    index = MemoryIndex()
    story = a_story(1, paragraphs=8)
    registered_at(index, a_fingerprint(1, page="first", text=story))
    registered_at(index, a_fingerprint(1, page="copy", text=story))
    revision = a_fingerprint(1, page="copy", text=f"{story}\n{a_story(2, paragraphs=1)}")

    verdict, _ = judge(revision, registered_at(index, revision))

    assert verdict.duplicate_of is not None
    assert verdict.duplicate_of.article_id == article_id("first")


def test_a_document_that_matches_two_stories_links_to_the_earlier_and_names_the_other() -> None:
    index = MemoryIndex()
    one, two = a_story(1, paragraphs=6), a_story(2, paragraphs=6)
    registered_at(index, a_fingerprint(1, page="first", text=one))
    registered_at(index, a_fingerprint(2, page="second", text=two))
    both = fingerprint(a_headline(1), f"{one}\n{two}", page_key="both")

    verdict, _ = judge(both, registered_at(index, both))

    assert verdict.duplicate_of is not None
    assert verdict.duplicate_of.article_id == article_id("first")
    assert [relation.article_id for relation in verdict.related] == [article_id("second")]


def test_a_candidate_with_a_sketch_of_another_version_is_named_and_not_compared() -> None:
    document = a_fingerprint(1, page="second")
    sketch = bytes([SKETCH_VERSION + 1]) + document.sketch[1:]
    other = Candidate(b"8 bytes.", article_id("first"), 1, sketch)

    verdict, evidence = judge(document, Registered(2, redelivered=False, candidates=(other,)))

    assert verdict.duplicate_of is None
    assert evidence["unread"] == [b"8 bytes.".hex()]


def test_a_later_match_that_is_much_nearer_goes_before_an_early_one() -> None:
    index = MemoryIndex()
    opening, rest, other = (a_story(number, paragraphs=3) for number in (1, 2, 3))
    registered_at(index, a_fingerprint(1, page="opens alike", text=f"{opening}\n{other}"))
    registered_at(index, a_fingerprint(2, page="whole", text=f"{opening}\n{rest}\n{a_story(4)}"))
    document = a_fingerprint(3, page="part", text=f"{opening}\n{rest}")

    verdict, _ = judge(
        document,
        registered_at(index, document),
        thresholds=Thresholds(containment=0.4, containment_with_support=0.4, lead=0.4),
    )

    assert verdict.duplicate_of is not None
    assert verdict.duplicate_of.article_id == article_id("whole")
    assert [relation.article_id for relation in verdict.related] == [article_id("opens alike")]
