"""What goes over the wire: committed schemas, and messages that survive it."""

import json
from datetime import timedelta, timezone
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import AwareDatetime, BaseModel, JsonValue
from pydantic_core import to_jsonable_python

from newsmill_shared import schemas
from newsmill_shared.messages import (
    MESSAGES,
    Category,
    FetchPage,
    Language,
    Message,
    Relation,
    Span,
)
from newsmill_shared.schemas import schema_text

# Hypothesis reads the rest from the models, so that a field added later is tried too. JSON knows
# neither infinity nor NaN; offsets are whole minutes, as RFC 3339 writes them.
finite = st.floats(allow_nan=False, allow_infinity=False)
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
why = st.dictionaries(st.text(), json_values, max_size=3)
st.register_type_strategy(AwareDatetime, st.datetimes(timezones=offsets))
st.register_type_strategy(JsonValue, json_values)  # type: ignore[arg-type]
st.register_type_strategy(Language, st.builds(Language, confidence=finite))
st.register_type_strategy(Category, st.builds(Category, score=finite, why=why))
st.register_type_strategy(Span, st.builds(Span, began_at=..., seconds=st.none() | finite))
st.register_type_strategy(Relation, st.builds(Relation, similarity=finite))
st.register_type_strategy(
    FetchPage,
    st.builds(FetchPage, fetch_seconds=finite, hops=..., cookies=..., timezone=...),
)

any_message = st.one_of([st.from_type(message) for message in MESSAGES])


def from_a_newer_sender(value: object) -> Any:
    """Return what a sender would put on the wire whose every model has one more field."""
    if isinstance(value, BaseModel):
        known = {name: from_a_newer_sender(inner) for name, inner in value}
        return known | {"added_later": {"anything": [1]}}
    if isinstance(value, tuple):
        return [from_a_newer_sender(inner) for inner in value]
    return to_jsonable_python(value)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.TYPE)
def test_a_messages_schema_is_the_committed_file(message: type[Message]) -> None:
    committed = files(schemas).joinpath(f"{message.TYPE}.json").read_text()

    current = schema_text(message)

    assert current == committed, "the message changed: run `make schemas` and read the difference"


def test_no_schema_is_left_of_a_message_that_is_gone() -> None:
    committed = {file.name for file in files(schemas).iterdir() if file.name.endswith(".json")}

    assert committed == {f"{message.TYPE}.json" for message in MESSAGES}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.TYPE)
def test_a_committed_schema_is_a_valid_schema(message: type[Message]) -> None:
    committed = json.loads(files(schemas).joinpath(f"{message.TYPE}.json").read_text())

    Draft202012Validator.check_schema(committed)


def test_wire_types_are_unique_and_carry_a_version() -> None:
    types = [message.TYPE for message in MESSAGES]

    assert len(set(types)) == len(types)
    assert all(wire_type.rpartition(".")[2].startswith("v") for wire_type in types)


@given(message=any_message)
def test_a_message_survives_the_wire(message: Message) -> None:
    wire = message.model_dump_json()

    received = type(message).model_validate_json(wire)

    assert received == message


@given(message=any_message)
def test_a_message_meets_its_committed_schema(message: Message) -> None:
    validator = Draft202012Validator(json.loads(schema_text(type(message))))

    sent = json.loads(message.model_dump_json())

    validator.validate(sent)


@given(message=any_message)
def test_fields_that_a_receiver_does_not_know_are_ignored(message: Message) -> None:
    wire = from_a_newer_sender(message)

    received = type(message).model_validate_json(json.dumps(wire))

    assert received == message
