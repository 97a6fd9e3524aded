"""Celery's messages as they lie in Redis (protocol 2), read without Celery.

A worker ends when a list that it consumes holds junk, so the list that strangers write has no
worker: this reads it. Anything but a sound message is a refusal, never an error.
"""

import base64
import binascii
from enum import StrEnum

from pydantic import JsonValue

from newsmill_gateway.problems import Refusal
from newsmill_shared.json_text import read_json

__all__ = ["TASK", "EnvelopeCode", "read_envelope"]

TASK = "newsmill.url.submit"
"""The one task that may be sent."""


class EnvelopeCode(StrEnum):
    """What can be wrong with a message itself; never renamed."""

    ENVELOPE = "envelope"
    UNKNOWN_TASK = "unknown_task"
    ARGUMENTS = "arguments"


def read_envelope(raw: bytes) -> JsonValue | Refusal:
    """Return the options that a message hands in, as the HTTP door takes them.

    They are the task's keyword arguments; the URL may be its one positional argument. The
    message's ``eta`` (also that of a countdown) and ``expires`` stand for ``not_before`` and
    ``expires_at``, unless those are given.
    """
    try:
        message = read_json(raw)
    except ValueError:
        return _unsound("it is not JSON")
    headers = message.get("headers") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(headers, dict) or "task" not in headers:
        return _unsound("it has no headers.task (protocol 2)")
    if headers["task"] != TASK:
        return Refusal(EnvelopeCode.UNKNOWN_TASK, f"the only task here is {TASK}")
    body = _body(message, headers)
    match body:
        case Refusal():
            return body
        case [list() as args, dict() as kwargs, _]:
            return _options(args, kwargs, headers)
        case _:
            return _unsound("its body is not [args, kwargs, embed]")


def _body(message: dict[str, JsonValue], headers: dict[str, JsonValue]) -> JsonValue | Refusal:
    if headers.get("compression"):
        return _unsound("compressed messages are not read")
    if message.get("content-type") != "application/json":
        return _unsound("its content-type is not application/json: use the serializer json")
    properties = message.get("properties")
    encoding = properties.get("body_encoding") if isinstance(properties, dict) else None
    text = message.get("body")
    if encoding != "base64" or not isinstance(text, str):
        return _unsound("its body is not text in base64")
    try:
        return read_json(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return _unsound("its body is not JSON in base64")


def _options(
    args: list[JsonValue], kwargs: dict[str, JsonValue], headers: dict[str, JsonValue]
) -> JsonValue | Refusal:
    options = {name: _plain(value) for name, value in kwargs.items()}
    if args:
        if len(args) > 1 or not isinstance(args[0], str) or "url" in options:
            return Refusal(
                EnvelopeCode.ARGUMENTS, "give one URL, as url=... or as the only argument"
            )
        options["url"] = args[0]
    for header, option in (("eta", "not_before"), ("expires", "expires_at")):
        if headers.get(header) is not None:
            options.setdefault(option, headers[header])
    return options


def _plain(value: JsonValue) -> JsonValue:
    """Return the text of a datetime, which kombu writes as an object of its own."""
    match value:
        case {"__type__": "datetime", "__value__": str(text), **rest} if not rest:
            return text
        case _:
            return value


def _unsound(why: str) -> Refusal:
    return Refusal(EnvelopeCode.ENVELOPE, f"this is no Celery message: {why}")
