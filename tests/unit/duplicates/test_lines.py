"""Which lines are the story."""

from newsmill_enrich.duplicates.lines import story_spans
from newsmill_enrich.duplicates.scripts import PROFILES, Script


def story_lines(text: str, script: Script = Script.SPACED) -> list[str]:
    spans = story_spans(text, PROFILES[script])
    return text.split("\n") if spans is None else [text[start:end] for start, end in spans]


STORY = [
    "The council voted on Tuesday to repair the old bridge over the river before the winter.",
    "Work will start in May and take about nine weeks, the mayor told the meeting in the hall.",
]


def test_headlines_of_other_stories_and_notices_are_left_out() -> None:
    text = "\n".join([*STORY, "Most read", "Fire at the harbour put out", "Leave a comment"])

    lines = story_lines(text)

    assert lines == STORY


def test_a_teaser_with_a_date_is_still_a_teaser() -> None:
    text = "\n".join([*STORY, "Fire at the harbour put out 12.03.2026 14:20"])

    lines = story_lines(text)

    assert lines == STORY


def test_lines_of_a_table_are_kept_for_their_numbers() -> None:
    text = "\n".join([*STORY, "1 US dollar - 1.7000", "1 euro - 1.8345"])

    lines = story_lines(text)

    assert len(lines) == 4


def test_a_page_of_short_lines_alone_is_kept_whole() -> None:
    text = "Roses are red\nViolets are blue\nThis is a poem\nAnd so are you"

    lines = story_lines(text)

    assert len(lines) == 4


def test_prose_broken_at_a_width_is_kept_though_its_lines_end_anywhere() -> None:
    wrapped = [
        "The council voted on Tuesday to repair the",
        "old bridge over the river before the winter",
        "Minister Example, who opened the meeting",
        "in the hall, said that work would start",
        "in May and take about nine weeks.",
    ]
    text = "\n".join([*STORY, *wrapped])

    lines = story_lines(text)

    assert lines == [*STORY, *wrapped]


def test_blank_lines_do_not_break_a_list_of_headlines() -> None:
    headlines = ["Fire at the harbour", "Market day moves", "3 hurt in fall", "New bell rings"]
    text = "\n\n".join([*STORY, *headlines])

    lines = story_lines(text)

    assert lines == STORY


def test_a_list_of_headlines_goes_with_the_numbers_in_it() -> None:
    headlines = ["Fire at the harbour", "Market day moves", "3 hurt in fall", "New bell rings"]
    text = "\n".join([*STORY, *headlines])

    lines = story_lines(text)

    assert lines == STORY
