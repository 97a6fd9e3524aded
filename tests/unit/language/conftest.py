"""One detector for all tests of this folder: its models take a while to load."""

import pytest

from newsmill_enrich.language import Detector


@pytest.fixture(scope="session")
def detector() -> Detector:
    """A detector, as every worker has one."""
    return Detector()
