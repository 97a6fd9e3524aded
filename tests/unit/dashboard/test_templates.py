"""What templates make of what strangers wrote."""

from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmill_gateway.answers import JobInFull
from newsmill_gateway.dashboard.articles import articles_panel, facets_panel
from newsmill_gateway.dashboard.board import Links
from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.job import Found, job_page
from newsmill_gateway.dashboard.pages import Pages
from newsmill_gateway.dashboard.ports import (
    Article,
    ArticleList,
    ArticleQuery,
    Copied,
    Facets,
    Neighbour,
    Retrieval,
)
from tests.unit.dashboard.builders import AN_ID, NOW, a_version, ago, an_attempt

PAGES = Pages(version="1")
NAV = Links("/articles", (("/", "Overview", None, ""),), "token")
BREAKOUTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}",
    "</title></h1></main>",
    "javascript:alert(1)",
    "\u202eltr",
]


class Read(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def count(self, tag: str) -> int:
        """How many elements there are of one kind."""
        return sum(name == tag for name, _ in self.elements)


_EIGHT_WORDS = "The council voted to repair the old bridge"


def a_job_page(strange: str, *, url: str = "https://paper.example/story") -> str:
    job = JobInFull(
        job_id=AN_ID,
        url=url,
        state="finished",
        outcome="stored",
        reason="new",
        detail=strange,
        article_id=AN_ID,
        version=1,
        label=strange,
        priority=0,
        attempt=1,
        tries=0,
        losses=0,
        receipt=strange,
        accepted_at=ago(10),
        finished_at=ago(1),
        attempts=(
            an_attempt(ended="ended", reason="http_5xx", detail=strange, worker=strange),
            an_attempt(2),
        ),
    )
    version = a_version(
        title=strange,
        text=f"{strange}\n{_EIGHT_WORDS}",
        authors=(strange,),
        section_raw=strange,
        site_name=strange,
        canonical_url=strange,
        language=strange[:8],
        categories=(
            {"name": strange, "id": strange, "score": 0.9, "why": {"terms": {strange: 1}}},
        ),
        evidence={
            "extraction": {"date_candidates": [{"local": strange, "found_in": strange}]},
            "language": {"shares": {strange: 0.4}, "detectors": {strange: {strange: 1}}},
            "duplicates": {"compared": [{"article_id": str(AN_ID), "rule": strange}]},
            "categories": {"unmapped": [strange], "model": strange},
        },
    )
    came = Retrieval(
        ago(5), 200, url, 9, strange, "0" * 64, False, {"etag": strange}, ((301, url),)
    )
    other = Neighbour(AN_ID, url, strange, strange[:8], NOW)
    copied = Copied(AN_ID, url, strange[:8], f"{strange}\n{_EIGHT_WORDS}")
    found = Found(job, came, version, (other,), {AN_ID: other}, copied, None)
    return PAGES.render("job.html", {**job_page(found, NOW), "nav": NAV})


def an_article_list(strange: str) -> str:
    article = Article(
        1,
        AN_ID,
        AN_ID,
        strange,
        strange,
        strange,
        strange[:8],
        0.9,
        ({"name": strange},),
        None,
        NOW,
        5,
        None,
        1,
    )
    query = ArticleQuery(words=strange, hosts=(strange,), languages=(strange,))
    facets = Kept(Facets(1, ((strange, 1),), ((strange, strange, 1),), ((strange, 1),)), 0.0)
    context = {
        **articles_panel(ArticleList((article,), 7, exhausted=False), query),
        **facets_panel(facets, query),
        "narrowed": True,
        "nav": NAV,
    }
    return PAGES.render("articles.html", context)


PLAIN = {render: Read(render("plain")) for render in (a_job_page, an_article_list)}


@pytest.mark.parametrize("render", [a_job_page, an_article_list])
@pytest.mark.parametrize("strange", BREAKOUTS)
def test_what_strangers_wrote_adds_no_element(render: object, strange: str) -> None:
    assert_same_elements(render, strange)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
@settings(max_examples=40, deadline=None)
def test_whatever_is_written_adds_no_element(strange: str) -> None:
    for render in (a_job_page, an_article_list):
        assert_same_elements(render, strange)


def assert_same_elements(render: object, strange: str) -> None:
    page = Read(render(strange))  # type: ignore[operator]
    plain = PLAIN[render]  # type: ignore[index]

    for tag in ("script", "img", "svg", "a", "form", "input", "h1", "title", "iframe", "b"):
        assert page.count(tag) <= plain.count(tag) + 1, tag
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert "style" not in attributes
    assert page.count("script") == 0
    assert page.count("img") == 0


@pytest.mark.parametrize("render", [a_job_page, an_article_list])
def test_every_link_leads_home_or_to_a_web_page_without_a_way_back(render: object) -> None:
    for strange in BREAKOUTS:
        for tag, attributes in Read(render(strange)).elements:  # type: ignore[operator]
            href = attributes.get("href") or ""
            if tag != "a" or href.startswith(("/", "#")):
                continue
            assert href.startswith("https://paper.example/")
            assert "noopener" in (attributes.get("rel") or "")
            assert "nofollow" in (attributes.get("rel") or "")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a.example/", "data:text/html,x"])
def test_a_stored_url_that_is_no_web_page_is_shown_but_not_linked(url: str) -> None:
    page = a_job_page("A title", url=url)

    assert url in page
    assert f'href="{url}' not in page


def test_text_of_strangers_finds_its_own_direction() -> None:
    heading = next(each for tag, each in Read(a_job_page("عنوان")).elements if tag == "h1")

    assert heading["dir"] == "auto"


def test_an_undetermined_language_is_not_claimed() -> None:
    page = Read(a_job_page("und"))

    assert not any(attributes.get("lang") == "und" for _, attributes in page.elements)
