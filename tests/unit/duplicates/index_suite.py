"""What every duplicate index does, whatever it is kept in."""

from newsmill_enrich.duplicates import Index
from newsmill_shared.identity import article_id
from tests.unit.duplicates.builders import a_fingerprint, a_story, registered_at


class IndexSuite:
    """Inherited by the tests of each index, which give the fixture ``index``."""

    def test_the_first_document_of_a_story_has_no_candidates(self, index: Index) -> None:
        first = a_fingerprint(1)

        registered = registered_at(index, first)

        assert registered.candidates == ()
        assert not registered.redelivered

    def test_a_later_copy_sees_the_earlier_document_with_its_article_and_sketch(
        self, index: Index
    ) -> None:
        first, copy = a_fingerprint(1, page="first"), a_fingerprint(1, page="second")
        before = registered_at(index, first)

        after = registered_at(index, copy)

        (candidate,) = after.candidates
        assert candidate.document == first.document
        assert candidate.article_id == article_id("first")
        assert candidate.sketch == first.sketch
        assert candidate.sequence == before.sequence < after.sequence

    def test_a_document_registered_again_keeps_its_place_and_does_not_see_itself(
        self, index: Index
    ) -> None:
        first, copy = a_fingerprint(1, page="first"), a_fingerprint(1, page="second")
        before = registered_at(index, first)
        registered_at(index, copy)

        again = registered_at(index, first)

        assert again.sequence == before.sequence
        assert again.redelivered
        assert again.candidates == ()

    def test_a_copy_registered_again_gets_the_same_candidates(self, index: Index) -> None:
        copy = a_fingerprint(1, page="second")
        registered_at(index, a_fingerprint(1, page="first"))
        before = registered_at(index, copy)
        registered_at(index, a_fingerprint(1, page="third"))

        again = registered_at(index, copy)

        assert again.candidates == before.candidates

    def test_documents_that_share_nothing_do_not_see_each_other(self, index: Index) -> None:
        registered_at(index, a_fingerprint(1, page="first"))

        other = registered_at(index, a_fingerprint(2, page="second"))

        assert other.candidates == ()

    def test_candidates_that_share_most_keys_come_first(self, index: Index) -> None:
        near, far = a_story(1, paragraphs=20), a_story(2, paragraphs=5)
        registered_at(index, a_fingerprint(2, page="far", text=far))
        nearest = a_fingerprint(1, page="near", text=near)
        registered_at(index, nearest)

        both = registered_at(index, a_fingerprint(3, page="both", text=f"{near}\n{far}"))

        assert len(both.candidates) == 2
        assert both.candidates[0].document == nearest.document
