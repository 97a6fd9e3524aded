"""Which URLs are taken, and which of them are one page."""

import contextlib
import hashlib
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsmill_shared.urls import (
    MAX_URL_CHARACTERS,
    URLRefusedError,
    canonicalize,
    resolve_reference,
)


def canonical(url: str) -> str:
    return canonicalize(url).canonical


def refusal(url: str) -> str:
    with pytest.raises(URLRefusedError) as caught:
        canonicalize(url)
    return caught.value.code


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTPS://News.Example:443/a", "https://news.example/a"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example./a", "https://news.example/a"),
        ("  https://news.example/a\n", "https://news.example/a"),
        ("https://news.example/a#top", "https://news.example/a"),
        ("https://news.example/a?", "https://news.example/a"),
        ("https://news.example/a/../b/./c", "https://news.example/b/c"),
        ("https://news.example/%7euser/%2e/x%c9%99", "https://news.example/~user/x%C9%99"),
        ("https://news.example/xəbər", "https://news.example/x%C9%99b%C9%99r"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://news.example/?b=1&a=2", "https://news.example/?a=2&b=1"),
        ("https://news.example/?q=a%20b", "https://news.example/?q=a+b"),
        ("https://news.example/?x", "https://news.example/?x="),
        ("https://news.example/100%", "https://news.example/100%25"),
    ],
)
def test_spellings_of_one_address_share_a_key(one: str, other: str) -> None:
    first, second = canonicalize(one), canonicalize(other)

    assert first.key == second.key
    assert first.canonical == second.canonical


@pytest.mark.parametrize(
    "tracker", ["utm_source=x", "UTM_Medium=y", "fbclid=1", "gclid=2", "yclid=3", "mc_eid=4"]
)
def test_known_trackers_do_not_make_another_page(tracker: str) -> None:
    plain = canonical("https://news.example/a?id=7")

    assert canonical(f"https://news.example/a?{tracker}&id=7") == plain
    assert canonical(f"https://news.example/a?id=7&{tracker}") == plain


@pytest.mark.parametrize("name", ["ref", "source", "id", "p", "page", "lang", "cid", "eid", "gl"])
def test_a_parameter_that_is_no_known_tracker_is_kept(name: str) -> None:
    assert canonical(f"https://news.example/a?{name}=1") != canonical("https://news.example/a")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/?a=1&a=2", "https://news.example/?a=2&a=1"),
        ("https://news.example/?x=1%262", "https://news.example/?x=1&2"),
        ("https://news.example/a%2Fb", "https://news.example/a/b"),
        ("https://news.example/%2525", "https://news.example/%25"),
        ("https://news.example/%%300", "https://news.example/%00"),
        ("https://news.example/%%36%31", "https://news.example/a"),
        ("https://news.example/a//b", "https://news.example/a/b"),
        ("https://news.example/A", "https://news.example/a"),
        ("https://www.news.example/a", "https://news.example/a"),
        ("http://news.example:8080/", "http://news.example/"),
        ("https://news.example/utm_source=x", "https://news.example/"),
    ],
)
def test_different_pages_keep_different_keys(one: str, other: str) -> None:
    assert canonicalize(one).key != canonicalize(other).key


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "not_a_url"),
        ("news.example/a", "not_a_url"),
        ("https:///a", "not_a_url"),
        ("http:/news.example/", "not_a_url"),
        ("ftp://news.example/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("https://user:secret@news.example/", "userinfo"),
        ("https://@news.example/", "userinfo"),
        ("https://news.example:99999/", "port"),
        ("https://news.example:http/", "port"),
        ("https://news.example:²/", "port"),
        ("https://[::1/", "host"),
        ("https://[fe80::1%25eth0]/", "host"),
        ("https://news.09../", "host"),
        ("https://0x..", "host"),
        ("https://2130706433../", "host"),
        ("https://ne%77s.example/", "host"),
        ("https://.news.example/", "host"),
        ("https://news..example/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://2130706433/", "host"),
        ("https://127.0.0.1./", "host"),
        ("https://news!.example/", "host"),
        ("https://ne\u200bws.example/", "characters"),
        ("https://ne ws.example/", "characters"),
        ("https://news.example\\@other.example/", "characters"),
        ("https://news.example/a\r\nHost: other", "characters"),
        ("https://news.example/\ud800", "characters"),
        ("https://news.example/" + "a" * MAX_URL_CHARACTERS, "too_long"),
        ("https://news.example/" + "ə" * 1000, "too_long"),
    ],
)
def test_a_url_that_two_programs_may_read_differently_is_refused(url: str, code: str) -> None:
    assert refusal(url) == code


def test_the_url_to_ask_for_keeps_every_parameter_as_it_was_given() -> None:
    url = canonicalize("https://news.example/a?utm_source=x&b=%7e&a=1#comments")

    assert url.url == "https://news.example/a?utm_source=x&b=%7e&a=1"


@pytest.mark.parametrize(
    ("url", "host", "hostname", "port"),
    [
        ("https://News.Example/a", "news.example", "news.example", 443),
        ("http://news.example/a", "news.example", "news.example", 80),
        ("http://news.example:8080/a", "news.example:8080", "news.example", 8080),
        ("http://127.77.0.5:8080/a", "127.77.0.5:8080", "127.77.0.5", 8080),
        ("https://[2606:4700::0001]/", "[2606:4700::1]", "[2606:4700::1]", 443),
    ],
)
def test_the_unit_of_politeness_is_the_host_with_an_unusual_port(
    url: str, host: str, hostname: str, port: int
) -> None:
    parsed = canonicalize(url)

    assert (parsed.host, parsed.hostname, parsed.port) == (host, hostname, port)


def test_the_key_is_the_sha256_of_the_canonical_form() -> None:
    url = canonicalize("https://news.example/a")

    assert url.key == hashlib.sha256(b"https://news.example/a").hexdigest()


@given(st.text(max_size=60), st.text(max_size=60))
@example("/%2%35", "a=%2541&%")
@example("/%%36%31/%%32e%%32e/x", "%%36%31=%%32%35")
@example("/a/%2e%2E/b", "x=y=z&&=&")
def test_the_canonical_form_is_its_own_canonical_form(path: str, query: str) -> None:
    url = f"https://news.example/{quote(path, safe='%/;=:@')}?{quote(query, safe='%&=+?/')}"

    once = canonicalize(url)

    assert canonicalize(once.canonical).canonical == once.canonical
    assert canonicalize(once.url).key == once.key


@given(st.text(max_size=80))
def test_any_text_is_either_taken_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://news.example/{text}"):
        with contextlib.suppress(URLRefusedError):
            parsed = canonicalize(url)

            assert parsed.url.isascii()
            assert parsed.scheme in ("http", "https")


@pytest.mark.parametrize(
    ("reference", "absolute"),
    [
        ("b", "https://news.example/x/b"),
        ("/b c", "https://news.example/b%20c"),
        ("//cdn.example/b", "https://cdn.example/b"),
        (" https://other.example/ ", "https://other.example/"),
        ("?page=2", "https://news.example/x/a?page=2"),
    ],
)
def test_a_reference_is_read_against_its_page(reference: str, absolute: str) -> None:
    assert resolve_reference("https://news.example/x/a", reference) == absolute


def test_a_reference_that_is_no_url_is_refused() -> None:
    with pytest.raises(URLRefusedError):
        resolve_reference("https://news.example/", "https://[::1")
