"""An article is found in text without markup, whatever stands around it and in any language."""

import pytest

from tests.unit.extraction.pages import ENGLISH, STORIES, Story, flattened, read_text

languages = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.language)
places = pytest.mark.parametrize("dateline", ["below", "above"])


@languages
@places
def test_the_article_alone_is_kept(story: Story, dateline: str) -> None:
    page = flattened(story, dateline=dateline)

    record = read_text(story, page)

    assert record.title == story.title
    assert record.text == story.text


@languages
@places
def test_the_dateline_gives_date_and_section(story: Story, dateline: str) -> None:
    page = flattened(story, dateline=dateline)

    record = read_text(story, page)

    assert record.published_at is not None
    assert record.published_at.isoformat() == story.published_at
    assert record.section_raw == story.section


@languages
@places
@pytest.mark.parametrize("count", [0, 1, 2])
def test_other_teasers_change_nothing(story: Story, dateline: str, count: int) -> None:
    other = story.but(teasers=list(reversed(story.teasers))[:count])

    records = [read_text(story, flattened(x, dateline=dateline)) for x in (story, other)]

    assert records[0].title == records[1].title
    assert records[0].text == records[1].text
    assert records[0].published_at == records[1].published_at


@pytest.mark.parametrize("last", ["She left.", "The mayor signed it on Friday.", "“We agree.”"])
def test_a_short_last_sentence_before_the_dateline_is_kept(last: str) -> None:
    story = ENGLISH.but(paragraphs=[*ENGLISH.paragraphs, last])

    record = read_text(story, flattened(story))

    assert record.text == story.text
    assert record.section_raw == story.section


def test_the_evidence_says_where_the_date_was_found_and_whose_zone_it_took() -> None:
    page = flattened(ENGLISH)

    record = read_text(ENGLISH, page)

    assert record.evidence["published_at"] == {
        "at": "2024-06-17T18:17:00+00:00",
        "local": "2024-06-17T22:17:00+04:00",
        "precision": "minute",
        "zone": "Asia/Baku",
        "zone_from": "page",
        "found_in": "below the body",
    }
