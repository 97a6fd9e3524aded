"""Whatever a page holds, a record or a reason comes out."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from newsmill_shared.errors import EndedError
from tests.unit.extraction.pages import ENGLISH, a_page, read, with_linked_data

NAMES = [
    "@type", "@id", "@graph", "headline", "name", "author", "datePublished", "dateModified",
    "articleSection", "keywords", "publisher", "itemListElement", "isAccessibleForFree", "item",
]  # fmt: skip
WORDS = [
    "NewsArticle", "BreadcrumbList", "WebPage", "LiveBlogPosting", "2024-06-17T22:17:00Z", "x",
    "", "https://news.example/", "By Ada Moss", ENGLISH.title, "\ud800", "<b>bold</b>", "&amp;amp;",
]  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)
tags = st.sampled_from(
    [
        "<p>", "</p>", "<div class='date'>", "</div>", "<br>", "<h1>", "</h1>", "<a href='/x'>",
        "</a>",
        "<time datetime='17 June 2024'>", "<ul><li>", "<table><tr><td>", "<nav>", "</nav>", "<!--",
        "-->", "<script>", "</script>", "<meta property='og:title' content='t'>", "<article>",
        "<span class='author'>", "<title>", "</title>", "<link rel='canonical' href='::'>",
        "17 June 2024 22:17", "A sentence that goes on for a while and then ends. ", "Ədəbiyyat ",
        "新闻", "\x00", "\u202e", "&nbsp;", "Leave a review",
    ]
)  # fmt: skip


def outcome(markup: str, url: str = ENGLISH.url) -> str:
    """The title and text of a record, or the ground on which there is none."""
    try:
        record = read(markup.encode("utf-8", "replace"), a_page(url))
    except EndedError as error:
        return error.detail
    json.dumps(record.evidence)
    return f"{record.title}\n{record.text}"


@given(values)
@settings(max_examples=150, deadline=None)
def test_linked_data_of_any_shape_does_no_harm(value: object) -> None:
    data = json.dumps(value)
    script = f'<script type="application/ld+json">{data}</script>'
    page = with_linked_data(ENGLISH).replace("</head>", f"{script}</head>")

    answer = outcome(page)

    assert ENGLISH.paragraphs[0] in answer


@given(st.lists(tags, max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_soup_of_tags_gives_a_record_or_a_reason(pieces: list[str]) -> None:
    answer = outcome("".join(pieces))

    assert answer
    assert "\x00" not in answer
    assert "\u202e" not in answer


@given(st.text(max_size=80))
@settings(max_examples=80, deadline=None)
def test_any_url_does_no_harm(path: str) -> None:
    answer = outcome(with_linked_data(ENGLISH), f"https://news.example/{path}")

    assert ENGLISH.paragraphs[0] in answer
