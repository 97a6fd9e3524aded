"""The same record comes out of every form of a page, in any language."""

from collections.abc import Callable

import pytest

from tests.unit.extraction.pages import (
    ENGLISH,
    FORMS,
    STORIES,
    Story,
    flattened,
    read_html,
    read_text,
)

languages = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.language)
forms = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
Form = Callable[[Story], str]


@languages
@forms
def test_every_form_gives_the_article_alone(story: Story, form: Form) -> None:
    page = form(story)

    record = read_html(story, page)

    assert record.title == story.title
    assert record.text == story.text
    assert record.section_raw == story.section
    assert record.published_at is not None
    assert record.published_at.isoformat() == story.published_at


@languages
@forms
def test_markup_and_flattened_text_give_the_same_record(story: Story, form: Form) -> None:
    from_text = read_text(story, flattened(story))

    from_markup = read_html(story, form(story))

    assert from_markup.title == from_text.title
    assert from_markup.text == from_text.text
    assert from_markup.published_at == from_text.published_at
    assert from_markup.section_raw == from_text.section_raw


@forms
@pytest.mark.parametrize("count", [0, 1, 2])
def test_other_teasers_change_nothing(form: Form, count: int) -> None:
    other = ENGLISH.but(teasers=list(reversed(ENGLISH.teasers))[:count])

    records = [read_html(ENGLISH, form(story)) for story in (ENGLISH, other)]

    assert records[0].title == records[1].title
    assert records[0].text == records[1].text
    assert records[0].published_at == records[1].published_at
