"""Whatever text a message holds becomes JSON that PostgreSQL takes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.database.rows import document, jsonb
from newsmill_shared.messages import Evidence

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["\0", "\\u0000", "a\0b", "\\\0", "\\\\u0000"]
)


@given(st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=3), max_size=4))
def test_a_message_is_written_without_nul_and_otherwise_as_it_is(
    values: dict[str, str | list[str]],
) -> None:
    evidence = Evidence(extraction=values)

    written = json.loads(document(evidence))

    expected = json.loads(jsonb(evidence.model_dump(mode="json")))
    assert written == expected
    assert "\0" not in str(written)


def test_a_backslash_before_u0000_is_text_and_stays() -> None:
    assert json.loads(jsonb({"a": "\\u0000"})) == {"a": "\\u0000"}


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    assert json.loads(jsonb({"a": "x\ud800"})) == {"a": "x\ufffd"}
