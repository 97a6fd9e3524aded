"""The bytes that are kept of a document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_enrich.duplicates import SKETCH_VERSION, Sketch, SketchVersionError, fingerprint
from tests.unit.duplicates.builders import a_fingerprint


@given(st.text(), st.text())
def test_a_sketch_reads_back_as_it_was_written(title: str, text: str) -> None:
    packed = fingerprint(title, text, page_key="page").sketch

    read = Sketch.unpack(packed)

    assert read.pack() == packed


def test_a_sketch_opens_with_its_version_and_stays_small() -> None:
    packed = a_fingerprint(1).sketch

    assert packed[0] == SKETCH_VERSION
    assert len(packed) <= 400


@pytest.mark.parametrize("damage", ["other version", "cut off", "empty"])
def test_what_is_no_sketch_of_this_version_is_refused(damage: str) -> None:
    packed = a_fingerprint(1).sketch
    broken = {
        "other version": bytes([SKETCH_VERSION + 1]) + packed[1:],
        "cut off": packed[:-1],
        "empty": b"",
    }[damage]

    with pytest.raises(SketchVersionError):
        Sketch.unpack(broken)
