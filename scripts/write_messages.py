"""Write an example of each message and note, with every field filled, and its JSON Schema.

``python scripts/write_messages.py [VERSION]`` writes into ``tests/data/messages/VERSION``. Those of
a release are written once, by its own code, and are to be read by all that comes after it.
"""

import sys
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, JsonValue

from newsmill_shared.messages import MESSAGES
from newsmill_shared.queue.notes import AnyNote
from newsmill_shared.schemas import schema_text

UNRELEASED = "unreleased"
FOLDER = Path(__file__).parents[1] / "tests" / "data" / "messages"

_VALUES: Mapping[object, object] = {
    bool: True,
    int: 1,
    float: 0.5,
    UUID: UUID("01a211f6-a5fb-7569-97c1-7634a0905a43"),
    datetime: datetime(2025, 6, 17, 18, 17, tzinfo=UTC),
    JsonValue: "any",
}


def example(model: type[BaseModel]) -> dict[str, object]:
    """Return a value for each field of a model, also of those that have a default."""
    return {
        name: name
        if field.annotation is str
        else field.default
        if get_origin(field.annotation) is Literal and name == "kind"
        else _value(field.annotation)
        for name, field in model.model_fields.items()
    }


def _value(kind: Any) -> object:  # noqa: PLR0911 - a return for each kind of type
    origin, inner = get_origin(kind), get_args(kind)
    if kind in _VALUES:
        return _VALUES[kind]
    if kind is str:
        return "text"
    if origin in (Union, types.UnionType):
        return _value(next(one for one in inner if one is not type(None)))
    if origin is Literal:
        return inner[0]
    if origin is tuple:
        return (_value(inner[0]),)
    if origin is dict:
        return {"name": _value(inner[1])}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return next(iter(kind))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return example(kind)
    # What pydantic adds to a type, as AwareDatetime does.
    return _VALUES[datetime]


def files() -> dict[str, str]:
    """Return what is to be written, by names of files."""
    written = {}
    for message in MESSAGES:
        filled = message.model_validate(example(message))
        written[f"{message.TYPE}.json"] = filled.model_dump_json(indent=1) + "\n"
        written[f"schemas/{message.TYPE}.json"] = schema_text(message)
    for note in get_args(AnyNote):
        filled = note.model_validate(example(note))
        kind = note.model_fields["kind"].default
        written[f"note.{kind}.json"] = filled.model_dump_json(indent=1) + "\n"
    return written


def main() -> None:
    """Write the files of a version, and remove those of messages that are gone."""
    folder = FOLDER / (sys.argv[1] if len(sys.argv) > 1 else UNRELEASED)
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    written = files()
    for old in folder.rglob("*.json"):
        if str(old.relative_to(folder)) not in written:
            old.unlink()
    for name, content in written.items():
        (folder / name).write_text(content, encoding="utf-8")
    print(f"messages: {len(written)} files of {folder.name}")


if __name__ == "__main__":
    main()
