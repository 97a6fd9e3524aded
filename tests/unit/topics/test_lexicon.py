"""How listed words are found in texts."""

import pytest

from newsmill_enrich.topics.lexicon import Entry, Findings, Lexicon, ListData, shares
from newsmill_enrich.topics.taxonomy import BY_SLUG

SPORT = BY_SLUG["sport"]
POLITICS = BY_SLUG["politics"]


def a_list(language: str, *words: str, topic: int = SPORT, **more: tuple[str, ...]) -> ListData:
    """A list in which every word speaks for one topic with weight 1."""
    entries = tuple(Entry(w.rstrip("*"), w.endswith("*"), ((topic, 1.0),)) for w in words)
    return ListData(language, more.get("related", ()), more.get("leading", ()), entries)


def read(lexicon: Lexicon, text: str, language: str = "en") -> Findings:
    """What a lexicon finds in a text without a title."""
    return lexicon.read([], text.split(), language)


def test_a_stem_finds_every_word_that_begins_with_it() -> None:
    """Inflected languages are listed by their stems."""
    lexicon = Lexicon([a_list("ru", "футбол*")])

    found = read(lexicon, "футболу футболисты фут", "ru")

    assert found.terms[SPORT].keys() == {"футбол*"}
    assert found.totals[SPORT] == pytest.approx(1 + 0.693, abs=1e-3)


def test_the_longest_stem_has_the_word() -> None:
    """A more exact listing wins over a shorter one."""
    lexicon = Lexicon(
        [
            ListData(
                "en",
                (),
                (),
                (
                    Entry("protest", True, ((POLITICS, 1.0),)),
                    Entry("protestant", True, ((SPORT, 1.0),)),
                ),
            )
        ]
    )

    found = read(lexicon, "protestants")

    assert found.totals[POLITICS] == 0
    assert found.totals[SPORT] == 1


def test_a_phrase_takes_its_words() -> None:
    """What is listed as a phrase is not counted again word by word."""
    lexicon = Lexicon([a_list("en", "prime minister", "minister")])

    found = read(lexicon, "prime minister said minister")

    assert found.terms[SPORT] == {"prime minister": 1.0, "minister": 1.0}


def test_what_is_written_before_a_word_is_set_aside() -> None:
    """Articles and prepositions that are written together with a word."""
    lexicon = Lexicon([a_list("ar", "اقتصاد*", leading=("ال", "وال"))])

    found = read(lexicon, "والاقتصاد", "ar")

    assert found.totals[SPORT] == 1


def test_words_are_found_in_a_script_without_spaces() -> None:
    """Longest first, none overlapping."""
    lexicon = Lexicon([a_list("zh", "世界杯", "世界", "足球")])

    found = read(lexicon, "中国足球世界杯预选赛", "zh")

    assert found.terms[SPORT].keys() == {"足球", "世界杯"}


def test_a_related_list_knows_what_the_own_one_lacks() -> None:
    """Loan words need not be listed twice."""
    lexicon = Lexicon([a_list("ky", "күрөш*", related=("ru",)), a_list("ru", "хоккей*")])

    found = read(lexicon, "хоккейчи күрөшү", "ky")

    assert found.terms[SPORT].keys() == {"хоккей*", "күрөш*"}


def test_a_language_without_a_list_is_read_with_all_words_on_which_lists_agree() -> None:
    """A word that means different things in two languages says nothing."""
    lexicon = Lexicon(
        [a_list("de", "sport", "gift"), a_list("en", "sport"), a_list("sv", "gift", topic=POLITICS)]
    )

    found = read(lexicon, "sport gift", "xx")

    assert found.terms[SPORT].keys() == {"sport"}
    assert found.totals[POLITICS] == 0


@pytest.mark.parametrize("tag", ["no", "nb", "nb-NO", "nn"])
def test_written_norwegian_is_one_list(tag: str) -> None:
    """Tags of languages that read alike share a list."""
    assert Lexicon([a_list("no", "fotball*")]).knows(tag)


def test_shares_stay_below_one_and_grow_with_what_is_found() -> None:
    """A lone word proves little."""
    few = shares(read(Lexicon([a_list("en", "goal")]), "goal").totals)
    more = shares(read(Lexicon([a_list("en", "goal", "match")]), "goal match").totals)

    assert 0 < few[SPORT] < more[SPORT] < 1
