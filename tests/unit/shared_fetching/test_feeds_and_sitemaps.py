"""Feeds and sitemaps to links."""

import contextlib
import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.feeds import FeedEntry, NotAFeedError, read_feed
from newsmill_shared.json_text import read_json
from newsmill_shared.sitemaps import NotASitemapError, Sitemap, read_sitemap

EVENING = datetime(2024, 6, 17, 18, 17, tzinfo=UTC)


def urlset(*links: str, extra: str = "") -> bytes:
    items = "".join(f"<url><loc>{link}</loc>{extra}</url>" for link in links)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</urlset>'.encode()


def locs(body: bytes) -> list[str]:
    return [entry.url for entry in read_sitemap(body).entries]


@pytest.mark.parametrize(
    "body",
    [
        urlset("https://t.example/1", " https://t.example/2 "),
        gzip.compress(urlset("https://t.example/1", "https://t.example/2")),
        b"\n<?xml version='1.0' encoding='UTF-8'?>"
        + urlset("https://t.example/1", "https://t.example/2"),
        urlset("https://t.example/1", "https://t.example/2").decode().encode("utf-16"),
        urlset("https://t.example/1", "/relative", "javascript:x", "https://t.example/2"),
        urlset("https://t.example/1", "https://t.example/2")
        .replace(b"<", b"<s:")
        .replace(b"<s:/", b"</s:"),
        b"\xef\xbb\xbfhttps://t.example/1\r\nno link\r\n\r\nhttps://t.example/2",
    ],
)
def test_the_links_of_a_sitemap_are_read_however_it_is_packed(body: bytes) -> None:
    assert locs(body) == ["https://t.example/1", "https://t.example/2"]


def test_an_index_names_further_sitemaps() -> None:
    body = b"<sitemapindex><sitemap><loc>https://t.example/s.xml.gz</loc></sitemap></sitemapindex>"

    sitemap = read_sitemap(body)

    assert sitemap.kind == "index"
    assert [entry.url for entry in sitemap.entries] == ["https://t.example/s.xml.gz"]


def test_what_a_sitemap_says_about_a_page_is_kept() -> None:
    news = (
        "<lastmod>2024-06-18</lastmod>"
        '<n:news xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">'
        "<n:publication_date>2024-06-17T22:17:00+04:00</n:publication_date>"
        "<n:title>Oil &amp; gas</n:title></n:news>"
    )

    entry = read_sitemap(urlset("https://t.example/1", extra=news)).entries[0]

    assert entry.title == "Oil & gas"
    assert entry.published_at == EVENING
    assert entry.modified_at == datetime(2024, 6, 18, tzinfo=UTC)


def test_an_image_is_no_page() -> None:
    image = '<i:image xmlns:i="x"><i:loc>https://t.example/i.jpg</i:loc></i:image>'

    assert locs(urlset("https://t.example/1", extra=image)) == ["https://t.example/1"]


def test_a_bare_ampersand_is_read_as_it_was_meant() -> None:
    body = urlset("https://t.example/?a=1&b=2", "<![CDATA[https://t.example/?a=1&b=2]]>")

    assert locs(body) == ["https://t.example/?a=1&b=2"] * 2


@pytest.mark.parametrize(
    ("body", "links"),
    [
        (b"# our pages\n\nhttps://t.example/1\n", ["https://t.example/1"]),
        (b"<URLSET><Url><LOC>https://t.example/1</LOC></Url></URLSET>", ["https://t.example/1"]),
        (
            b"<urlset><url><loc>http://a/\x01a</loc></url><url><loc>http://a/2</loc></url></urlset>",
            ["http://a/2"],
        ),
    ],
)
def test_odd_spellings_name_no_other_page(body: bytes, links: list[str]) -> None:
    assert [entry.url for entry in read_sitemap(body).entries] == links


def test_a_link_that_was_cut_in_two_is_left_out() -> None:
    body = urlset("https://t.example/1")[:-9] + b"<url><loc>https://t.example/12"

    assert locs(body) == ["https://t.example/1"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\x01",
        b"<html><a href='https://t.example/'>x</a></html>",
        b"<rss><channel><item><link>https://t.example/1</link></item></channel></rss>",
        b'<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        + urlset("https://t.example/&x;"),
        b'<!DOCTYPE u [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + urlset("https://t.example/&b;"),
        gzip.compress(urlset("https://t.example/1"))[:-5],
        gzip.compress(urlset("https://t.example/1") + b" " * 60_000_000),
    ],
)
def test_what_is_no_sitemap_is_refused(body: bytes) -> None:
    with pytest.raises(NotASitemapError):
        read_sitemap(body)


def test_entries_beyond_the_limit_are_left_out() -> None:
    body = urlset(*(f"https://t.example/{number}" for number in range(50_001)))

    assert len(read_sitemap(body).entries) == 50_000


@given(st.binary(max_size=300))
def test_any_bytes_are_a_sitemap_or_refused(body: bytes) -> None:
    try:
        result: object = read_sitemap(body)
    except NotASitemapError as refused:
        result = refused

    assert isinstance(result, Sitemap | NotASitemapError)


RSS = """<rss version="2.0"><channel><title>Paper</title><link>https://t.example/</link><item>
<title>{title}</title><link>{link}</link><guid isPermaLink="false">7</guid>
<pubDate>Mon, 17 Jun 2024 22:17:00 +0400</pubDate></item></channel></rss>"""


def an_entry(title: str = "Oil", link: str = "https://t.example/1") -> FeedEntry:
    return read_feed(
        RSS.format(title=title, link=link).encode(), url="https://t.example/rss"
    ).entries[0]


def test_a_feed_and_its_items_are_read() -> None:
    feed = read_feed(RSS.format(title="Oil", link="https://t.example/1").encode())

    assert (feed.title, feed.link) == ("Paper", "https://t.example/")
    assert feed.entries == (
        FeedEntry(title="Oil", link="https://t.example/1", id="7", published_at=EVENING),
    )


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Oil & gas", "Oil & gas"),
        ("<![CDATA[Oil & <b>gas</b>]]>", "Oil & gas"),
        ("  two\n lines ", "two lines"),
        ("Oil\x0b gas", "Oil gas"),
        (
            "<b>Fire</b> in port<script>alert('x')</script>, two hurt<!-- ad -->",
            "Fire in port, two hurt",
        ),
    ],
)
def test_titles_are_plain_text(title: str, plain: str) -> None:
    assert an_entry(title=title).title == plain


@pytest.mark.parametrize(
    ("link", "read"),
    [
        ("https://t.example/?a=1&b=2", "https://t.example/?a=1&b=2"),
        ("/news/1", "https://t.example/news/1"),
    ],
)
def test_links_are_read_against_the_feed(link: str, read: str) -> None:
    assert an_entry(link=link).link == read


def test_a_feed_is_decoded_as_a_page_is() -> None:
    body = '<?xml version="1.0" encoding="windows-1254"?>' + RSS.format(title="İğdır", link="x")

    feed = read_feed(body.encode("cp1254"))

    assert feed.entries[0].title == "İğdır"


def test_a_json_feed_is_a_feed() -> None:
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Paper",
        "home_page_url": "https://t.example/",
        "items": [
            {"id": "7", "url": "/1", "title": "Oil", "date_published": "2024-06-17T22:17:00+04:00"},
            "nonsense",
        ],
    }

    feed = read_feed(json.dumps(body).encode(), url="https://t.example/feed.json")

    assert feed.entries == (
        FeedEntry(title="Oil", link="https://t.example/1", id="7", published_at=EVENING),
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"<html><title>x</title></html>",
        b"{",
        b"{}",
        b"/etc/passwd",
        b"[1]",
        b"<rss><channel><image></width></image></channel></rss>",
    ],
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(NotAFeedError):
        read_feed(body)


@given(st.binary(max_size=20), st.integers(0, 400), st.integers(0, 60))
def test_a_damaged_feed_is_read_or_refused(damage: bytes, place: int, lost: int) -> None:
    whole = RSS.format(title="Oil", link="https://t.example/1").encode()

    with contextlib.suppress(NotAFeedError):
        assert read_feed(whole[:place] + damage + whole[place + lost :]).entries is not None


def test_entities_are_not_followed() -> None:
    head = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY a "aaaa">]>'

    feed = read_feed((head + RSS.format(title="&x;", link="https://t.example/1")).encode())

    assert "root:" not in (feed.entries[0].title or "")


@pytest.mark.parametrize(
    "body",
    [
        b"NaN",
        b"[1,]",
        b"",
        b"[" * 100_000,
        b'"\xff"',
        b'{"a":1}x',
        b'"\\ud800"',
        b'{"a":[1,{"b":1e400}]}',
        b"9" * 400 + b".0",
    ],
)
def test_json_is_read_strictly(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(body)


def test_a_number_that_only_looks_too_large_is_read() -> None:
    assert read_json(b'{"1e400": ["9e999", 1e-400, 1e100]}') == {"1e400": ["9e999", 0.0, 1e100]}
