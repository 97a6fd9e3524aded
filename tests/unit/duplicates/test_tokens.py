"""Tokens and their hashes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_enrich.duplicates.tokens import Hashes, Windows, normalise, run_hashes, tokenise


def token_hashes(text: str) -> Hashes:
    return tokenise(normalise(text)).hashes


def hashes(text: str) -> list[int]:
    return [int(value) for value in token_hashes(text)]


@pytest.mark.parametrize(
    ("republished", "original"),
    [
        ("Caf&eacute; &amp; bar", "café bar"),
        ("inter\u00adnational", "international"),
        ("zero\u200bwidth", "zerowidth"),
        ("ＦＵＬＬ\u3000ｗｉｄｔｈ", "full width"),
        ("“Quoted” — text", '"quoted" - text'),
        ("one\u00a0two", "one two"),
        ("İstanbul", "istanbul"),
        ("cafe\u0301", "café"),
        ("𝐛𝐨𝐥𝐝 𠀀", "bold 𠀀"),
    ],
)
def test_what_republishing_changes_makes_no_difference(republished: str, original: str) -> None:
    assert hashes(republished) == hashes(original)


def test_words_are_tokens_and_so_is_every_character_of_an_unspaced_script() -> None:
    assert len(hashes("three small words")) == 3
    assert len(hashes("今日新闻")) == 4
    assert len(hashes("ข่าว")) == 4
    assert len(hashes("GDP增长5%")) == 4


def test_equal_tokens_have_equal_hashes_wherever_they_stand() -> None:
    one, two, three, four = hashes("again and Again once")

    assert one == three
    assert len({one, two, four}) == 3


@given(st.text())
def test_any_text_can_be_hashed(text: str) -> None:
    tokens = tokenise(normalise(text))

    assert tokens.hashes.dtype == np.uint64
    assert len(tokens.hashes) == len(tokens.numeric) == len(tokens.positions)


@given(st.text(alphabet="ab \n", max_size=60), st.integers(1, 9))
def test_a_window_hash_depends_on_its_tokens_alone(text: str, length: int) -> None:
    tokens = token_hashes(text)

    windows = Windows(tokens).of(length)

    if len(tokens) >= length:
        assert len(windows) == len(tokens) - length + 1
        for start, window in enumerate(windows):
            assert window == Windows(tokens[start : start + length]).of(length)[0]
    else:
        assert len(windows) == min(1, len(tokens))


def test_runs_at_some_places_hash_as_all_of_them_do() -> None:
    tokens = token_hashes("one two three four five six seven")

    windows = Windows(tokens)

    for length in (1, 2, 3, 5):
        assert run_hashes(tokens, np.array([2, 0]), length).tolist() == (
            windows.of(length)[[2, 0]].tolist()
        )


def test_a_window_hash_depends_on_the_order_of_its_tokens() -> None:
    forwards, backwards = token_hashes("one two three"), token_hashes("three two one")

    assert Windows(forwards).of(3)[0] != Windows(backwards).of(3)[0]


def test_a_number_is_told_from_a_word_and_a_token_knows_its_place() -> None:
    tokens = tokenise("from 12 to 4gb, q2")

    assert tokens.numeric.tolist() == [False, True, False, True, False]
    assert tokens.positions.tolist() == [0, 5, 8, 11, 16]
