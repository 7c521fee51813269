"""Join study files of many practices into a registry: Parquet partitioned by practice, with a manifest.

The manifest names the files that count. A practice's new file is written beside the old one, then the manifest is put
in place at once; so joining can be broken off and repeated, and a practice never stands in a registry twice.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from accord.errors import BadInput, BadTable
from accord.registry.faults import check_faultless
from accord.registry.folder import StudyFolder, typed
from accord.tables.vocabulary import TABLE

MANIFEST, FORMAT = "manifest.json", 1
PRACTICE = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""A letter first: engines guess types from paths, and would read `01` and `1` as one number."""


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry on disk: its folder, and by practice what the manifest says of the file that it gave."""

    root: Path
    practices: Mapping[str, Mapping[str, Any]]

    def files(self, table: str) -> list[str]:
        """The Parquet files of one table, in the order of the practices' names; `practice` stands in their paths.

        Raises `BadInput` where no practice has that table, `BadTable` where a file that counts is gone.
        """
        paths = [
            str(_partition(self.root, table, name) / f"{entry['sha256']}.parquet")
            for name, entry in sorted(self.practices.items())
            if table in entry["tables"]
        ]
        if not paths:
            raise BadInput(f"{self.root}: no practice has the table {table!r}. Join files that have it.")
        if gone := [path for path in paths if not Path(path).is_file()]:
            raise BadTable(f"{gone[0]}: it is in {MANIFEST} and not there. Join this practice's study file again.")
        return paths

    def __str__(self) -> str:
        """One line a practice."""
        head = f"{self.root}: {len(self.practices)} practices"
        lines = [
            f"  {name}: {entry['tables'].get('dyads', 0):,} courses, {entry['tables'].get('scores', 0):,} scores; "
            f"made {entry['created'] or 'on an unknown day'}; consent: {entry['consent'] or 'not said'}"
            for name, entry in sorted(self.practices.items())
        ]
        return "\n".join([head, *lines])


def open_registry(root: str | Path) -> Registry:
    """The registry in this folder. Raises `BadTable` where there is none, or one of another format."""
    path = Path(root) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadTable(f"{root}: no registry: {MANIFEST} is missing. Make one with accord study join.") from None
    except json.JSONDecodeError as error:
        raise BadTable(f"{path}: this is not JSON ({error}). Join the practices' files again.") from error
    if manifest.get("format") != FORMAT:
        raise BadTable(f"{path}: the format is {manifest.get('format')!r}; this Accord reads {FORMAT}. Join again.")
    return Registry(Path(root), manifest["practices"])


def join(sources: Mapping[str, StudyFolder], root: str | Path) -> Registry:
    """Add these practices' files to the registry in `root`, each in place of what that practice gave before.

    `sources`: by the practice's name (small letters, digits, hyphens), which is to stay the same from year to year.
    Practices that are not named stay as they are. Raises `BadInput` for a name that cannot be one, `BadTable` where a
    file has a fault: nothing is changed then.
    """
    for name, source in sources.items():
        if not PRACTICE.fullmatch(name):
            raise BadInput(
                f"{name!r} cannot name a practice. Begin with a small letter; then small letters, digits and hyphens, "
                "40 at most."
            )
        check_faultless(source)
    root = Path(root)
    before = open_registry(root).practices if (root / MANIFEST).exists() else {}
    after = dict(before) | {name: _write(source, name, root) for name, source in sources.items()}
    text = json.dumps({"format": FORMAT, "practices": dict(sorted(after.items()))}, indent=1)
    partial = root / f"{MANIFEST}.writing"
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, root / MANIFEST)
    for name in sources:
        _remove_old(root, name, after[name])
    return Registry(root, after)


def _write(source: StudyFolder, name: str, root: Path) -> dict[str, Any]:
    """Write one practice's tables; gives its entry of the manifest."""
    rows = {}
    for table, cells in source.tables.items():
        folder = _partition(root, table, name)
        folder.mkdir(parents=True, exist_ok=True)
        sorted_by = [key for key in ("dyad", "session", "session_code") if key in cells.columns]
        values = typed(cells, TABLE[table]).sort(sorted_by, maintain_order=True, nulls_last=True)
        values.write_parquet(folder / f"{source.sha256}.parquet")
        rows[table] = len(values)
    package = source.package
    return {
        "sha256": source.sha256,
        "created": package.get("created", ""),
        "accord": package.get("accord", ""),
        "joined_with": version("accord"),
        "consent": source.consent,
        "study": package.get("study", {}).get("title", ""),
        "tables": dict(sorted(rows.items())),
    }


def _remove_old(root: Path, name: str, entry: Mapping[str, Any]) -> None:
    """Once the manifest names the new files, those before them go."""
    for table in TABLE:
        for path in _partition(root, table, name).glob("*.parquet"):
            if table not in entry["tables"] or path.stem != entry["sha256"]:
                path.unlink()


def _partition(root: Path, table: str, name: str) -> Path:
    return root / table / f"practice={name}"
