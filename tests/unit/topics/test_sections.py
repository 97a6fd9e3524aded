"""What publishers' section names are mapped to."""

import pytest

from newsmill_enrich.topics.artefact import load
from newsmill_enrich.topics.sections import SectionNames, normalized
from newsmill_enrich.topics.taxonomy import BY_SLUG, TOPICS

NAMES: SectionNames = load().names


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("Sport", "sport"),
        ("Politik", "politics"),
        ("İqtisadiyyat", "economy"),
        ("xarici-siyaset", "politics"),
        ("Sci &amp; Tech", "science"),
        ("Экономика", "economy"),
        ("关于体育", None),
        ("体育", "sport"),
        ("الاقتصاد", "economy"),
        ("मनोरंजन", "arts"),
        ("Champions League", "sport"),
        ("Wirtschaft und Finanzen", "economy"),
    ],
)
def test_a_name_maps_to_its_topic(name: str, topic: str | None) -> None:
    """In many languages, however it is written."""
    named = NAMES.find(name)

    assert (None if named is None else TOPICS[named.topic].slug) == topic


@pytest.mark.parametrize(
    "name", ["Great East", "World", "Home", "Local", "News", "Opinion", "Baku", ""]
)
def test_places_and_columns_map_to_nothing(name: str) -> None:
    """Half of what publishers say is no subject."""
    assert NAMES.find(name) is None


def test_the_name_of_a_deeper_media_topic_names_it_exactly() -> None:
    """That is the only way, besides rules, to a topic below the top."""
    named = NAMES.find("ice hockey")

    assert named is not None
    assert named.exact is not None
    assert (named.topic, named.exact.name) == (BY_SLUG["sport"], "ice hockey")


def test_what_several_places_say_adds_up_to_a_share_below_one() -> None:
    """Machine-readable places count more than tags; later tags count less."""
    section = NAMES.read(None, {"meta_section": ("Sport",)})
    both = NAMES.read(None, {"meta_section": ("Sport",), "keywords": ("football", "tennis")})

    sport = BY_SLUG["sport"]
    assert 0.7 < section.shares[sport] < both.shares[sport] < 1


def test_a_section_line_that_repeats_another_place_counts_once() -> None:
    """The section that is shown is often the one that was declared."""
    declared = NAMES.read(None, {"meta_section": ("Sport",)})
    shown = NAMES.read("SPORT", {"meta_section": ("Sport",)})

    assert shown.shares[BY_SLUG["sport"]] == declared.shares[BY_SLUG["sport"]]


def test_names_are_compared_without_case_signs_and_accents() -> None:
    """One form for all spellings."""
    assert normalized("Économie &amp; Entreprises") == normalized("economie and ENTREPRISES")
