"""Metadata is read from wherever a page states it, and the evidence says where."""

import json
from datetime import UTC, datetime

import pytest

from newsmill_enrich.extraction import Extracted
from tests.unit.extraction.pages import ENGLISH, a_page, read

BODY = "".join(f"<p>{text}</p>" for text in ENGLISH.paragraphs)


def an_article(
    *, head: str = "", node: dict[str, object] | None = None, body: str = BODY, byline: str = ""
) -> Extracted:
    data = ""
    if node is not None:
        whole = {"@type": "NewsArticle", "headline": ENGLISH.title, **node}
        data = f'<script type="application/ld+json">{json.dumps(whole)}</script>'
    page = (
        f"<html lang=en><head><title>{ENGLISH.title} | Harbour Wire</title>{head}{data}</head>"
        f"<body><article><h1>{ENGLISH.title}</h1>{byline}{body}</article></body></html>"
    )
    return read(page, a_page("https://news.example/south/ferries", timezone="Europe/Berlin"))


def test_linked_data_gives_dates_authors_and_section() -> None:
    record = an_article(
        node={
            "datePublished": "2024-06-17T22:17:00+02:00",
            "dateModified": "2024-06-18T08:00:00+02:00",
            "author": [{"@type": "Person", "name": "Ada Moss"}, {"name": "Ben Quay"}],
            "articleSection": "South",
        }
    )

    assert record.published_at is not None
    assert record.published_at.isoformat() == "2024-06-17T20:17:00+00:00"
    assert record.modified_at is not None
    assert record.modified_at.isoformat() == "2024-06-18T06:00:00+00:00"
    assert record.authors == ("Ada Moss", "Ben Quay")
    assert record.section_raw == "South"
    assert record.signals["jsonld_section"] == ("South",)


def test_local_times_without_offset_take_the_zone_of_the_page() -> None:
    record = an_article(node={"datePublished": "2024-01-17T22:17:00"})

    assert record.published_at is not None
    assert record.published_at.isoformat() == "2024-01-17T21:17:00+00:00"


def test_broken_linked_data_is_repaired_or_passed_over() -> None:
    broken = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "'
        + ENGLISH.title
        + '", "datePublished": "2024-06-17T20:17:00Z",}</script>'
        '<script type="application/ld+json">{"@type": nonsense</script>'
    )

    record = an_article(head=broken)

    assert record.published_at is not None
    assert record.published_at.isoformat() == "2024-06-17T20:17:00+00:00"
    assert record.evidence["broken_json_ld"] == 1


@pytest.mark.parametrize(
    "line",
    ["By Ada Moss", "Von Ada Moss", "Par Ada Moss", "Por Ada Moss", "Автор: Ada Moss"],
)
def test_a_byline_in_any_language_names_the_author(line: str) -> None:
    record = an_article(byline=f"<div>{line}</div>")

    assert record.authors == ("Ada Moss",)


def test_people_come_before_the_publishers_own_name() -> None:
    record = an_article(
        head='<meta property="og:site_name" content="Harbour Wire">',
        node={"author": {"name": "Harbour Wire"}},
        byline='<div class="byline">By Ada Moss</div>',
    )

    assert record.authors == ("Ada Moss",)


def test_without_a_date_there_is_none_whenever_the_page_was_fetched() -> None:
    record = an_article()

    assert record.published_at is None
    assert record.evidence["published_at"] is None


@pytest.mark.parametrize("date", ["2031-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon"])
def test_an_impossible_date_is_no_date(date: str) -> None:
    record = an_article(node={"datePublished": date})

    assert record.published_at is None


def test_the_header_of_a_page_and_its_teasers_date_nothing() -> None:
    noise = (
        '<header><div class="today">19 June 2024</div></header>'
        + BODY
        + '<aside><div class="teaser"><a href="/x">Something else happened in the harbour</a>'
        "<span class=date>18 June 2024 10:00</span></div></aside>"
    )

    record = an_article(body=noise)

    assert record.published_at is None


def test_declared_languages_name_their_places() -> None:
    page = (
        '<html lang="az"><head><meta property="og:locale" content="az_AZ"></head><body>'
        f"<h1>{ENGLISH.title}</h1>{BODY}</body></html>"
    )

    record = read(page, a_page(headers={"content-language": "en"}))

    assert record.declared_languages == {"html": "az", "og": "az_AZ", "header": "en"}


def test_canonical_link_and_image_are_whole_urls() -> None:
    record = an_article(
        head='<link rel="canonical" href="/south/1"><meta property="og:image" content="/i.jpg">'
    )

    assert record.canonical_url == "https://news.example/south/1"
    assert record.image == "https://news.example/i.jpg"


def test_a_kicker_is_no_part_of_the_headline() -> None:
    page = (
        f'<html><head><meta property="og:title" content="{ENGLISH.title}"></head><body>'
        f"<h1><span>Ferries</span> {ENGLISH.title}</h1>{BODY}</body></html>"
    )

    record = read(page)

    assert record.title == ENGLISH.title
    assert ENGLISH.title not in record.text


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        ({}, "article"),
        ({"@type": "LiveBlogPosting"}, "live_blog"),
        ({"@type": ["NewsArticle", "OpinionNewsArticle"]}, "opinion"),
    ],
)
def test_the_evidence_names_the_kind_of_page(node: dict[str, object], kind: str) -> None:
    record = an_article(node=node)

    assert record.evidence["kind"] == kind


def test_a_page_that_is_not_free_says_so() -> None:
    records = [an_article(node={"isAccessibleForFree": free}) for free in (False, "False", True)]

    assert [record.evidence["paywall"] for record in records] == [
        "json-ld isAccessibleForFree",
        "json-ld isAccessibleForFree",
        None,
    ]


@pytest.mark.parametrize(
    ("language", "url", "printed", "day"),
    [
        ("en-US", "https://news.example.com/a/b", "03/04/2024", "2024-03-04"),
        ("en-US", "https://news.example.com/a/b", "03.04.2024", "2024-04-03"),
        ("en-GB", "https://news.example.com/a/b", "03/04/2024", "2024-04-03"),
        ("en-US", "https://news.example.az/a/b", "03/04/2024", "2024-04-03"),
        ("hr", "https://news.example/a/b", "3. listopada 2024.", "2024-10-03"),
        ("pl", "https://news.example/a/b", "3 listopada 2024", "2024-11-03"),
    ],
)
def test_a_printed_date_is_read_in_the_language_of_its_page(
    language: str, url: str, printed: str, day: str
) -> None:
    page = (
        f'<html lang="{language}"><body><article><h1>{ENGLISH.title}</h1>'
        f'<div class="date">{printed}</div>{BODY}</article></body></html>'
    )

    record = read(page, a_page(url), now=datetime(2025, 1, 1, tzinfo=UTC))

    assert record.published_at is not None
    assert record.published_at.date().isoformat() == day


@pytest.mark.parametrize(
    ("host", "timezone", "expected", "origin"),
    [
        ("news.example.az", "Europe/Berlin", "2024-06-17T20:17:00+00:00", "page"),
        ("news.example.az", None, "2024-06-17T18:17:00+00:00", "country"),
        ("news.example.com", None, "2024-06-17T22:17:00+00:00", "assumed"),
    ],
)
def test_a_local_time_takes_the_zone_told_then_that_of_the_country(
    host: str, timezone: str | None, expected: str, origin: str
) -> None:
    node = {"@type": "NewsArticle", "headline": "x", "datePublished": "2024-06-17T22:17:00"}
    script = f'<script type="application/ld+json">{json.dumps(node)}</script>'
    page = f"<html><head>{script}</head><body><h1>{ENGLISH.title}</h1>{BODY}</body></html>"

    record = read(page, a_page(f"https://{host}/a/b", timezone=timezone))

    found = record.evidence["published_at"]
    assert record.published_at is not None
    assert record.published_at.isoformat() == expected
    assert isinstance(found, dict)
    assert found["zone_from"] == origin
