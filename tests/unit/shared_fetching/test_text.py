"""What may be stored as text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.text import clean, clean_line

ANY_TEXT = st.text(st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("a\x00b\x07c", "abc"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("tab\tstays", "tab\tstays"),
        ("\u202egpj.exe\u202c", "gpj.exe"),
        ("\ud83d\ude00", "😀"),
        ("\ud83d alone", "\ufffd alone"),
        ("\ufeffstart", "start"),
        ("שלום\u200f (כן)", "שלום\u200f (כן)"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_must_not_be_stored_is_taken_out(given_text: str, cleaned: str) -> None:
    assert clean(given_text) == cleaned


@given(ANY_TEXT)
def test_clean_text_can_be_encoded_and_stays_as_it_is(text: str) -> None:
    once = clean(text)

    assert once.encode().decode() == once
    assert clean(once) == once
    assert not any(unicodedata.category(c) == "Cc" and c not in "\t\n" for c in once)


@given(ANY_TEXT.map(lambda text: text * 5))
def test_a_line_is_one_line_of_bounded_length(text: str) -> None:
    line = clean_line(text)

    assert len(line) <= 500
    assert "\n" not in line
    assert clean_line(line) == line


def test_letters_of_every_script_are_kept() -> None:
    letters = "Əlif ا क あ 한 ß ﬁ é e\u0301"

    assert clean(letters) == letters
