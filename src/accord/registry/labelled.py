"""Write the tables of a study for SPSS and Stata, with what columns and codes mean as labels (`accord[research]`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from accord.errors import BadInput
from accord.registry.faults import check_faultless
from accord.registry.folder import StudyFolder, typed
from accord.tables.vocabulary import TABLE, ColumnTable

ENDINGS = {"spss": "sav", "stata": "dta"}
LONGEST = {"spss": 250, "stata": 80}
"""How many letters of a label each keeps."""


def write_labelled(file: StudyFolder, program: str, out: str | Path) -> list[Path]:
    """Each table as a file of this program in the folder `out`.

    Raises `BadInput` where the extra is not installed, `BadTable` where the file has faults.

    A column of codes becomes numbers from 1 in the order of the vocabulary, each with its label; yes is 1 and no is 0.
    """
    writer = _writer(program)
    check_faultless(file)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, cells in file.tables.items():
        what, path = TABLE[name], folder / f"{name}.{ENDINGS[program]}"
        values, labels = _coded(typed(cells, what), what)
        says = {c.name: c.says[: LONGEST[program]] for c in what.columns if c.name in values.columns}
        writer(values, str(path), column_labels=[says[n] for n in values.columns], variable_value_labels=labels)
        paths.append(path)
    return paths


def _coded(values: pl.DataFrame, what: ColumnTable) -> tuple[pl.DataFrame, dict[str, dict[int, str]]]:
    columns, labels = [], {}
    for column in what.columns:
        if column.name not in values.columns:
            continue
        cell = pl.col(column.name)
        if column.codes:
            numbers = {code: n for n, code in enumerate(column.codes, start=1)}
            cell = cell.replace_strict(numbers, default=None, return_dtype=pl.Float64)
            labels[column.name] = {numbers[code]: label for code, label in column.codes.items()}
        elif column.type in ("integer", "boolean"):
            cell = cell.cast(pl.Float64)
            if column.type == "boolean":
                labels[column.name] = {0: "no", 1: "yes"}
        elif column.type == "string":
            cell = cell.fill_null("")
        columns.append(cell)
    return values.select(columns), labels


def _writer(program: str) -> Callable[..., Any]:
    try:
        import pyreadstat  # noqa: PLC0415 - only where the extra is installed
    except ImportError:
        raise BadInput("Labels for SPSS and Stata need an extra. Install it: pip install 'accord[research]'") from None
    writer: Callable[..., Any] = pyreadstat.write_sav if program == "spss" else pyreadstat.write_dta
    return writer
