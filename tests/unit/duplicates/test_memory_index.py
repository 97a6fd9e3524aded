"""The index in a process's own memory."""

import pytest

from newsmill_enrich.duplicates import Index, MemoryIndex
from tests.unit.duplicates.index_suite import IndexSuite


class TestMemoryIndex(IndexSuite):
    @pytest.fixture
    def index(self) -> Index:
        return MemoryIndex()
