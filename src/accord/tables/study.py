"""Read and write CSV and Parquet; what is not a table gets a sentence. A new kind of file is read and written here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from accord.errors import BadTable

MOST_SESSIONS = 1000  # more different values are dates, not numbers of sessions
BLOCK = 65_536  # rows placed at once: to touch new memory for all takes longer than to place them
LOOKED_UP = 60_000  # whole numbers up to which a table of all of them is small
NO_DATES = "Give the number of the session (1, 2, 3 ...), not a date."
FORMULA = r"\A( *[=+\-@＝＋－＠\t\r\n\x00])"
FORMULA_INSIDE = r'([;,\t\r\n][ "]*)([=+\-@＝＋－＠])'
NUMBER = r"\A[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\z"
CELL, ROW = 60, 120  # bytes that judging takes for each dyad and session, answered or not, and for each row


def read_table(path: str | Path, needs: Sequence[str] = (), *, as_text: bool = False) -> pl.DataFrame:
    """Read a CSV or Parquet file (by its ending) and check that the columns in `needs` are there.

    Empty cells and `NA` are missing. With `as_text`, the cells of a CSV stay as they are written (a client `007` or
    `NA` keeps the name) and only empty ones are missing. Raises `BadTable`: what, where, and what to do.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "ratings.csv"
    ...     size = path.write_text("dyad,score\\n007,NA\\n")
    ...     read_table(path, ["score"]).rows(), read_table(path, as_text=True).rows()
    ([(7, None)], [('007', 'NA')])
    """
    path = Path(path)
    if not path.is_file():
        raise BadTable(f"{path}: there is no such file. Check the path.")
    try:
        if path.suffix.lower() == ".parquet":
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
    check_columns(table, needs, path)
    return table


def check_columns(table: pl.DataFrame, needs: Sequence[str], source: str | Path) -> None:
    """Raises `BadTable` where a column is missing from the table that comes from `source`; else gives nothing.

    >>> check_columns(pl.DataFrame({"dyad": [1]}), ["dyad", "score"], "a.csv")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    accord.errors.BadTable: a.csv: column 'score' is missing; the file has dyad. Rename the column ...
    """
    missing = [name for name in needs if name not in table.columns]
    if missing:
        what = f"column {', '.join(map(repr, missing))} is missing; the file has {', '.join(table.columns)}"
        raise BadTable(f"{source}: {what}. Rename the column or choose another file.")


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
    """The column (rows,) as 64-bit floats, missing as null. Raises `BadTable` for text or infinite values, by line.

    >>> numbers(pl.DataFrame({"score": ["3.5", None]}), "score", "a.csv").to_list()
    [3.5, None]
    """
    series = table[column]
    cast = series.cast(pl.Float64, strict=False)
    wrong = (cast.is_null() & series.is_not_null()) | ~cast.is_finite().fill_null(True)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        what = f"line {row + 2}, column {column!r}: {series[row]!r} is not a finite number"
        raise BadTable(f"{path}: {what}. Correct it or leave it empty.")
    return cast.alias(column)


def check_ending(path: str | Path) -> None:
    """Raises `BadTable` for a name that is neither CSV nor Parquet: before the work, rather than after it.

    >>> check_ending("scores.xlsx")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    accord.errors.BadTable: scores.xlsx: tables are written as CSV or Parquet. Give a name ...
    """
    if Path(path).suffix.lower() not in (".csv", ".parquet"):
        raise BadTable(f"{path}: tables are written as CSV or Parquet. Give a name that ends in .csv or .parquet.")


def write_table(table: pl.DataFrame, path: str | Path) -> None:
    """Write CSV or Parquet, by the file's ending; missing is an empty cell. Raises `BadTable` where that cannot be.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pl.DataFrame({"dyad": [1], "score": [None]}), Path(folder) / "a.csv")
    ...     (Path(folder) / "a.csv").read_text()
    'dyad,score\\n1,\\n'
    """
    path = Path(path)
    check_ending(path)
    try:
        if path.suffix.lower() == ".parquet":
            # The default compression takes twice the time and saves a tenth. Least and largest values of each block
            # take a sixth more, and tell nothing of ratings: every block holds nearly all values. Blocks of less than
            # half the default size stay nearer to the processor: a tenth of a second of six million rows.
            table.write_parquet(path, compression="snappy", statistics=False, row_group_size=100_000)
        else:
            table.write_csv(path)
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise BadTable(f"{path}: the file cannot be written ({reason}). Choose another place.") from error
    except pl.exceptions.PolarsError as error:  # a CSV holds no lists, durations or bytes
        raise BadTable(f"{path}: {str(error).splitlines()[0]}. Write Parquet, or leave that column out.") from error


def for_spreadsheets(table: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe before every text (and column name) that a spreadsheet program would run.

    A number stays a number. `FORMULA_INSIDE`: also after a separator within a text, where other programs split cells.

    >>> for_spreadsheets(pl.DataFrame({"q": ["=HYPERLINK(1)", "-1.5"]}))["q"].to_list()
    ["'=HYPERLINK(1)", '-1.5']
    """
    texts = [
        pl.when(pl.col(name).str.contains(NUMBER)).then(pl.col(name)).otherwise(_no_formula(pl.col(name))).alias(name)
        for name, kind in table.schema.items()
        if kind == pl.String
    ]
    safe = table.with_columns(texts)
    names = pl.DataFrame({"name": safe.columns}).select(_no_formula(pl.col("name")))["name"]
    return safe.rename(dict(zip(safe.columns, names, strict=True)))


def _no_formula(text: pl.Expr) -> pl.Expr:
    return text.str.replace(FORMULA, "'$1").str.replace_all(FORMULA_INSIDE, "$1'$2")


def memory() -> float:
    """Bytes of memory that this machine has; without end where the system does not say.

    >>> memory() > 1e6
    True
    """
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return float("inf")


@dataclass(frozen=True, slots=True)
class Grid:
    """Where each row of a long table lies in an array of dyads x sessions.

    `sessions` (T,): the session numbers in order; `dyad`, `session`: row and column of each table row.
    """

    dyads: int
    sessions: npt.NDArray[np.float64]
    dyad: npt.NDArray[np.integer[Any]]
    session: npt.NDArray[np.integer[Any]]

    @classmethod
    def of(cls, table: pl.DataFrame, path: str | Path) -> Grid:
        """The grid of a table with columns `dyad` and `session`, in any order of rows.

        Raises `BadTable` for an empty table, a missing dyad or session, dates instead of session numbers, and a
        table that would not fit into memory (with what it needs).
        """
        if not len(table):
            raise BadTable(f"{path}: the table has no rows. Give at least one rating.")
        if table["session"].dtype.is_temporal():
            raise BadTable(f"{path}: column 'session' holds {table['session'].dtype}s. {NO_DATES}")
        whole = table["session"].dtype.is_integer()
        clock = table["session"] if whole else numbers(table, "session", path)
        dyads = table["dyad"].fill_nan(None) if table["dyad"].dtype.is_float() else table["dyad"]
        for column in (dyads, clock):
            if column.null_count():
                line = int(column.is_null().arg_true()[0]) + 2
                raise BadTable(f"{path}: line {line}: {column.name} is empty. Say whose rating it is, and when.")
        sessions, session = _numbered(clock)
        if len(sessions) > MOST_SESSIONS:
            what = f"column 'session' holds {len(sessions):,} different values"
            raise BadTable(f"{path}: {what}. {NO_DATES}")
        dyad = (dyads.rle_id() if dyads.is_sorted() else dyads.rank("dense") - 1).to_numpy()
        count = int(dyad.max()) + 1
        need, there = CELL * count * len(sessions) + ROW * len(table), memory()
        if need > there:
            what = f"{count:,} dyads by {len(sessions)} sessions need about {need / 1e9:.2g} GB of memory"
            raise BadTable(f"{path}: {what}; this machine has {there / 1e9:.2g}. Split the file by dyad.")
        return cls(count, sessions, dyad, session)

    def rows(self, chosen: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """Which of the chosen rows lies in each cell, (T, dyads); the number of all rows where none does."""
        rows = np.full(len(self.sessions) * self.dyads, len(self.dyad), dtype=np.uint32)
        for start in range(0, len(chosen), BLOCK):
            some = chosen[start : start + BLOCK]
            cells = np.multiply(self.session[some], self.dyads, dtype=np.intp)
            cells += self.dyad[some]
            rows[cells] = some
        return rows.reshape(len(self.sessions), self.dyads)

    def fill(self, values: npt.NDArray[np.float64], rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """The values of the chosen rows as (dyads, T), nan where there is none."""
        out = np.full((self.dyads, len(self.sessions)), np.nan)
        out[self.dyad[rows], self.session[rows]] = values[rows]
        return out


def _numbered(clock: pl.Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.integer[Any]]]:
    """The session numbers in order, and the place of each row's among them."""
    each = clock.to_numpy()
    if not clock.dtype.is_integer() or each.min() < 0 or each.max() > LOOKED_UP:
        sessions = clock.unique().sort().to_numpy()
        return sessions.astype(np.float64), np.searchsorted(sessions, each)
    there = np.zeros(int(each.max()) + 1, dtype=np.bool_)  # whole numbers are looked up: a fifth of the time
    there[each] = True
    place = np.cumsum(there, dtype=np.uint16) - np.uint16(1)
    return np.flatnonzero(there).astype(np.float64), place[each]


def check_once(table: pl.DataFrame, columns: Sequence[str], path: str | Path) -> None:
    """Raises `BadTable` with the line where the same dyad, session (rater, scale) comes a second time.

    >>> check_once(pl.DataFrame({"dyad": [4, 4], "session": [1, 1]}), ["dyad", "session"], "a.csv")
    Traceback (most recent call last):
    accord.errors.BadTable: a.csv: line 3: dyad 4, session 1 is there twice. Keep one row for each.
    """
    again = ~table.select(pl.struct(columns).is_first_distinct()).to_series()
    if again.any():
        row = int(again.arg_true()[0])
        which = ", ".join(f"{name} {table[name][row]}" for name in columns)
        raise BadTable(f"{path}: line {row + 2}: {which} is there twice. Keep one row for each.")
