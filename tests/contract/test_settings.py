"""The settings: what is written of them is what the services read."""

from pathlib import Path

import pytest

from newsmill_shared.settings import unknown_names
from scripts.write_settings import files, names


@pytest.mark.parametrize(
    ("path", "content"), [pytest.param(*file, id=file[0].name) for file in files().items()]
)
def test_a_generated_file_is_what_make_settings_writes(path: Path, content: str) -> None:
    assert path.read_text(encoding="utf-8") == content, "run: make settings"


def test_no_name_that_newsmill_reads_is_unknown() -> None:
    assert unknown_names(names()) == {}
