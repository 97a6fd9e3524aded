"""A data directory of the test's own that engines of another user can enter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import open_folder


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder with a short path; gone afterwards."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def disk() -> Iterator[Path]:
    """Such a folder that programs can be started from."""
    with open_folder(in_memory=False) as folder:
        yield folder
