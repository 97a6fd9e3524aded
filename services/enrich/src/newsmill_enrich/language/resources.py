"""The package's data files, read as what they are."""

import json
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

__all__ = ["DATA", "read_mapping"]

DATA: Final = files("newsmill_enrich.language") / "data"
"""Folder of the data files; ``README.md`` there says where each comes from."""


def read_mapping(name: str) -> Mapping[str, str]:
    """A JSON object of strings."""
    content: dict[str, str] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return MappingProxyType(content)
