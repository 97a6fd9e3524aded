"""Operators find a section for each code."""

import re
from pathlib import Path

from newsmill_shared.diagnosis import Code

_OPERATIONS = Path(__file__).parents[3] / "docs/operations.md"


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    after = _OPERATIONS.read_text().partition("## What the diagnosis says\n")[2]
    told = after.partition("\n## ")[0]

    assert sorted(re.findall(r"^### (.+)$", told, re.MULTILINE)) == sorted(Code)
