"""Writes a model file with its card."""

import hashlib
import json
from pathlib import Path

from pydantic import JsonValue

from newsmill_enrich.topics.artefact import Contents, card_of, pack

__all__ = ["VERSION", "write"]

VERSION = "1"
"""Raised when a model decides noticeably otherwise than the one before."""


def write(contents: Contents, path: Path, card: dict[str, JsonValue]) -> str:
    """Write the model and its card, and return the model's sha256 (hex)."""
    content = pack(contents)
    digest = hashlib.sha256(content).hexdigest()
    full: dict[str, JsonValue] = {"version": VERSION, "sha256": digest, **card}
    path.write_bytes(content)
    card_of(path).write_text(json.dumps(full, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return digest
