"""The JSON Schema of each message, for those who speak to the queues without this package.

``page.fetched.v1.json`` beside this module is what ``PageFetched`` accepts; a field that has a
default may be left out, and fields it does not name are ignored.
"""

import json

from newsmill_shared.messages import Message

__all__ = ["schema_text"]


def schema_text(message: type[Message]) -> str:
    """Return a message's JSON Schema (draft 2020-12) as the text of its committed file."""
    schema = message.model_json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:newsmill:{message.TYPE}",
    }
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"
