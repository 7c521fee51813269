"""What several tests of the core need: the shipped catalogue, and the data that may not ship."""

from pathlib import Path

import pytest

from accord.instruments import Catalogue, catalogue

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    """The questionnaires that come with Accord."""
    return catalogue()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data that are read by tests but not shipped."""
    if not SHARED.is_dir():
        pytest.skip("shared/data is not here: its files may not be shipped")
    return SHARED
