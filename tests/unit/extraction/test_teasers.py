"""Teasers of other articles below the name of a section are left out; lists of an article stay."""

from collections.abc import Callable
from html import escape

import pytest

from newsmill_shared.errors import EndedError
from tests.unit.extraction.pages import ENGLISH, FORMS, STORIES, Story, a_page, read, read_html

Item = Callable[[int, str, str, str], str]

ITEMS: dict[str, Item] = {
    "headline and text": lambda i, head, text, _: (
        f'<div class="news-item"><a href="/n/{i}">{head}</a><p>{text}</p></div>'
    ),
    "date above": lambda i, head, text, date: (
        f'<div class="news-item"><span>{date}</span><h4><a href="/n/{i}">{head}</a></h4>'
        f"<p>{text}</p></div>"
    ),
    "date between": lambda i, head, text, date: (
        f'<div class="news-item"><h4><a href="/n/{i}">{head}</a></h4><div>{date}</div>'
        f"<p>{text}</p></div>"
    ),
    "one link": lambda i, head, text, _: (
        f'<div class="news-item"><a href="/n/{i}"><h4>{head}</h4><p>{text}</p></a></div>'
    ),
    "one block": lambda i, head, text, _: (
        f'<div class="news-item"><a href="/n/{i}">{head}</a> {text}</div>'
    ),
    "link below": lambda i, head, text, _: (
        f'<div class="news-item"><h4>{head}</h4><p>{text}</p><a href="/n/{i}">Read more</a></div>'
    ),
    "line breaks": lambda i, head, text, _: f'<a href="/n/{i}">{head}</a><br>{text}<br><br>',
    "list": lambda i, head, text, _: f'<li><a href="/n/{i}">{head}</a><p>{text}</p></li>',
    "table": lambda i, head, text, _: (
        f'<table><tr><td><img src="/t/{i}.jpg"></td><td><a href="/n/{i}"><b>{head}</b></a><br>'
        f"{text}</td></tr></table>"
    ),
    "bare paragraphs": lambda i, head, text, _: f'<p><a href="/n/{i}">{head}</a></p><p>{text}</p>',
}
LINE = "The council said on Monday that the timetable holds until the end of the winter season."


def with_teasers(story: Story, form: Callable[[Story], str], item: Item, heading: str = "") -> str:
    """A page of the story with twice as many teasers as the story has, each made by ``item``."""
    rows = [(escape(head), escape(text)) for head, text in story.teasers]
    rows += [(f"{head} – 2", f"{text} {text}") for head, text in rows]
    items = "".join(item(i, head, text, story.dateline) for i, (head, text) in enumerate(rows))
    heading = heading or f'<div class="block-title"><a href="/cat/0">{story.menu[0]}</a></div>'
    page = form(story.but(teasers=[]))
    block = f'<div class="block-news">{heading}{items}</div><div class="leave">'
    return page.replace('<div class="leave">', block)


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("paragraphs", [1, 2, 4])
def test_teasers_below_the_name_of_a_section_are_left_out(
    form: Callable[[Story], str], item: Item, paragraphs: int
) -> None:
    story = ENGLISH.but(paragraphs=ENGLISH.paragraphs[:paragraphs])

    record = read_html(story, with_teasers(story, form, item))

    assert record.text == story.text


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("story", STORIES, ids=[story.language for story in STORIES])
def test_teasers_are_left_out_in_any_language(story: Story, item: Item) -> None:
    short = story.but(paragraphs=story.paragraphs[:2])

    record = read_html(short, with_teasers(short, FORMS["with_paragraphs"], item))

    assert record.text == short.text


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("story", STORIES, ids=[story.language for story in STORIES])
def test_teasers_below_a_heading_that_no_menu_knows_are_left_out(story: Story, item: Item) -> None:
    page = with_teasers(story, FORMS["with_paragraphs"], item, "<h3>Around the pier</h3>")

    record = read_html(story, page)

    assert record.text == story.text


def test_a_list_with_links_that_ends_an_article_stays() -> None:
    page = an_article(f"<h2>Where they leave</h2><ul>{BULLETS}</ul>", end="")

    record = read(page)

    assert "Route 7 leaves" in record.text


def test_a_second_reading_brings_no_teasers_back() -> None:
    text = " ".join([LINE] * 8)
    teasers = "".join(
        f'<div class="news-item"><a href="/n/{i}">Minister {i} opens another debate of the year</a>'
        f"<p>Minister {i} opened the debate with a speech about the budget that took an hour and "
        "that the opposition called the longest one of the whole year.</p></div>"
        for i in range(6)
    )
    page = (
        '<ul class="menu"><li><a href="/c/0">Politics</a></li></ul>'
        f"<h1>Night ferries to sail through the winter</h1><div><p>{text}</p></div>"
        f'<div class="block-title"><a href="/c/0">Politics</a></div>{teasers}'
    )

    record = read(page)

    assert record.text == text


def an_article(body: str, end: str = f"<p>At the end: {LINE} {LINE}</p>") -> str:
    menu = '<ul class="menu"><li><a href="/c/0">Politics</a></li><li><a href="/c/1">Sport</a></ul>'
    start = "".join(f"<p>Paragraph {i}: {LINE} {LINE}</p>" for i in range(3))
    head = "<h1>Night ferries to sail through the winter</h1>"
    return f'{menu}{head}<div class="article-body">{start}{body}{end}</div>'


BULLETS = "".join(
    f'<li>Route {i} leaves at {i}:30, as the <a href="/r/{i}">timetable</a> of May says.</li>'
    for i in range(2, 8)
)
ENTRIES = "".join(
    f"<h3>Entry {i}</h3><p>{i} hours later: {LINE} A reporter of ours was there.</p>"
    for i in range(2, 8)
)
RESULTS = "".join(
    f"<tr><td>Harbour club number {i}</td><td>{i} points after the last round</td></tr>"
    for i in range(2, 8)
)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (f"<p>What is new: {LINE}</p><ul>{BULLETS}</ul>", "Route 7 leaves"),
        (f"<h2>Politics</h2>{ENTRIES}", "7 hours later"),
        (f"<h2>Sport</h2><table>{RESULTS}</table>", "Harbour club number 7"),
        (
            '<div><b>Read also</b> <a href="/n/1">Market stalls get new rules</a></div>',
            "At the end",
        ),
    ],
    ids=["bullets with links", "live blog", "results", "box of links between paragraphs"],
)
def test_a_list_within_an_article_stays_and_so_does_what_follows(body: str, told: str) -> None:
    record = read(an_article(body))

    assert told in record.text
    assert record.text.splitlines()[-1].startswith("At the end")


def test_a_section_front_with_a_line_about_itself_is_no_article() -> None:
    items = "".join(
        ITEMS["headline and text"](i, f"Council {i} votes again", f"In district {i}: {LINE}", "")
        for i in range(6)
    )
    page = (
        f'<ul class="menu"><li><a href="/c/0">Politics</a></li></ul><h1>Politics</h1><p>{LINE}</p>'
        f'<div class="block-title"><a href="/c/0">Politics</a></div>{items}'
    )

    with pytest.raises(EndedError, match="teasers"):
        read(page, a_page("https://news.example/politics/"))
