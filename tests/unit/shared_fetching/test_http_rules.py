"""Codings, cookies, header rules and deadlines, without a host."""

import gzip
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.errors import EndedError
from newsmill_shared.http.codings import decoder_for
from newsmill_shared.http.cookies import MAX_COOKIES, Cookies
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import Validators, media_type, retry_after_seconds
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
}


def unpack(coding: str, pieces: list[bytes], room: int = 10_000_000) -> bytes:
    decoder = decoder_for(coding)
    data = b"".join(decoder.feed(piece, room) for piece in pieces)
    decoder.finish()
    return data


@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=2000), st.integers(1, 50))
def test_a_body_comes_back_however_it_is_cut_into_pieces(
    coding: str, body: bytes, size: int
) -> None:
    packed = PACKERS[coding](body)

    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]

    assert unpack(coding, pieces) == body


@given(st.sampled_from(["gzip", "deflate"]), st.binary(min_size=1, max_size=500), st.data())
def test_a_packed_body_that_is_cut_short_is_refused(
    coding: str, body: bytes, data: st.DataObject
) -> None:
    packed = PACKERS[coding](body)
    length = data.draw(st.integers(0, len(packed) - 1))

    with pytest.raises(EndedError) as ended:
        unpack(coding, [packed[:length]])

    assert ended.value.reason is Reason.DECODE


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_never_unfolds_beyond_the_room_it_is_given(coding: str) -> None:
    bomb = PACKERS[coding](bytes(10_000_000))

    assert len(decoder_for(coding).feed(bomb, 1000)) == 1001


@given(st.sampled_from(["gzip", "deflate"]), st.binary(max_size=200))
def test_any_bytes_are_either_unpacked_or_refused(coding: str, body: bytes) -> None:
    verdict: Reason | None = None
    try:
        unpack(coding, [body])
    except EndedError as ended:
        verdict = ended.reason

    assert verdict in (None, Reason.DECODE)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress", "gzip, br"])
def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    with pytest.raises(EndedError) as ended:
        decoder_for(coding)

    assert ended.value.reason is Reason.PROTOCOL


NEWS = canonicalize("https://news.example/a/b?c")


def header(set_cookie: str, asked: str, *, given_by: str = NEWS.url) -> str | None:
    cookies = Cookies()
    cookies.absorb(canonicalize(given_by), [set_cookie])
    return Cookies(cookies.dump()).header(canonicalize(asked))


@pytest.mark.parametrize(
    ("set_cookie", "asked", "sent"),
    [
        ("k=v", "https://news.example/a/c", "k=v"),
        ("k=v", "https://news.example/other", None),
        ("k=v; Path=/", "https://news.example/other", "k=v"),
        ("k=v; Path=/", "https://www.news.example/", None),
        ("k=v; Path=/; Domain=news.example", "https://www.news.example/", "k=v"),
        ("k=v; Path=/; Domain=.news.example", "https://news.example/", "k=v"),
        ("k=v; Path=/; Domain=other.example", "https://other.example/", None),
        ("k=v; Path=/; Domain=example", "https://other.example/", None),
        ("k=v; Path=/; Domain=ews.example", "https://news.example/", None),
        ("k=v; Path=/; Secure", "http://news.example/", None),
        ("k=v; Path=/a", "https://news.example/ab", None),
        ("k=a=b; Path=/; HttpOnly; SameSite=Lax", "https://news.example/", "k=a=b"),
        ("=v; Path=/", "https://news.example/", None),
        ("k; Path=/", "https://news.example/", None),
        ("k=v\x00; Path=/", "https://news.example/", None),
        ("k=" + "v" * 5000 + "; Path=/", "https://news.example/", None),
        ("k=v; Path=/; Max-Age=0", "https://news.example/", None),
    ],
)
def test_a_cookie_goes_back_only_to_where_it_belongs(
    set_cookie: str, asked: str, sent: str | None
) -> None:
    assert header(set_cookie, asked) == sent


def test_a_cookie_can_be_replaced_and_taken_back() -> None:
    cookies = Cookies()

    cookies.absorb(NEWS, ["k=1; Path=/", "k=2; Path=/", "gone=1; Path=/"])
    cookies.absorb(NEWS, ["gone=; Path=/; Max-Age=-1"])

    assert cookies.header(NEWS) == "k=2"


@pytest.mark.parametrize(("size", "kept"), [(10, MAX_COOKIES), (1000, 16), (4000, 4)])
def test_a_flood_of_cookies_is_bounded(size: int, kept: int) -> None:
    cookies = Cookies()

    cookies.absorb(NEWS, [f"k{number}={'v' * size}; Path=/" for number in range(5000)])

    assert len(cookies.dump()) == kept
    assert len(cookies.header(NEWS) or "") <= 8192


def test_carried_text_in_another_form_is_left_out() -> None:
    assert Cookies({"plain": "v"}).header(NEWS) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("9" * 5000, 86_400),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Wed, 04 Mar 2026 05:07:07 GMT", 60),
        ("Wed, 04 Mar 2026 05:07:07 -0000", 60),
        ("Wed, 04 Mar 2020 05:07:07 GMT", 0),
        ("Wed, 04 Mar 2099 05:07:07 GMT", 86_400),
        ("Wed, 04 Mar 99999999 05:07:07 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_up_to_a_day(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(value, now=NOW) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_gives_a_bounded_number_or_none(value: str) -> None:
    seconds = retry_after_seconds(value, now=NOW)

    assert seconds is None or 0 <= seconds <= timedelta(days=1).total_seconds()


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("Text/HTML; charset=utf-8", "text/html"),
        ("text/html;;", "text/html"),
        ("text/html, text/html", "text/html"),
        ("html", None),
        ("", None),
        (None, None),
        ("text/html charset=x", None),
    ],
)
def test_a_media_type_is_read_without_its_parameters(
    content_type: str | None, expected: str | None
) -> None:
    assert media_type(content_type) == expected


def test_validators_are_sent_back_word_for_word() -> None:
    assert Validators('W/"a b"', "yesterday").headers() == {
        "If-None-Match": 'W/"a b"',
        "If-Modified-Since": "yesterday",
    }
    assert Validators().headers() == {}


def test_a_deadline_counts_down_and_then_ends_the_chain() -> None:
    time = 100.0
    deadline = Deadline(2, clock=lambda: time)

    left = deadline.left()
    time = 102.5

    assert left == 2
    assert deadline.expired
    with pytest.raises(EndedError) as ended:
        deadline.left()
    assert ended.value.reason is Reason.TIMEOUT
