"""Pages that are no articles end with the ground; doubtful ones pass."""

import pytest

from newsmill_enrich.extraction.gate import Facts, not_an_article
from newsmill_shared.errors import EndedError
from newsmill_shared.reasons import Reason
from tests.unit.extraction.pages import ENGLISH, a_page, read, with_paragraphs

PROSE = "The council approved the timetable on Monday after four months of talks. " * 5


def some_facts(**changes: object) -> Facts:
    values: dict[str, object] = {"url": "https://news.example/a/b", "title": "A", "text": PROSE}
    return Facts(**{**values, **changes})  # type: ignore[arg-type]


def a_list(count: int = 40) -> str:
    items = "".join(
        f'<li><a href="/n/{i}">Headline number {i} about another thing</a></li>'
        for i in range(count)
    )
    return f"<html><body><h1>Latest</h1><ul>{items}</ul></body></html>"


def test_prose_passes() -> None:
    assert not_an_article(some_facts()) is None


@pytest.mark.parametrize(
    ("changes", "ground"),
    [
        ({"text": ""}, "no text"),
        ({"text": "Too short to be an article."}, "too short"),
        ({"title": "Page not found"}, "error page"),
        ({"title": "Səhifə tapılmadı"}, "error page"),
        ({"title": "ページが見つかりません"}, "error page"),
        ({"title": "Just a moment..."}, "error page"),
        ({"text": "Please enable JavaScript to read this. " * 8}, "wall"),
        ({"declares_list": True}, "declares itself a list"),
        ({"url": "https://news.example/", "teasers": 30}, "home page"),
        ({"url": "https://news.example/en/", "teasers": 30}, "home page"),
        ({"link_share": 0.8, "teasers": 30, "prose": 0}, "linked headlines"),
        ({"text": "x" * 100_000}, "no words"),
        ({"listed": 9, "paragraphs": 10}, "9 teasers"),
    ],
)
def test_each_kind_of_page_is_named(changes: dict[str, object], ground: str) -> None:
    said = not_an_article(some_facts(**changes))

    assert said is not None
    assert ground in said


def test_a_short_report_that_declares_itself_an_article_passes() -> None:
    short = "The night ferry resumes service on Friday evening, the port said."

    said = not_an_article(some_facts(text=short, declares_article=True, has_date=True))

    assert said is None


def test_a_list_of_headlines_ends_as_no_article() -> None:
    with pytest.raises(EndedError) as refusal:
        read(a_list(), a_page("https://news.example/latest/"))

    assert refusal.value.reason is Reason.NOT_AN_ARTICLE
    assert refusal.value.detail


def test_a_section_front_of_teasers_ends_as_no_article() -> None:
    items = "".join(
        f'<div class="item"><h3><a href="/n/{i}">Council {i} approves another budget</a></h3>'
        f"<p>The council of district {i} approved its budget on Monday after a debate that took "
        "most of the evening, the head of the council said.</p></div>"
        for i in range(15)
    )
    page = f"<html><head><title>Politics</title></head><body><h1>Politics</h1>{items}</body></html>"

    with pytest.raises(EndedError) as refusal:
        read(page, a_page("https://news.example/politics/"))

    assert refusal.value.reason is Reason.NOT_AN_ARTICLE


def test_an_article_among_many_links_passes() -> None:
    page = with_paragraphs(ENGLISH).replace("</body>", a_list(80) + "</body>")

    record = read(page, a_page(ENGLISH.url))

    assert record.text == ENGLISH.text
