"""Tables in and out: the only door to data frames. CSV and Parquet; what is not a table gets a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from accord.errors import BadTable


def read_table(path: str | Path, needs: Sequence[str] = (), *, as_text: bool = False) -> pl.DataFrame:
    """Read a CSV or Parquet file (by its ending) and check that the columns in `needs` are there.

    Empty cells and `NA` are missing. With `as_text`, the cells of a CSV stay as they are written (a client `007` or
    `NA` keeps the name) and only empty ones are missing. Raises `BadTable`: what, where, and what to do.
    """
    path = Path(path)
    if not path.is_file():
        raise BadTable(f"{path}: there is no such file. Check the path.")
    try:
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
        elif as_text:
            table = pl.read_csv(path, infer_schema=False)
        else:
            table = pl.read_csv(path, null_values=["NA", ""], infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise BadTable(
            f"{path}: this is not a table that can be read ({first}). Give a UTF-8 CSV or a Parquet file."
        ) from error
    _check_header(table.columns, path)
    missing = [name for name in needs if name not in table.columns]
    if missing:
        what = f"column {', '.join(map(repr, missing))} is missing; the file has {', '.join(table.columns)}"
        raise BadTable(f"{path}: {what}. Rename the column or choose another file.")
    return table


def _check_header(columns: Sequence[str], path: Path) -> None:
    """Refuse what the reader lets pass: another encoding, a name that is there twice, semicolons for commas."""
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
        raise BadTable(
            f"{path}: there is one column only, {columns[0]!r}. Save the file with commas between the columns."
        )
    for name in columns:
        if "\ufffd" in name or "\x00" in name:
            raise BadTable(f"{path}: the header is not UTF-8. Save the file as UTF-8.")
        if "_duplicated_" in name:
            raise BadTable(f"{path}: column {name.split('_duplicated_')[0]!r} is there twice. Rename or remove one.")


def numbers(table: pl.DataFrame, column: str, path: str | Path) -> pl.Series:
    """The column as 64-bit floats, missing as null. Text or infinite values raise `BadTable` with the line."""
    series = table[column]
    cast = series.cast(pl.Float64, strict=False)
    wrong = (
        (cast.is_null() & series.is_not_null()) | cast.is_infinite().fill_null(False) | cast.is_nan().fill_null(False)
    )
    if wrong.any():
        row = int(wrong.arg_true()[0])
        what = f"line {row + 2}, column {column!r}: {series[row]!r} is not a finite number"
        raise BadTable(f"{path}: {what}. Correct it or leave it empty.")
    return cast.alias(column)


def write_table(table: pl.DataFrame, path: str | Path) -> None:
    """Write CSV or Parquet, by the file's ending. Raises `BadTable` where the file cannot be written."""
    path = Path(path)
    try:
        if path.suffix == ".parquet":
            table.write_parquet(path)
        else:
            table.write_csv(path)
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise BadTable(f"{path}: the file cannot be written ({reason}). Choose another place.") from error
