"""The demo's press: what its pages look like and how they change between servings."""

import re
from collections import Counter
from html import unescape

import pytest

from newsmill_cli.demo.content import Content, Page, load_content
from newsmill_cli.demo.rendering import render
from newsmill_cli.demo.site import Site

STORIES = [
    url
    for url, page in load_content().resources.items()
    if isinstance(page, Page) and page.story is not None
]


def a_site() -> Site:
    return Site(load_content(), port=8099)


def get(site: Site, path: str, *, host: str = "127.77.0.1") -> tuple[int, dict[str, str], str]:
    status, headers, body = site.answer(host, path)
    return status, headers, body.decode()


@pytest.fixture(name="content")
def the_content() -> Content:
    return load_content()


def test_there_are_enough_articles_in_enough_languages(content: Content) -> None:
    stories = [
        resource.story
        for resource in content.resources.values()
        if isinstance(resource, Page) and resource.story is not None
    ]

    languages = {story.language for story in stories}

    assert len({story.name for story in stories}) >= 14
    assert languages >= {"en", "az", "ar", "zh", "th", "de"}


def test_every_submission_leads_to_a_page_of_the_site_or_is_meant_to_be_missing(
    content: Content,
) -> None:
    missing = [entry for entry in content.submissions if entry.url not in content.resources]

    reasons = {entry.reason for entry in missing}

    assert reasons == {"http_404"}


def test_no_url_is_handed_in_twice_in_one_round(content: Content) -> None:
    handed_in = Counter((entry.round, entry.url) for entry in content.submissions)

    assert set(handed_in.values()) == {1}


@pytest.mark.parametrize("url", STORIES)
def test_a_page_shows_its_story_whole(content: Content, url: str) -> None:
    page = content.resources[url]
    assert isinstance(page, Page)
    assert page.story is not None

    html = unescape(render(page, serving=0))

    assert page.story.title in html
    assert page.story.shown in html
    assert page.story.section in html
    assert all(paragraph in html for paragraph in page.story.text.strip().split("\n\n"))


@pytest.mark.parametrize("serving", [0, 1, 2])
def test_no_page_shows_the_marks_of_its_template(content: Content, serving: int) -> None:
    pages = [resource for resource in content.resources.values() if isinstance(resource, Page)]

    shown = "".join(render(page, serving) for page in pages).replace("\\u003c", "")

    assert "$" not in shown
    assert "\\" not in shown


def test_a_page_in_the_agency_s_shape_has_its_headline_twice_and_a_comment_form(
    content: Content,
) -> None:
    page = content.resources["khazar/en/economics/5120"]
    assert isinstance(page, Page)
    assert page.story is not None

    body = unescape(render(page, serving=0)).partition("<body>")[2]

    assert body.count(page.story.title) == 2
    assert body.index(page.story.title) < body.index("12 March 2025 11:40")
    assert body.index("12 March 2025 11:40") < body.index("Leave a review")


def test_the_next_serving_has_the_same_story_among_other_teasers() -> None:
    site = a_site()

    first = get(site, "/en/great-east/4411")[2]
    second = get(site, "/en/great-east/4411")[2]

    body = re.compile(r'<div class="news-body">.*?</div>', re.DOTALL)
    assert first != second
    assert body.findall(first) == body.findall(second)


def test_the_second_serving_of_an_updated_story_says_so() -> None:
    site = a_site()

    first = get(site, "/weather/storm-ottilie", host="127.77.0.2")[2]
    second = get(site, "/weather/storm-ottilie", host="127.77.0.2")[2]

    assert "118 km/h" not in first
    assert "118 km/h" in second
    assert "article:modified_time" in second


def test_a_redirect_leads_to_another_host() -> None:
    status, headers, _ = get(a_site(), "/go/littoral-vaccination", host="127.77.0.2")

    assert status == 302
    assert headers["Location"] == "http://127.77.0.8:8099/sante/rougeole-vaccination"


def test_the_archive_is_closed_to_robots() -> None:
    _, _, robots = get(a_site(), "/robots.txt")

    assert "Disallow: /archive/" in robots


def test_a_path_of_one_paper_is_unknown_to_the_others() -> None:
    status, _, _ = get(a_site(), "/en/great-east/4411", host="127.77.0.2")

    assert status == 404


def test_the_annual_report_is_a_pdf() -> None:
    status, headers, body = a_site().answer("127.77.0.2", "/files/annual-report.pdf")

    assert status == 200
    assert headers["Content-Type"] == "application/pdf"
    assert body.startswith(b"%PDF-")
