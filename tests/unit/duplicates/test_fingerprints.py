"""What a document is known by."""

from hypothesis import given
from hypothesis import strategies as st

from newsmill_enrich.duplicates import document_key, fingerprint
from tests.unit.duplicates.builders import a_headline, a_story


def test_a_document_is_its_page_and_its_exact_content() -> None:
    key = document_key("Title", "Text", page_key="page")

    assert len(key) == 8
    assert key == document_key("Title", "Text", page_key="page")
    assert key != document_key("Title", "Text", page_key="other page")
    assert key != document_key("Title", "Text!", page_key="page")
    assert key != document_key("TitleT", "ext", page_key="page")


@given(st.text(), st.text())
def test_the_same_document_has_the_same_fingerprint(title: str, text: str) -> None:
    once = fingerprint(title, text, page_key="page")

    again = fingerprint(title, text, page_key="page")

    assert once == again
    assert 1 <= len(once.keys) <= 15


def test_a_cut_copy_shares_keys_with_the_whole() -> None:
    story = a_story(1, paragraphs=30)
    cut = "\n".join(story.split("\n")[:4])

    whole, part = (
        fingerprint(a_headline(1), text, page_key=text[:5]).keys for text in (story, cut)
    )

    assert set(whole) & set(part)


def test_a_copy_in_a_frame_of_other_paragraphs_shares_keys() -> None:
    story = a_story(1, paragraphs=12)
    framed = f"{a_story(2, paragraphs=4)}\n{story}\n{a_story(3, paragraphs=4)}"

    bare, inside = (
        fingerprint(a_headline(1), text, page_key=text[:5]).keys for text in (story, framed)
    )

    assert set(bare) & set(inside)


def test_a_very_short_text_is_found_only_under_the_same_title() -> None:
    stub = "Watch the pictures of the day here."

    one = fingerprint("A bridge opens", stub, page_key="one").keys
    same = fingerprint("A bridge opens", stub, page_key="two").keys
    other = fingerprint("A tunnel closes", stub, page_key="three").keys

    assert one == same
    assert not set(one) & set(other)
