"""The passages that two texts share."""

from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.passages import Passage, shared_passages
from tests.unit.duplicates.builders import a_story, an_unspaced_story


def test_a_copy_is_one_passage_from_end_to_end() -> None:
    story = a_story(1)

    passages = shared_passages(story, story)

    assert passages == (Passage(0, len(story) - 1, 0, len(story) - 1),)


def test_a_quotation_is_found_where_it_stands_in_each_text() -> None:
    quotation = a_story(7, paragraphs=1)
    a = f"{a_story(1, paragraphs=2)}\n{quotation}\n{a_story(2, paragraphs=1)}"
    b = f"{quotation}\n{a_story(3, paragraphs=3)}"

    (passage,) = shared_passages(a, b)

    assert a[passage.start_a : passage.end_a] == quotation.rstrip(".")
    assert b[passage.start_b : passage.end_b] == quotation.rstrip(".")


def test_case_and_punctuation_do_not_part_a_passage() -> None:
    a = "The council, on Tuesday, voted to repair the bridge before winter."
    b = "THE COUNCIL ON TUESDAY VOTED TO REPAIR THE BRIDGE BEFORE WINTER"

    (passage,) = shared_passages(a, b)

    assert (passage.start_a, passage.end_a) == (0, len(a) - 1)
    assert (passage.start_b, passage.end_b) == (0, len(b))


def test_a_correction_parts_a_passage_in_two() -> None:
    a = "one two three four five six seven eight nine MONDAY ten eleven twelve a b c d e f"
    b = a.replace("MONDAY", "TUESDAY")

    passages = shared_passages(a, b)

    assert [a[passage.start_a : passage.end_a] for passage in passages] == [
        "one two three four five six seven eight nine",
        "ten eleven twelve a b c d e f",
    ]


def test_unspaced_scripts_are_compared_by_characters() -> None:
    for thai in (True, False):
        shared = an_unspaced_story(1, thai=thai, paragraphs=1)
        a = f"{an_unspaced_story(2, thai=thai, paragraphs=1)}\n{shared}"

        (passage,) = shared_passages(a, shared)

        assert a[passage.start_a : passage.end_a] == shared.rstrip("。")


@given(st.text(alphabet="ab. \n", max_size=120), st.text(alphabet="ab. \n", max_size=120))
def test_passages_lie_in_both_texts_and_do_not_overlap_in_the_first(a: str, b: str) -> None:
    passages = shared_passages(a, b)

    ends = [0]
    for passage in passages:
        assert ends[-1] <= passage.start_a < passage.end_a <= len(a)
        assert 0 <= passage.start_b < passage.end_b <= len(b)
        ours, theirs = a[passage.start_a : passage.end_a], b[passage.start_b : passage.end_b]
        assert ours.replace(".", " ").split() == theirs.replace(".", " ").split()
        ends.append(passage.end_a)
