"""Which documents tell the same story, and which only look like it."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_enrich.duplicates import Comparison, Rule, Sketch, Thresholds, compare, fingerprint
from tests.unit.duplicates.builders import a_headline, a_story, an_unspaced_story

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def a_sketch(title: str, text: str, *, published_at: datetime | None = None) -> Sketch:
    return Sketch.unpack(
        fingerprint(title, text, page_key="page", published_at=published_at).sketch
    )


def compared(a: Sketch, b: Sketch, thresholds: Thresholds | None = None) -> Comparison:
    thresholds = thresholds or Thresholds()
    outcome = compare(a, b, thresholds)
    assert compare(b, a, thresholds) == outcome
    return outcome


def a_few_words_changed(text: str, *, every: int) -> str:
    words = text.split(" ")
    words[every - 1 :: every] = [f"x{word}" for word in words[every - 1 :: every]]
    return " ".join(words)


def a_harvest_report(apples: int, pears: int, plums: int, *, more: str = "") -> Sketch:
    text = (
        f"Growers in the valley picked {apples} tonnes of apples and {pears} tonnes of pears.\n"
        f"The harvest of plums came to {plums} tonnes, the chamber of agriculture said.\n{more}"
    )
    return a_sketch("Harvest in the valley", text)


def test_the_same_text_under_another_title_is_the_same_story() -> None:
    a, b = a_sketch("One title", a_story(1)), a_sketch("Quite another", a_story(1))

    outcome = compared(a, b)

    assert outcome == Comparison(Rule.EXACT, 1.0)
    assert outcome.same


def test_an_updated_story_is_the_same_story() -> None:
    story = a_story(1, paragraphs=8)
    grown = f"{a_story(2, paragraphs=2)}\n{story}\n{a_story(3, paragraphs=2)}"

    outcome = compared(a_sketch(a_headline(1), story), a_sketch(a_headline(2), grown))

    assert outcome.rule == Rule.CONTAINMENT
    assert outcome.similarity > 0.9


def test_a_copy_edited_in_every_tenth_word_is_the_same_story() -> None:
    story = a_story(1, paragraphs=10)
    edited = a_few_words_changed(story, every=10)

    outcome = compared(a_sketch(a_headline(1), story), a_sketch(a_headline(1), edited))

    assert outcome.rule == Rule.CONTAINMENT
    assert 0.5 < outcome.similarity < 0.9


def test_half_in_common_without_title_or_lead_is_another_story() -> None:
    background = a_story(9, paragraphs=5)
    a = a_sketch(a_headline(1), f"{a_story(1, paragraphs=6)}\n{background}")
    b = a_sketch(a_headline(2), f"{a_story(2, paragraphs=6)}\n{background}")

    outcome = compared(a, b)

    assert outcome.rule == Rule.APART
    assert not outcome.same


@pytest.mark.parametrize("title", [a_headline(1), f"UPDATE 2 {a_headline(1)} | The Paper"])
def test_the_beginning_of_a_long_story_is_an_excerpt_of_it(title: str) -> None:
    story = a_story(1, paragraphs=20)
    beginning = "\n".join(story.split("\n")[:3])

    outcome = compared(a_sketch(a_headline(1), story), a_sketch(title, beginning))

    assert outcome.rule == Rule.EXCERPT


def test_an_item_of_a_digest_is_no_copy_of_the_digest() -> None:
    items = [a_story(number, paragraphs=3) for number in range(6)]

    outcome = compared(
        a_sketch("What happened today", "\n".join(items)), a_sketch(a_headline(3), items[3])
    )

    assert outcome.rule == Rule.LEAD
    assert outcome.similarity > 0.8


def test_two_issues_of_a_form_are_told_apart_by_their_figures() -> None:
    monday, tuesday = a_harvest_report(12, 340, 5), a_harvest_report(14, 295, 8)

    outcome = compared(monday, tuesday)

    assert outcome.rule == Rule.FIGURES
    assert outcome.figures == 0.0
    assert outcome.similarity > 0.4


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("Курс {0} рубля за мешок, курс {1} рубля за бочку, и {2} рубля за воз сена сегодня.", 3),
        ("今晨气象台预报，山区最高气温{0}度，最低气温{1}度，湖区风力{2}级，相对湿度百分之{3}。", 4),
        (
            "ราคาผักที่ตลาดเช้านี้ ผักกาดกิโลกรัมละ {0} บาท แตงกวากิโลกรัมละ {1} บาท มะเขือเทศกิโลกรัมละ {2} บาท",
            3,
        ),
        ("وبلغ سعر الصندوق {0} درهما، وسعر الكيس {1} درهما، وسعر الحزمة {2} دراهم اليوم.", 3),
        ("Net {0} vs {1}\nSales {2} vs {3}\nShares {4} vs {5}\nSix months\nNet {6} vs {7}", 8),
    ],
)
def test_forms_are_told_apart_in_every_script(form: str, fields: int) -> None:
    rng = random.Random(4)

    def an_issue() -> Sketch:
        values = [f"{rng.randint(10, 99)}.{rng.randint(10, 99)}" for _ in range(fields)]
        frame = "The chamber publishes these figures every day as follows below.\n"
        return a_sketch("Prices today", (frame if form.isascii() else "") + form.format(*values))

    outcome = compared(an_issue(), an_issue())

    assert not outcome.same


def test_a_copy_of_a_form_is_the_same_story() -> None:
    more = "Our correspondent reports from the valley for this paper."

    outcome = compared(a_harvest_report(12, 340, 5), a_harvest_report(12, 340, 5, more=more))

    assert outcome.same


def test_numbers_of_an_added_paragraph_do_not_part_two_versions() -> None:
    story = f"{a_story(1)}\nThe bridge is 120 metres long and 14 wide, and it cost 3 million."
    added = "In May 47 people came, in June 112, and in July more than 230 of them."

    outcome = compared(a_sketch("A bridge", story), a_sketch("A bridge", f"{story}\n{added}"))

    assert outcome.same
    assert outcome.figures == 1.0


def test_short_texts_that_differ_in_names_alone_are_two_issues_of_a_form() -> None:
    form = (
        "The {road} is closed in both directions near {place} after a lorry lost its load of "
        "straw. Drivers should find another way until the road has been swept this evening."
    )
    a = a_sketch(
        "Coast road closed near Easterby", form.format(road="coast road", place="Easterby")
    )
    b = a_sketch("Hill road closed near Westerby", form.format(road="hill road", place="Westerby"))

    outcome = compared(a, b)

    assert outcome.rule == Rule.TITLE


def test_a_form_published_days_later_with_a_few_other_numbers_is_another_issue() -> None:
    more = a_story(5, paragraphs=4)
    figures = "Eggs cost 11, milk 12, flour 13, salt 14, tea 15, rice 16 and beans {0} crowns."

    def an_issue(beans: int, published_at: datetime | None) -> Sketch:
        return a_sketch("Prices", f"{more}\n{figures.format(beans)}", published_at=published_at)

    same_day = compared(an_issue(17, NOON), an_issue(18, NOON + timedelta(hours=5)))
    days_later = compared(an_issue(17, NOON), an_issue(18, NOON + timedelta(days=7)))
    unknown = compared(an_issue(17, NOON), an_issue(18, None))

    assert same_day.same
    assert days_later.rule == Rule.FIGURES
    assert days_later.hours_apart == 7 * 24
    assert unknown.same


@pytest.mark.parametrize("thai", [True, False])
def test_stories_in_one_sidebar_stay_two_stories_in_unspaced_scripts(*, thai: bool) -> None:
    headlines = [
        an_unspaced_story(number, thai=thai, paragraphs=1, length=120 if thai else 30).rstrip("。")
        + (" 3" if number % 2 else "")
        for number in range(100, 112)
    ]

    def a_page(number: int) -> Sketch:
        story = an_unspaced_story(number, thai=thai, paragraphs=2, length=260)
        return a_sketch(f"{number}", "\n".join([story, *headlines]))

    outcome = compared(a_page(1), a_page(2))

    assert outcome.rule == Rule.APART


def test_a_very_short_text_needs_the_same_title() -> None:
    notice = "This report can be read by subscribers only, so log in to go on with it."
    longer = f"{notice}\nOr buy a copy at the kiosk."

    same = compared(
        a_sketch("Bridge over the river opens", notice),
        a_sketch("Bridge over the river opens", longer),
    )
    other = compared(
        a_sketch("Bridge over the river opens", notice),
        a_sketch("Mayor of the old town resigns", longer),
    )

    assert same.same
    assert other.rule == Rule.SHORT


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Morning briefing", "Watch the pictures above."),
        ("The bridge over the river opens", ""),
        ("", ""),
    ],
)
def test_pages_that_say_next_to_nothing_are_not_one_story(title: str, text: str) -> None:
    outcome = compared(a_sketch(title, text), a_sketch(title, text))

    assert not outcome.same


@given(st.text(), st.text(), st.text(), st.text())
def test_any_two_documents_can_be_compared_in_either_order(
    title: str, text: str, other_title: str, other_text: str
) -> None:
    outcome = compared(a_sketch(title, text), a_sketch(other_title, other_text))

    assert 0 <= outcome.similarity <= 1


def test_texts_in_different_scripts_are_not_compared() -> None:
    a, b = a_sketch("One", a_story(1)), a_sketch("One", an_unspaced_story(1, thai=True))

    outcome = compared(a, b)

    assert outcome.rule == Rule.SCRIPT


def test_thresholds_can_be_moved() -> None:
    story = a_story(1, paragraphs=10)
    a = a_sketch(a_headline(1), story)
    b = a_sketch(a_headline(2), f"{story}\n{a_story(2, paragraphs=2)}")
    strict = replace(Thresholds(), containment=1.1, containment_with_support=1.1)

    assert compared(a, b).same
    assert not compared(a, b, strict).same
