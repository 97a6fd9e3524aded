"""A page's word about its other addresses is believed by rule, and only by rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from newsmill_enrich.aliases import read_aliases
from newsmill_enrich.extraction.links import Links, read_links
from newsmill_shared.urls import canonicalize

TITLE = "Council votes on the old bridge"


def at(place: str) -> str:
    """A URL, from a path on a paper's site."""
    return f"https://paper.example{place}" if place.startswith("/") else place


def home_of(url: str, *canonical: str, title: str = TITLE) -> str | None:
    """The page that a page at ``url`` is believed to belong to."""
    found = read_aliases(Links(canonical=canonical), canonicalize(url), title)
    return found.home.url if found.home else None


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        (
            "https://amp.paper.example/council-votes-bridge",
            "https://www.paper.example/council-votes-bridge",
        ),
        ("https://m.paper.example/a/1", "/a/1"),
        ("http://paper.example/a", "/a"),
        ("/news/123456/amp", "/news/123456"),
        ("/amp/news/council-votes-on-bridge.html", "/news/council-votes-on-bridge"),
        ("/article?id=5&output=amp", "/article?id=5"),
        ("/viewtopic.php?f=4&t=167&sid=58428bea", "/viewtopic.php?t=167"),
        ("/?p=48151", "/council-48151"),
        ("/x/98f", "/2026/council-votes-on-old-bridge"),
        ("/story-slug-of-news?from=rss&at=top", "/story-slug-of-news"),
        ("/print/council-votes-bridge-repair", "/news/council-votes-bridge-repair-771234"),
        ("/новости/мост-закрыт-на-ремонт/amp", "/новости/мост-закрыт-на-ремонт"),
        ("/a/20261125/7712345", "https://www.paper.example/b/7712345.html"),
    ],
)
def test_an_address_with_a_mark_of_the_same_story_is_believed(url: str, canonical: str) -> None:
    assert home_of(at(url), at(canonical)) == canonicalize(at(canonical)).url


@pytest.mark.parametrize(
    ("url", "canonical", "why"),
    [
        ("/a-1234567", "https://agency.example/a-1234567", "another owner"),
        (
            "https://ann.github.io/one-two-three",
            "https://bob.github.io/one-two-three",
            "another owner",
        ),
        ("/story-of-the-day", "/", "home page"),
        ("/story-of-the-day", "/en/index.html", "home page"),
        ("/news/story-of-the-day", "/news", "nothing"),
        ("/article?id=5", "/article", "nothing"),
        ("/article?id=5&lang=en", "/article?lang=en", "nothing"),
        ("/article?id=5&lang=en", "/article?id=6", "nothing"),
        ("/article?id=55555", "/article?id=66666", "another number"),
        ("/2026/11/25/a", "/2026/11/25/b", "nothing"),
        ("/20261125/a", "/20261125/b", "nothing"),
        ("/council-votes-on-bridge/2", "/council-votes-on-bridge", "a part"),
        ("/council-votes-on-bridge?page=2", "/council-votes-on-bridge", "a part"),
        ("/a", "https://10.0.0.1/a", "another owner"),
        ("/a", "javascript:alert(1)", "no URL"),
    ],
)
def test_an_address_without_one_is_not(url: str, canonical: str, why: str) -> None:
    found = read_aliases(Links(canonical=(at(canonical),)), canonicalize(at(url)), TITLE)

    assert found.home is None
    assert why in str(found.evidence["home"])


def test_a_page_that_names_itself_or_nothing_has_no_other_home() -> None:
    itself = home_of("https://paper.example/a?utm_source=x", "https://paper.example/a")

    assert itself is None
    assert home_of("https://paper.example/a") is None


def test_a_page_that_names_several_homes_has_none() -> None:
    found = home_of(
        "https://m.paper.example/a", "https://paper.example/a", "https://paper.example/b"
    )

    assert found is None


def test_variants_are_recorded_with_their_purpose_if_they_are_believed() -> None:
    links = Links(
        variants=(
            ("amp", "https://paper.example/council-votes-on-bridge/amp"),
            ("mobile", "https://m.paper.example/council-votes-on-bridge"),
            ("print", "https://paper.example/print"),
            ("amp", "https://cache.amp.example/council-votes-on-bridge"),
        )
    )

    found = read_aliases(links, canonicalize("https://paper.example/council-votes-on-bridge"), "")

    assert [(alias.kind, alias.url) for alias in found.variants] == list(links.variants[:2])
    assert len(found.evidence["refused"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "is_amp", "kind"),
    [
        ("https://m.paper.example/a", False, "mobile"),
        ("https://paper.example/a?view=print", False, "print"),
        ("https://paper.example/a", True, "amp"),
        ("https://paper.example/a?from=rss", False, "variant"),
    ],
)
def test_a_page_says_what_form_it_is(url: str, is_amp: bool, kind: str) -> None:
    links = Links(canonical=("https://www.paper.example/a",), is_amp=is_amp)

    found = read_aliases(links, canonicalize(url), TITLE)

    assert found.home is None or found.home.kind == kind


def test_links_are_read_from_the_head_and_the_headers_and_nowhere_else() -> None:
    tree = LexborHTMLParser(
        """<html amp><head><base href="https://paper.example/en/">
        <link rel="CANONICAL nofollow" href="story"><link rel=canonical href="">
        <link rel=amphtml href="/amp/story"><link rel=shortlink href="/?p=1">
        <link rel=alternate media="only screen and (max-width: 640px)" href="//m.paper.example/s">
        <link rel=alternate media=print href="/print/story">
        <link rel=alternate hreflang=de media=handheld href="/de/story">
        <link rel=alternate type="application/rss+xml" href="/feed"></head>
        <body><p>News</p><link rel=canonical href="https://spam.example/"></body></html>"""
    )
    header = '</h>; rel="prev", <https://paper.example/t?a,b>; type="x"; rel=canonical'

    links = read_links(tree, "https://paper.example/x", header)

    assert links.canonical == ("https://paper.example/en/story", "https://paper.example/t?a,b")
    assert links.variants == (
        ("amp", "https://paper.example/amp/story"),
        ("mobile", "https://m.paper.example/s"),
        ("print", "https://paper.example/print/story"),
    )
    assert links.is_amp


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_address_and_headline_can_be_named(path: str, other: str, title: str) -> None:
    links = Links(
        canonical=(f"https://paper.example/{other}",), variants=(("amp", f"https://{other}"),)
    )

    found = read_aliases(links, canonicalize("https://paper.example/a"), title)

    assert found.home is None or found.home.url.startswith("https://paper.example/")
