"""From bytes and headers to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.charsets import codec_for_label
from newsmill_shared.decoding import declared_encoding, decode

RUSSIAN = "<p>Новости дня: цены на нефть выросли.</p>"
POLISH = "<p>Zażółć gęślą jaźń, powiedział „rzecznik”.</p>"
AZERBAIJANI = "<p>Neft qiymətləri artıb, deyə nazir bildirib.</p>"


def test_a_byte_order_mark_beats_what_is_declared() -> None:
    decoded = decode(b"\xef\xbb\xbf" + AZERBAIJANI.encode(), "text/html; charset=windows-1251")

    assert (decoded.text, decoded.encoding, decoded.found_in) == (AZERBAIJANI, "utf-8", "bom")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_wide_characters_are_seen_with_and_without_a_mark(codec: str) -> None:
    assert decode(AZERBAIJANI.encode(codec)).text == AZERBAIJANI


def test_valid_utf_8_is_utf_8_whatever_is_declared() -> None:
    body = b"<meta charset=iso-8859-1>" + AZERBAIJANI.encode()

    decoded = decode(body, "text/html; charset=ISO-8859-1")

    assert AZERBAIJANI in decoded.text
    assert decoded.found_in == "bytes"


@pytest.mark.parametrize("damage", [b"\xff", b"\xc3"])
def test_one_broken_byte_does_not_make_it_another_encoding(damage: bytes) -> None:
    body = AZERBAIJANI.encode() + damage + AZERBAIJANI.encode()

    assert decode(body).text == f"{AZERBAIJANI}\ufffd{AZERBAIJANI}"


def test_of_few_letters_one_may_be_broken_if_the_page_says_utf_8() -> None:
    body = b"<p>un uomo afferm\xc3\xb2 che il sistema solare\xff si muoveva</p>"

    assert "affermò" in decode(body, "text/html; charset=utf-8").text
    assert "affermò" in decode(b"<meta charset=utf-8>" + body).text


def test_a_last_character_that_is_cut_off_is_dropped() -> None:
    assert decode("xəbə".encode()[:-1]).text == "xəb"


@pytest.mark.parametrize(
    ("body", "content_type", "encoding", "found_in"),
    [
        (RUSSIAN.encode("cp1251"), "text/html; charset=windows-1251", "cp1251", "header"),
        (RUSSIAN.encode("cp1251"), 'text/html; charset="cp1251"', "cp1251", "header"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=win1251", "cp1251", "header"),
        (
            b"<meta charset=windows-1251>" + RUSSIAN.encode("cp1251"),
            "text/html",
            "cp1251",
            "document",
        ),
        (
            b"<script>"
            + b"x" * 3000
            + b"</script><meta charset=koi8-r>"
            + RUSSIAN.encode("koi8-r"),
            None,
            "koi8-r",
            "document",
        ),
        (
            b"<?xml version='1.0' encoding='windows-1251'?>" + RUSSIAN.encode("cp1251"),
            None,
            "cp1251",
            "document",
        ),
        (RUSSIAN.encode("cp1251"), None, "cp1251", "detector"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=utf-8", "cp1251", "detector"),
        (POLISH.encode("cp1250"), "text/html; charset=iso-8859-2", "cp1250", "header"),
        ("新聞".encode("iso2022_jp"), None, "iso2022-jp", "bytes"),
    ],
)
def test_the_encoding_is_found_and_where_it_was_is_told(
    body: bytes, content_type: str | None, encoding: str, found_in: str
) -> None:
    decoded = decode(body, content_type)

    assert (decoded.encoding, decoded.found_in) == (encoding, found_in)
    assert "\ufffd" not in decoded.text


@pytest.mark.parametrize(
    ("document", "encoding"),
    [
        (b"<meta charset=iso-8859-2>", "iso8859-2"),
        (b"<META CHARSET = 'ISO-8859-2' >", "iso8859-2"),
        (b"<meta\tcharset=iso-8859-2/>", "cp1252"),
        (b"<meta/charset=iso-8859-2 />", "iso8859-2"),
        (b'<meta http-equiv=content-type content="text/html; charset=koi8-r">', "koi8-r"),
        (b'<meta content="text/html; charset=koi8-r">', "cp1252"),
        (b"<!-- <meta charset=koi8-r> --><meta charset=big5>", "big5hkscs"),
        (b"<!--><meta charset=koi8-r>", "koi8-r"),
        (b"<p title='<meta charset=koi8-r>'>", "cp1252"),
        (b"<meta charset=koi8-r", "cp1252"),
        (b"<meta charset=utf-16le>", "utf-8"),
        (b"<meta charset=nonsense><meta charset=koi8-r>", "koi8-r"),
        (b"<a b='", "cp1252"),
        (b"", "cp1252"),
    ],
)
def test_a_declaration_is_read_as_browsers_do(document: bytes, encoding: str) -> None:
    assert declared_encoding(document) == encoding


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("win1251", "cp1251"),
        ("euc_jp", "euc-jp"),
        ("ISO 8859-2", "iso8859-2"),
        ("utf8mb4", "utf-8"),
    ],
)
def test_a_label_may_differ_in_its_punctuation(label: str, codec: str) -> None:
    assert codec_for_label(label) == codec


@pytest.mark.parametrize(
    "label", ['iso8859-2"', "utf-7", "rot13", "unicode_escape", "hz-gb-2312", "", "zlib"]
)
def test_a_label_that_the_web_does_not_know_names_nothing(label: str) -> None:
    assert codec_for_label(label) is None


@given(st.binary(max_size=300), st.none() | st.text(max_size=30))
def test_decoding_never_fails(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode(body, content_type).text, str)


@given(st.text(max_size=200).filter(lambda text: "\x1b" not in text))
def test_utf_8_comes_back_as_it_was(text: str) -> None:
    body = b"<p>" + text.encode()

    assert decode(body).text == "<p>" + text
