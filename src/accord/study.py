"""Tables in and out: the only door to data frames. CSV and Parquet; what is not a table gets a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from accord.errors import BadTable


def read_table(path: str | Path, needs: Sequence[str] = ()) -> pl.DataFrame:
    """Read a CSV or Parquet file (by its ending) and check that the columns in `needs` are there.

    Empty cells and `NA` are missing. Raises `BadTable` with a sentence that says what, where, and what to do.
    """
    path = Path(path)
    if not path.is_file():
        raise BadTable(f"{path}: there is no such file. Check the path.")
    try:
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
        else:
            table = pl.read_csv(path, null_values=["NA", ""], infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise BadTable(f"{path}: this is not a table that can be read ({first}). Give a UTF-8 CSV or a Parquet file.") from error
    missing = [name for name in needs if name not in table.columns]
    if missing:
        raise BadTable(
            f"{path}: column {', '.join(repr(m) for m in missing)} is missing; the file has {', '.join(table.columns)}. "
            "Rename the column or choose another file."
        )
    return table


def numbers(table: pl.DataFrame, column: str, path: str | Path) -> pl.Series:
    """The column as 64-bit floats, missing as null. Text or infinite values raise `BadTable` with the line."""
    series = table[column]
    cast = series.cast(pl.Float64, strict=False)
    wrong = (cast.is_null() & series.is_not_null()) | cast.is_infinite().fill_null(False) | cast.is_nan().fill_null(False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise BadTable(f"{path}: line {row + 2}, column {column!r}: {series[row]!r} is not a finite number. Correct it or leave it empty.")
    return cast.alias(column)


def write_table(table: pl.DataFrame, path: str | Path) -> None:
    """Write CSV or Parquet, by the file's ending."""
    path = Path(path)
    if path.suffix == ".parquet":
        table.write_parquet(path)
    else:
        table.write_csv(path)
