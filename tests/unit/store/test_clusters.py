"""Which story a version tells, given what the page told before and whom it repeats."""

from newsmill_shared.database.clusters import Before, Known, Link, Membership, choose
from newsmill_shared.identity import cluster_id, new_id
from newsmill_shared.messages import Relation

PAGE, OTHER = new_id(), new_id()
STORY = new_id()
DOCUMENT, THEIRS = "d0" * 8, "0d" * 8


def a_twin(similarity: float = 0.9) -> Relation:
    return Relation(article_id=OTHER, document=THEIRS, similarity=similarity, rule="containment")


def chosen(
    *,
    twin: Relation | None = None,
    before: Before | None = None,
    known: Known | None = None,
    to_founder: float = 1.0,
) -> tuple[Membership, Link | None]:
    return choose(
        PAGE,
        DOCUMENT,
        twin=twin,
        twin_article=OTHER if twin else None,
        before=before,
        known=known or Known({}, {}),
        to_founder=to_founder,
    )


def a_page_before(*, to_last: float, to_first: float) -> Before:
    return Before(Membership(STORY), to_last=to_last, to_first=to_first)


def test_a_new_page_founds_a_story_with_its_own_id() -> None:
    membership, link = chosen()

    assert membership == Membership(PAGE)
    assert link is None


def test_a_copy_joins_the_story_of_the_very_document_that_it_repeats() -> None:
    known = Known({THEIRS: Membership(STORY)}, {OTHER: new_id()})

    membership, _ = chosen(twin=a_twin(), known=known)

    assert membership == Membership(STORY, OTHER, THEIRS, 0.9, "containment")


def test_a_copy_of_copies_in_which_little_of_the_first_is_left_tells_a_story_beside_it() -> None:
    known = Known({THEIRS: Membership(STORY)}, {OTHER: STORY})

    membership, link = chosen(twin=a_twin(), known=known, to_founder=0.1)

    assert membership == Membership(PAGE, OTHER, THEIRS, 0.9, "containment")
    assert link == Link(STORY, "drift", 0.1)


def test_a_copy_of_what_is_not_stored_yet_waits_in_the_story_that_it_will_found() -> None:
    membership, _ = chosen(twin=a_twin())

    assert membership.cluster_id == OTHER


def test_a_revision_stays_though_it_matches_a_copy_of_itself() -> None:
    known = Known({THEIRS: Membership(STORY, PAGE)}, {OTHER: STORY})

    membership, link = chosen(
        twin=a_twin(), before=a_page_before(to_last=0.9, to_first=0.4), known=known
    )

    assert membership == Membership(STORY)
    assert link is None


def test_another_story_at_the_same_address_is_treated_as_a_new_page() -> None:
    fresh = a_page_before(to_last=0.02, to_first=0.01)
    theirs = Known({THEIRS: Membership(STORY)}, {})

    alone, _ = chosen(before=fresh)
    copied, _ = chosen(before=fresh, twin=a_twin(), known=theirs)

    assert alone == Membership(cluster_id(DOCUMENT))
    assert copied.cluster_id == STORY
    assert copied.duplicate_of == OTHER


def test_a_story_of_which_little_is_left_goes_on_as_another_beside_it() -> None:
    membership, link = chosen(before=a_page_before(to_last=0.8, to_first=0.1))

    assert membership == Membership(cluster_id(DOCUMENT))
    assert link == Link(STORY, "drift", 0.1)


def test_a_page_that_says_again_what_it_said_once_is_back_in_that_story() -> None:
    once = Membership(new_id(), OTHER, THEIRS, 0.7, "excerpt")

    membership, _ = chosen(
        before=a_page_before(to_last=0.0, to_first=0.0), known=Known({DOCUMENT: once}, {})
    )

    assert membership == once
