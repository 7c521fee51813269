"""Read a study file, as the zip that a practice hands out or as the folder it was unpacked to, into typed tables."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from accord.errors import BadTable
from accord.tables.vocabulary import TABLE, Column, ColumnTable

PACKAGE = "datapackage.json"
TYPES = {"integer": pl.Int64, "number": pl.Float64, "string": pl.String, "boolean": pl.Boolean}


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """One study file: where it came from, what its package says, its tables with each cell as text, and its SHA-256."""

    source: str
    package: Mapping[str, Any]
    tables: Mapping[str, pl.DataFrame]
    sha256: str

    @property
    def consent(self) -> str:
        """What clients in it agreed to: purpose and version; nothing where the package does not say."""
        consent = self.package.get("consent")
        if not isinstance(consent, Mapping):
            return ""
        return " ".join(str(consent[name]) for name in ("purpose", "version") if consent.get(name))


def read_folder(path: str | Path) -> StudyFolder:
    """The study file at `path`: a zip, or a folder with a CSV for each table.

    Cells stay text; empty ones are missing. Raises `BadTable` where there is no table of a study.
    """
    path = Path(path)
    return _folder(_files(path), str(path))


def folder_of(packed: bytes, source: str) -> StudyFolder:
    """The study file in these bytes of a zip, called `source` in errors. Raises `BadTable` as `read_folder`."""
    return _folder(_unpacked(io.BytesIO(packed), source), source)


def _folder(files: Mapping[str, bytes], path: str) -> StudyFolder:
    tables = {
        name.removesuffix(".csv"): _csv(content, f"{path}/{name}")
        for name, content in files.items()
        if name in _names()
    }
    if not tables:
        names = ", ".join(sorted(_names()))
        raise BadTable(f"{path}: there is no table of a study file in it. It has one of {names}.")
    try:
        package = json.loads(files.get(PACKAGE, b"{}"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadTable(f"{path}/{PACKAGE}: not JSON ({error}). Take the file as the practice made it.") from error
    if not isinstance(package, dict):
        raise BadTable(f"{path}/{PACKAGE}: it describes no study. Take the file as the practice made it.")
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return StudyFolder(path, package, tables, digest.hexdigest())


def typed(table: pl.DataFrame, what: ColumnTable) -> pl.DataFrame:
    """The table with its columns as numbers, truths and texts, in the order of the vocabulary; others are left out.

    For tables without a fault: what cannot be read becomes missing.

    >>> typed(pl.DataFrame({"score": ["2.5"], "dyad": ["1"], "more": ["x"]}), TABLE["scores"]).row(0)
    (1, 2.5)
    """
    return table.select(_typed(column) for column in what.columns if column.name in table.columns)


def _typed(column: Column) -> pl.Expr:
    cell = pl.col(column.name)
    if column.type == "boolean":
        return cell.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    return cell.cast(TYPES[column.type], strict=False)


def _names() -> set[str]:
    return {f"{name}.csv" for name in TABLE}


def _files(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        wanted = {*_names(), PACKAGE}
        return {file.name: file.read_bytes() for file in sorted(path.iterdir()) if file.name in wanted}
    if not path.is_file():
        raise BadTable(f"{path}: there is no such file or folder. Check the path.")
    return _unpacked(path, str(path))


def _unpacked(file: Path | io.BytesIO, source: str) -> dict[str, bytes]:
    wanted = {*_names(), PACKAGE}
    try:
        with zipfile.ZipFile(file) as packed:
            return {name: packed.read(name) for name in sorted(packed.namelist()) if name in wanted}
    except zipfile.BadZipFile as error:
        raise BadTable(f"{source}: this is not a zip. Give the zip or the folder of a study file.") from error
    except RuntimeError as error:  # a password, or a way of packing that Python does not know
        raise BadTable(f"{source}: it cannot be unpacked here ({error}). Unpack it and give the folder.") from error


def _csv(content: bytes, source: str) -> pl.DataFrame:
    try:
        table = pl.read_csv(io.BytesIO(content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise BadTable(f"{source}: {str(error).splitlines()[0]}. Take the file as the practice made it.") from error
    twice = [name for name in table.columns if "_duplicated_" in name]
    if twice:
        raise BadTable(f"{source}: column {twice[0].split('_duplicated_')[0]!r} is there twice. Remove one.")
    return table.with_columns(pl.all().replace("", None))
