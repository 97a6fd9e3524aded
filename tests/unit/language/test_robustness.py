"""Whatever a text contains, detection answers: quickly, with a confidence from 0 to 1."""

import functools
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsmill_enrich.language import Detected, Detector

MEGABYTE = 1 << 20


@functools.cache
def hostile_texts() -> dict[str, str]:
    noise = random.Random(7)
    return {
        "one megabyte of prose": "The council approved the new budget on Monday. " * 22_000,
        "one unbroken token": "a" * MEGABYTE,
        "one unbroken token of two letters": "ab" * (MEGABYTE // 2),
        "dots": "." * MEGABYTE,
        "a host name without end": "a." * (MEGABYTE // 2),
        "at signs": "@a" * (MEGABYTE // 2),
        "open brackets": "<" * MEGABYTE,
        "slashes": "/" * MEGABYTE,
        "ampersands": "&#x" * (MEGABYTE // 3),
        "digits": "1234567890 " * 90_000,
        "digits and letters unbroken": "a1" * (MEGABYTE // 2),
        "URLs": "https://example.org/news/2024/06/some-page.html\n" * 20_000,
        "emoji": "\U0001f600\U0001f1e6\U0001f1ff" * 50_000,
        "lone surrogates": "\ud800 text \udfff" * 50_000,
        "controls": "".join(map(chr, range(32))) * 30_000,
        "mixed directions": "سلام hello \u202eשלום\u202c " * 30_000,
        "line breaks": "\n" * MEGABYTE,
        "lines of one letter": "a\n" * (MEGABYTE // 2),
        "combining marks": "e\u0301" * (MEGABYTE // 2),
        "marks without a base": "\u0301" * MEGABYTE,
        "random characters": "".join(
            chr(noise.choice((noise.randrange(0x20, 0x3000), noise.randrange(0x110000))))
            for _ in range(200_000)
        ),
    }


def is_sound(detected: Detected) -> bool:
    language = detected.language
    return bool(language.tag) and 0.0 <= language.confidence <= 1.0


@pytest.mark.parametrize("name", hostile_texts())
def test_a_hostile_text_is_answered_within_half_a_second(detector: Detector, name: str) -> None:
    text = hostile_texts()[name]

    started = time.process_time()
    detected = detector.detect(text, text)
    seconds = time.process_time() - started

    assert is_sound(detected)
    assert seconds < 0.5


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(max_size=80), text=st.text(max_size=400))
def test_any_text_is_answered(detector: Detector, title: str, text: str) -> None:
    detected = detector.detect(title, text)

    assert is_sound(detected)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(st.characters(codec=None), max_size=80))
def test_lone_surrogates_are_answered(detector: Detector, title: str) -> None:
    detected = detector.detect(title + "\ud800", "\udc00" + title)

    assert is_sound(detected)


@pytest.mark.parametrize(
    "text",
    ["", " \n", "12345", "17.06.2024 10:30", "https://example.org/a", "@someone", "😀🔥", "a"],
)
def test_a_text_that_says_nothing_is_undetermined_and_says_why(
    detector: Detector, text: str
) -> None:
    detected = detector.detect("", text)

    assert detected.language.tag == "und"
    assert detected.language.confidence == 0.0
    assert detected.evidence["ground"]
