"""How texts are cut into words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_enrich.topics.words import features, fold, is_run, tokens


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("İQTİSADİYYAT", "iqtisadiyyat"),
        ("Économie", "economie"),
        ("ΠΟΛΙΤΙΚΉ", "πολιτικη"),
        ("Міжнародні", "міжнародні"),
        ("الاقتصادُ", "الاقتصاد"),
        ("oʻyin", "oyin"),
        ("ＮＨＫ", "nhk"),
    ],
)
def test_spellings_of_one_word_meet_in_one_form(written: str, other: str) -> None:
    """Capitals, accents, vowel points and letter-like apostrophes do not matter."""
    assert fold(written) == fold(other)


def test_numbers_are_no_words_but_words_may_hold_digits() -> None:
    """A year says nothing, a network generation does."""
    found = tokens(fold("In 2024 the G20 met; 5G, covid-19"), 20)

    assert found == ["in", "the", "g20", "met", "5g", "covid"]


def test_a_script_without_spaces_stays_a_run_apart_from_other_letters() -> None:
    """The run is cut into pieces later."""
    found = tokens(fold("iPhone手机30日发布"), 20)

    assert found == ["iphone", "手机", "日发布"]
    assert [is_run(token) for token in found] == [False, True, True]


def test_marks_stay_with_their_letters() -> None:
    """An Indic word is one token, vowel signs and all."""
    assert tokens(fold("राजनीति में"), 5) == ["राजनीति", "में"]


def test_the_model_sees_a_word_and_its_beginning() -> None:
    """The first letters forgive inflection."""
    assert features("elections") == ("elections", "<elect")
    assert features("votes") == ("votes",)
    assert features("体育新闻") == ("体育", "育新", "新闻", "体育新", "育新闻")


@given(st.text(), st.integers(0, 30))
def test_no_more_words_are_read_than_asked_for(text: str, limit: int) -> None:
    """A long text costs no more than a short one; folding twice changes nothing for words."""
    found = tokens(fold(text), limit)

    assert len(found) <= limit
    assert sum(max(1, (len(t) + 1) // 2) if is_run(t) else 1 for t in found) <= limit
