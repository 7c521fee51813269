"""mypy looks at every module: none is on a list of those to be mended some day."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_types_of_every_module_are_checked() -> None:
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert not [part["module"] for part in mypy["overrides"] if part.get("ignore_errors")]
    assert mypy["strict"]
    assert set(mypy["files"]) == {"src/accord", "src/accord_clinic"}
