"""Dates are read in many languages, with their zone and precision, or not at all."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_enrich.extraction.dates import Context, find_dates, parse_date, to_zone

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BAKU = Context(now=NOW, zone=to_zone("Asia/Baku"), zone_name="Asia/Baku")
NOWHERE = Context(now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "17 June 2024 22:17",
        "June 17, 2024 10:17 PM",
        "Monday, June 17th, 2024 at 10:17 p.m.",
        "10:17 PM, Mon June 17, 2024",
        "17.06.2024 22:17",
        "17/06/2024 | 22:17",
        "2024-06-17 22:17",
        "2024-06-17T22:17:00",
        "17 iyun 2024 22:17",
        "17 Haziran 2024 Pazartesi 22:17",
        "17 июня 2024 г., 22:17",
        "17 червня 2024, 22:17",
        "17. Juni 2024, 22:17 Uhr",
        "le 17 juin 2024 à 22h17",
        "17 de junio de 2024, 22:17",
        "17. června 2024 22:17",
        "17 czerwca 2024, 22:17",
        "2024. június 17. 22:17",
        "2024 m. birželio 17 d. 22:17",
        "ma 17.6.2024 klo 22.17",
        "17 Ιουνίου 2024 22:17",
        "17 ივნისი 2024 22:17",
        "١٧ يونيو ٢٠٢٤ - ٢٢:١٧",
        "17 ביוני 2024 22:17",
        "17 जून 2024, 10:17 PM",
        "17 มิถุนายน 2567 เวลา 22.17 น.",
        "17 tháng 6, 2024, 22:17",
        "2024年6月17日 22:17",
        "2024年06月17日22時17分",
        "2024. 6. 17. 오후 10:17",
        "۲۸ خرداد ۱۴۰۳ ساعت ۲۲:۱۷",
    ],
)
def test_a_date_with_a_time_takes_the_zone_of_its_site(text: str) -> None:
    moment = parse_date(text, BAKU)

    assert moment is not None
    assert moment.at == datetime(2024, 6, 17, 18, 17, tzinfo=UTC)
    assert (moment.precision, moment.zone, moment.zone_from) == ("minute", "Asia/Baku", "page")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-06-17T22:17:00+04:00", "2024-06-17T18:17:00+00:00"),
        ("2024-06-17T22:17:00Z", "2024-06-17T22:17:00+00:00"),
        ("Mon, 17 Jun 2024 22:17:00 +0400", "2024-06-17T18:17:00+00:00"),
        ("June 17, 2024 10:17 PM ET", "2024-06-18T02:17:00+00:00"),
        ("Jan 17, 2024 10:17 PM ET", "2024-01-18T03:17:00+00:00"),
        ("1718647020", "2024-06-17T17:57:00+00:00"),
        ("20240617T221700Z", "2024-06-17T22:17:00+00:00"),
    ],
)
def test_a_zone_in_the_text_beats_that_of_the_site(text: str, expected: str) -> None:
    moment = parse_date(text, BAKU)

    assert moment is not None
    assert moment.at.isoformat() == expected
    assert moment.zone_from == "text"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 17 Jun 24 22:17:00 GMT", "2024-06-17T22:17:00"),
        ("Monday, 17-Jun-24 22:17:00 GMT", "2024-06-17T22:17:00"),
        ("17 Jun 98 22:17 +0200", "1998-06-17T20:17:00"),
        ("Mon Jun 17 22:17:00 2024", "2024-06-17T22:17:00"),
        ("Mon Jun 17 22:17:00 PDT 2024", "2024-06-18T05:17:00"),
        ("Mon Jun 17 22:17:00 +0400 2024", "2024-06-17T18:17:00"),
        ("17 June 2024 22:17 AT", "2024-06-18T02:17:00"),
        ("17 June 2024 22:17 MEST", "2024-06-17T20:17:00"),
        ("20240617T221700+0400", "2024-06-17T18:17:00"),
        ("20240617T221700.123+04", "2024-06-17T18:17:00"),
        ("20240617221700", "2024-06-17T22:17:00"),
        ("2024-06-17T22Z", "2024-06-17T22:00:00"),
        ("2024-6-7T2:7:5Z", "2024-06-07T02:07:05"),
        ("2024-169", "2024-06-17T00:00:00"),
        ("2024-169T22:17:00+04:00", "2024-06-17T18:17:00"),
        ("2024-W25-1", "2024-06-17T00:00:00"),
        ("2024W251T2217Z", "2024-06-17T22:17:00"),
        ("2024-06-17T22:17:00\u221204:00", "2024-06-18T02:17:00"),
        ("2024-06-17 22:17:00 +0000 UTC", "2024-06-17T22:17:00"),
        ("17 Jun 2024 22:17:00 +4", "2024-06-17T18:17:00"),
        ("17 June 2024, 22:17 (GMT+4)", "2024-06-17T18:17:00"),
        ("2024年6月17日(月) 22時17分", "2024-06-17T22:17:00"),
        ("17 de junio de 2024 - 22:17 h", "2024-06-17T22:17:00"),
        ("17 iyun 2024-cü il", "2024-06-17T00:00:00"),
        ("2024\u201106\u201117", "2024-06-17T00:00:00"),
        ("1718647020.25", "2024-06-17T17:57:00"),
        ("/Date(1718647020000)/", "2024-06-17T17:57:00"),
    ],
)
def test_machines_are_understood_in_all_their_spellings(text: str, expected: str) -> None:
    moment = parse_date(text, NOWHERE)

    assert moment is not None
    assert moment.at.isoformat() == f"{expected}+00:00"


def test_a_day_alone_stays_that_day_in_every_zone() -> None:
    moment = parse_date("17 June 2024", BAKU)

    assert moment is not None
    assert (moment.at, moment.precision) == (datetime(2024, 6, 17, tzinfo=UTC), "day")


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "NaN", "22013", "30 February 2024 10:00", "0000-00-00", "9999-12-31",
        "2999-01-01T00:00:00Z", "2024-06-17T25:00:00Z", "2024-06-17T22:61:00Z", "1979-05-01",
        "2024-06-17T22:17:00+99:00", "Sun, 16 zzz 2012 11:47:32 GMT", "12 people since 2016",
        "2013-01-28T11:30:00-06:00Textra", "10.0.0.2024", "call 17 06 2024", "3.5.2024.1",
        "2026-01-04", "2023-366", "2024-000", "2024-W53-1", "v2024.6.17", "Jun 24", "12-06-24",
        "2024-W25", "Mon, 99 Jun 24 10:00:00 GMT",
    ],
)  # fmt: skip
def test_no_date_rather_than_a_wrong_one(text: str) -> None:
    moment = parse_date(text, NOWHERE)

    assert moment is None


def test_names_that_differ_between_languages_follow_the_declared_one() -> None:
    croatian = Context(now=NOW, language="hr")
    polish = Context(now=NOW, language="pl")

    days = [found.day for c in (croatian, polish) if (found := parse_date("3 listopada 2024", c))]

    assert days == ["2024-10-03", "2024-11-03"]


def test_month_first_only_where_told() -> None:
    american = Context(now=NOW, month_first=True)

    days = [found.day for c in (NOWHERE, american) if (found := parse_date("03/04/2024", c))]

    assert days == ["2024-04-03", "2024-03-04"]


@given(st.text(max_size=200))
def test_any_text_is_read_without_error_and_in_order(text: str) -> None:
    found = find_dates(text, NOWHERE)

    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(1990 <= match.moment.at.year <= 2026 for match in found)


@given(st.integers(min_value=700_000_000, max_value=1_760_000_000))
def test_iso_dates_are_read_back(seconds: int) -> None:
    aware = datetime.fromtimestamp(seconds, UTC)

    found = parse_date(aware.isoformat(), NOWHERE)

    assert found is not None
    assert found.at == aware
