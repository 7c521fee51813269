"""What several tests of the core need: the shipped catalogue, and the data that may not ship."""

import gzip
import json
from pathlib import Path

import pytest

from accord.instruments import Catalogue, catalogue
from accord.stats import simulated_practice, thresholds

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


@pytest.fixture(scope="module")
def small_twins():
    """Calibrations from a tenth of the simulated ratings, for tests of what is made of a calibration.

    Limits are then of the right kind, and a little less exact. How exact they are is for test_thresholds.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated_practice, "LOOKED_AT", simulated_practice.LOOKED_AT // 10)
        for name in ("FEWEST_DRAWS", "DRAWS_A_COURSE"):
            patch.setattr(thresholds, name, getattr(thresholds, name) // 10)
        yield


@pytest.fixture
def file(tmp_path):
    """Writes JSON: text as it is, a resource as one document, a list of them one a line; `.gz` packs it."""

    def write(content, name="in.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        if isinstance(content, list):
            content = "\n".join(map(json.dumps, content))
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
        return path

    return write
