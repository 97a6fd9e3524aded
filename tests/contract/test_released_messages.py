"""Messages of every release are read, and what is sent now is understood by the release before."""

import base64
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from newsmill_shared.messages import MESSAGES, FetchPage, Message, PageFetched
from newsmill_shared.queue.notes import parse_note
from newsmill_store.adapters.redis_queue import read_result
from scripts.write_messages import FOLDER, UNRELEASED, files

VERSIONS = sorted(folder.name for folder in FOLDER.iterdir())
RELEASES = [version for version in VERSIONS if version != UNRELEASED]
EXAMPLES = [
    pytest.param(path, id=f"{version} {path.stem}")
    for version in VERSIONS
    for path in sorted((FOLDER / version).glob("*.json"))
]


def received(path: Path) -> Message | object | None:
    """Return what the receiver makes of an example, by the parser of its stage."""
    payload = json.loads(path.read_text())
    if path.name.startswith("note."):
        return parse_note(path.read_bytes())
    if path.stem == FetchPage.TYPE:
        return FetchPage.model_validate(payload)
    if path.stem == PageFetched.TYPE:
        return PageFetched.model_validate(payload)
    body = base64.b64encode(json.dumps([[payload], {}, {}]).encode()).decode()
    return read_result(json.dumps({"headers": {"task": path.stem}, "body": body}).encode())


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_message_of_any_release_is_read_by_its_stage(path: Path) -> None:
    assert received(path) is not None


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.TYPE)
@pytest.mark.parametrize("version", RELEASES)
def test_what_is_sent_now_is_understood_by_a_release(version: str, message: type[Message]) -> None:
    schema = json.loads((FOLDER / version / "schemas" / f"{message.TYPE}.json").read_text())
    sent = json.loads((FOLDER / UNRELEASED / f"{message.TYPE}.json").read_text())

    Draft202012Validator(schema).validate(sent)


def test_the_examples_of_now_are_what_the_code_writes() -> None:
    committed = {
        str(path.relative_to(FOLDER / UNRELEASED)): path.read_text()
        for path in (FOLDER / UNRELEASED).rglob("*.json")
    }

    assert committed == files(), "a message changed: run `make schemas` and read the difference"
