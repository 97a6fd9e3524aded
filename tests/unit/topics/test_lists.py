"""The topic lists that people write, and what is checked in them."""

import pytest

from newsmill_enrich.topics.making.check import check
from newsmill_enrich.topics.making.lists import Term, TopicListError, parse, read_all
from newsmill_enrich.topics.taxonomy import BY_SLUG

SPORT = BY_SLUG["sport"]


def test_stars_and_files_of_stems_make_stems() -> None:
    """``word=`` is whole in a file of stems."""
    plain = parse("language: en\nwords:\n  sport: goal*, match", "en.yaml")
    stems = parse("language: tr\nmatch: stems\nwords:\n  sport: futbol, maç=, gol", "tr.yaml")

    assert plain.words[SPORT] == (Term("goal", True), Term("match", False))
    assert stems.words[SPORT] == (Term("futbol", True), Term("mac", False), Term("gol", False))


def test_a_section_of_one_word_may_decide_within_a_longer_name() -> None:
    """Unless it is marked as whole."""
    found = parse("language: en\nsections:\n  sport: Football, Racing=", "en.yaml")

    assert found.sections[SPORT] == ("football", "=football", "racing")


@pytest.mark.parametrize(
    "text",
    [
        "words: {sport: a}",
        "language: en\nwords: {chess: a}",
        "language: en\nwrds: {}",
        "- [",
        "language: en\nwords: {sport: '12'}",
    ],
)
def test_a_file_that_is_no_list_is_refused(text: str) -> None:
    """The message names the file."""
    with pytest.raises(TopicListError, match=r"xx\.yaml"):
        parse(text, "xx.yaml")


def test_the_products_lists_have_no_errors_and_cover_the_common_topics() -> None:
    """What ``newsmill tags check`` would refuse."""
    lists = read_all()

    errors = [finding for finding in check(lists) if finding.level == "error"]

    assert errors == []
    assert {
        "en",
        "de",
        "fr",
        "es",
        "pt",
        "it",
        "nl",
        "pl",
        "ru",
        "uk",
        "tr",
        "az",
        "ar",
        "fa",
        "zh",
        "ja",
    } <= {each.language for each in lists}


def test_the_checker_tells_of_words_that_pull_two_topics() -> None:
    """And of stems that take another topic's words, and of languages it does not know."""
    found = check(
        [
            parse(
                "language: en\nrelated: xx\nwords:\n  sport: goal, protest*\n"
                "  politics: goal\n  religion: protestant",
                "en.yaml",
            )
        ]
    )

    texts = [finding.text for finding in found]
    assert any("'goal': sport, politics" in text for text in texts)
    assert any("'protestant' (religion) begins with protest*" in text for text in texts)
    assert "related to xx, which has no list" in texts
