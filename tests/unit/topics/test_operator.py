"""The operator's rules and own topics."""

import pytest

from newsmill_enrich.topics.operator import parse_operator
from newsmill_enrich.topics.weighing import Story
from newsmill_shared.errors import SettingsError
from newsmill_shared.messages import Category

FILE = """
topics:
  - id: acme:shipping
    name: Shipping
    maps_to: medtop:04000000
    sections: Maritime
    words:
      en: [container ship, vessel*, shipping line, port authority]
rules:
  - name: club pages are sport
    when: {host: "*.club.example", section: [Vereine, Clubs]}
    action: force
    topic: medtop:15000000
  - name: never weather here
    when: {url: "https://news.example/markets/*"}
    action: forbid
    topic: medtop:17000000
  - name: summits are politics
    when: {words: [g20, summit of leaders]}
    action: add
    topic: medtop:11000000
  - name: earnings
    when: {text: "Q[1-4] (results|earnings)"}
    action: add
    topic: medtop:04000000
"""
OPERATOR = parse_operator(FILE)
WEATHER = Category(id="medtop:17000000", name="weather", score=0.7)


def a_story(text: str = "", section: str | None = None) -> Story:
    """An English story."""
    return Story("A title", text, "en", section)


def test_a_forced_topic_stands_alone() -> None:
    """All conditions hold: the host and one of the sections."""
    ruling = OPERATOR.rule(a_story(section="vereine"), [WEATHER], "https://www.club.example/x")

    assert [category.id for category in ruling.categories] == ["medtop:15000000"]
    assert ruling.rules == (
        {"rule": "club pages are sport", "action": "force", "topic": "medtop:15000000"},
    )


def test_a_rule_whose_conditions_hold_in_part_does_nothing() -> None:
    """The host alone is not enough."""
    ruling = OPERATOR.rule(a_story(), [WEATHER], "https://www.club.example/x")

    assert ruling.categories == (WEATHER,)
    assert ruling.rules == ()


def test_a_forbidden_topic_is_taken_away() -> None:
    """By URL."""
    ruling = OPERATOR.rule(a_story(), [WEATHER], "https://news.example/markets/1")

    assert ruling.categories == ()


@pytest.mark.parametrize(
    ("text", "topic"),
    [("The G20 met.", "medtop:11000000"), ("Strong q3 results lift it", "medtop:04000000")],
)
def test_an_added_topic_stands_beside_those_found(text: str, topic: str) -> None:
    """By a word or by a pattern."""
    ruling = OPERATOR.rule(a_story(text), [WEATHER], None)

    assert [category.id for category in ruling.categories] == [topic, WEATHER.id]


def test_an_own_topic_is_found_by_its_words_and_brings_its_media_topic() -> None:
    """Own taxonomies live beside the Media Topics."""
    text = "The container ship left. Other vessels wait, the port authority and shipping line said."

    ruling = OPERATOR.rule(a_story(text), [], None)

    assert {category.id for category in ruling.categories} == {"acme:shipping", "medtop:04000000"}


def test_an_own_topic_is_found_by_its_section() -> None:
    """As publishers write it."""
    ruling = OPERATOR.rule(a_story(section="MARITIME"), [], None)

    assert ruling.categories[0].name == "Shipping"


@pytest.mark.parametrize(
    "file",
    [
        "rules: [{name: a, when: {host: x}, action: add, topic: acme:unknown}]",
        "rules: [{name: a, when: {hosts: x}, action: add, topic: medtop:15000000}]",
        "rules: [{name: a, when: {text: '('}, action: add, topic: medtop:15000000}]",
        "topics: {a: b}",
        "- [",
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused(file: str) -> None:
    """A typing mistake must not pass as a rule that never holds."""
    with pytest.raises(SettingsError):
        parse_operator(file)
