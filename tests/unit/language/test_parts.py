"""The parts of language detection, each on its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_enrich.language import Hints
from newsmill_enrich.language.codes import declared_code, key_of
from newsmill_enrich.language.engines import Cld2, Langid
from newsmill_enrich.language.features import CANDIDATE_FEATURES, WINNER_FEATURES
from newsmill_enrich.language.fusion import Fusion
from newsmill_enrich.language.hints import favours
from newsmill_enrich.language.markers import MarkerGroup, Markers, WordList, words_of
from newsmill_enrich.language.ngrams import STEP, TOP_STEP, NgramTable, sequence_keys
from newsmill_enrich.language.scripts import count_scripts, keep_script
from newsmill_enrich.language.text import clean, cut, sample, split_passages
from newsmill_enrich.language.trees import Tree, Trees

# ---- codes


@pytest.mark.parametrize(
    ("code", "key"),
    [("en-US", "en"), ("zh_Hant_TW", "zh"), ("nb", "no"), ("fil", "tl"), ("aze", "az")],
)
def test_a_code_becomes_one_key_a_written_language(code: str, key: str) -> None:
    assert key_of(code) == key


@pytest.mark.parametrize(
    ("value", "key"),
    [("en, fr", "en"), (" de-AT ", "de"), ("{{ lang }}", "und"), ("", "und"), ("x" * 99, "und")],
)
def test_a_declaration_is_its_first_tag_or_nothing(value: str, key: str) -> None:
    assert declared_code(value) == key


# ---- scripts


def test_letters_are_counted_by_script() -> None:
    counts = count_scripts("abc где 12 😀!")

    assert counts.weights == {"Latn": 3.0, "Cyrl": 3.0}


def test_an_ideograph_weighs_more_than_a_letter() -> None:
    assert count_scripts("政府 the").main == "Jpan"


@given(st.text(max_size=60))
def test_keeping_a_script_keeps_the_length(text: str) -> None:
    kept = keep_script(text, "Latn")

    assert len(kept) == len(text)
    assert set(count_scripts(kept).weights) <= {"Latn"}


# ---- text


@pytest.mark.parametrize(
    "noise",
    [
        "https://example.org/a?b=c",
        "www.example.com",
        "example.co.uk/path",
        "someone@example.org",
        "@someone",
        "<b>",
        "550e8400-e29b-41d4-a716-446655440000",
        "\ud800",
        "\u200b",
    ],
)
def test_what_carries_no_language_is_dropped(noise: str) -> None:
    assert clean(f"one {noise} two").split() == ["one", "two"]


def test_a_full_stop_without_a_space_is_no_address() -> None:
    assert clean("It ended.Then it rained").split() == ["It", "ended.Then", "it", "rained"]


def test_a_text_in_capitals_is_lowered() -> None:
    assert clean("THE COUNCIL APPROVES A BUDGET") == "the council approves a budget"


def test_short_lines_are_put_together_and_weigh_less() -> None:
    passages = split_passages("Home\nWorld\n" + "A sentence that goes on. " * 8)

    assert [(p.first, p.last, p.weight) for p in passages] == [(0, 1, 0.25), (2, 2, 1.0)]


def test_a_long_line_is_cut_at_spaces() -> None:
    line = "word " * 500

    passages = split_passages(line)

    assert len(passages) > 1
    assert " ".join(passage.text for passage in passages).split() == line.split()


def test_prose_is_sampled_before_short_lines() -> None:
    lines = ["Menu entry number one here, and more of it to fill a line up"] * 40
    passages = split_passages("\n".join([*lines, "A sentence that goes on and on. " * 4]))

    assert 1.0 in {passage.weight for passage in sample(passages, 3)}


def test_a_huge_text_is_cut_to_stretches_from_its_whole_length() -> None:
    text = "a" * 500_000 + "z" * 500_000

    stretches = cut(text)

    assert len(stretches) < 25_000
    assert {"a", "z"} <= set(stretches)


# ---- markers


def test_a_word_list_knows_words_stems_endings_parts_pairs_and_letters() -> None:
    entries = WordList(["tko", "tjedn*", "*ção", "*sch*", "mogu_da"], letters="ў")

    hits = entries.hits(["tko", "tjednik", "nação", "Bosch".lower(), "mogu", "da", "быў", "other"])

    assert hits == 6


def test_a_list_speaks_for_its_languages_and_against_the_others() -> None:
    group = MarkerGroup(("sr", "hr"), ((frozenset({"hr"}), WordList(["tko"])),))

    leanings = group.leanings(group.hits(words_of("Tko je?")))

    assert leanings == {"sr": -1.0, "hr": 1.0}


def test_every_marker_is_in_lower_case_and_speaks_for_languages_of_its_group() -> None:
    for group in Markers.load().at_stake({"sr", "id", "da", "gl", "az", "kk", "ru", "hi", "fa"}):
        for speaks_for, _ in group.lists:
            assert speaks_for < set(group.languages)


# ---- letter sequences


def test_sequences_stay_inside_words() -> None:
    lengths = [len(keys) for keys in sequence_keys("ab cde 1")]

    assert lengths == [5, 3, 1, 0, 0]


@given(st.text(max_size=50))
def test_sequences_do_not_depend_on_case(text: str) -> None:
    lower, upper = sequence_keys(text.lower()), sequence_keys(text.lower().lower())

    assert all(np.array_equal(a, b) for a, b in zip(lower, upper, strict=True))


def test_a_table_sums_what_it_knows() -> None:
    (key,) = next(iter(sequence_keys("a")))
    cells = np.array([[2 | (5 << 4)]], dtype=np.uint8)
    table = NgramTable(("xx", "yy"), np.array([key]), np.array([8], dtype=np.uint8), cells)

    scores = table.score("aa b")

    assert (scores.found, scores.total) == (2, 4)
    assert scores.totals() == pytest.approx(
        {"xx": -2 * (8 * TOP_STEP + 2 * STEP), "yy": -2 * (8 * TOP_STEP + 5 * STEP)}
    )


# ---- trees and weights


def test_trees_add_up_to_a_probability() -> None:
    tree = Tree([0, -1, -1], [1.5, 0, 0], [1, 0, 0], [2, 0, 0], [0, -3.0, 3.0])

    assert Trees(0.0, [tree]).probability([1.0]) == pytest.approx(0.0474, abs=1e-4)
    assert Trees(0.0, [tree]).probability([2.0]) == pytest.approx(0.9526, abs=1e-4)


def test_the_fitted_files_fit_the_features() -> None:
    fusion = Fusion.load()

    assert len(fusion.weights) == len(CANDIDATE_FEATURES)
    for trees in (fusion.known, fusion.right):
        asked = {feature for tree in trees.trees for feature in tree.feature}
        assert max(asked) < len(WINNER_FEATURES)


# ---- hints


def test_hints_add_up_but_never_beyond_a_bound() -> None:
    hints = Hints({"html": "hr", "og": "hr_HR"}, host="news.example.hr", usual={"hr": 1.0})

    assert favours(hints) == {"hr": 3.0}


def test_english_counts_less_as_templates_declare_it_by_default() -> None:
    assert favours(Hints({"html": "en"}))["en"] < favours(Hints({"html": "az"}))["az"]


def test_nonsense_is_no_hint() -> None:
    assert favours(Hints({"html": "??"}, host="localhost", usual={"und": 1.0})) == {}


# ---- detectors


def test_cld2_is_reliable_only_of_its_own_accord() -> None:
    answer = Cld2().detect("The council approved the new budget on Monday evening.")

    assert answer.reliable
    assert answer.best == "en"


def test_cld2_without_its_library_says_nothing() -> None:
    absent = Cld2()
    absent.available = False

    assert absent.detect("The council approved the budget").best == "und"


def test_py3langid_ranks_by_key() -> None:
    ranked = Langid().rank("Der Rat hat am Montag den neuen Haushalt beschlossen.")

    assert max(ranked, key=ranked.__getitem__) == "de"
    assert 0.99 < sum(ranked.values()) <= 1.001
