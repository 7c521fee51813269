"""What is wrong in a study file, by table, row and column. A new rule about tables is a function in `RULES`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from accord.errors import BadTable
from accord.registry.folder import StudyFolder
from accord.tables.vocabulary import TABLE, Column, ColumnTable

SHOWN = 20
"""Faults of one kind in one column that are named row by row; the rest is counted."""
NAMED = 5
"""Faults that are named where a file is refused; `accord study check` names the others."""
PATTERNS = {"integer": r"\A-?\d{1,18}\z", "number": r"\A-?\d+(\.\d+)?([eE][+-]?\d+)?\z", "boolean": r"\A(true|false)\z"}


@dataclass(frozen=True, slots=True)
class FileFault:
    """One thing that is wrong. `row`: the line of the CSV file, the header being 1; none where the table is meant."""

    table: str
    row: int | None
    column: str
    what: str

    def __str__(self) -> str:
        line = f", line {self.row}" if self.row else ""
        column = f", column {self.column!r}" if self.column else ""
        return f"{self.table}.csv{line}{column}: {self.what}"


def faults(file: StudyFolder) -> list[FileFault]:
    """All that is wrong: missing columns, values that cannot be, unknown codes, rows twice, and what names no course.

    >>> broken = StudyFolder("x", {}, {"scores": pl.DataFrame({"dyad": ["1"], "rater": ["dog"]})}, "")
    >>> for fault in faults(broken)[:3]: print(fault)
    dyads.csv: the table is missing
    scores.csv, column 'session': the column is missing
    scores.csv, column 'session_code': the column is missing
    """
    wrong: list[FileFault] = []
    if "dyads" not in file.tables:
        wrong.append(FileFault("dyads", None, "", "the table is missing"))
    for name, table in file.tables.items():
        what = TABLE[name]
        wrong += _columns(table, what)
        for column in what.columns:
            if column.name in table.columns:
                wrong += _cells(table, what, column)
        for rule in RULES:
            wrong += rule(table, what, file.tables)
    return wrong


def check_faultless(file: StudyFolder) -> None:
    """Raises `BadTable` for a file with faults, and names the first.

    >>> check_faultless(StudyFolder("x.zip", {}, {}, ""))
    Traceback (most recent call last):
    accord.errors.BadTable: x.zip: faults: 1, such as
      dyads.csv: the table is missing
    See all: accord study check.
    """
    if wrong := faults(file):
        lines = "\n".join(f"  {fault}" for fault in wrong[:NAMED])
        raise BadTable(f"{file.source}: faults: {len(wrong)}, such as\n{lines}\nSee all: accord study check.")


def _columns(table: pl.DataFrame, what: ColumnTable) -> Iterator[FileFault]:
    """A file of an approved study has the variables that were approved; what names a row is in every file."""
    for column in what.columns:
        if (column.needed or column.name in (*what.key, "session")) and column.name not in table.columns:
            yield FileFault(what.name, None, column.name, "the column is missing")
    for name in table.columns:
        if what.column(name) is None:
            yield FileFault(what.name, None, name, "no table of a study has such a column here")


def _cells(table: pl.DataFrame, what: ColumnTable, column: Column) -> Iterator[FileFault]:
    cell = table[column.name]
    if column.needed:
        yield from _named(what, column.name, cell.is_null(), cell, "it is empty")
    if column.type in PATTERNS:
        wrong = ~cell.str.contains(PATTERNS[column.type]).fill_null(True)
        yield from _named(what, column.name, wrong, cell, f"this is no {column.type}")
    if column.codes:
        unknown = ~cell.is_in(list(column.codes)).fill_null(True)
        yield from _named(what, column.name, unknown, cell, f"the codes are {', '.join(column.codes)}")
    if column.least is not None:
        number, most = cell.cast(pl.Float64, strict=False), column.most if column.most is not None else float("inf")
        outside = ((number < column.least) | (number > most)).fill_null(False)
        limits = f"from {column.least:g}" if column.most is None else f"from {column.least:g} to {column.most:g}"
        yield from _named(what, column.name, outside, cell, f"possible is {limits}")


def _twice(table: pl.DataFrame, what: ColumnTable, _all: Mapping[str, pl.DataFrame]) -> Iterator[FileFault]:
    """The same row a second time, by the code of its session; or by its number, where it has one."""
    numbered = tuple("session" if name == "session_code" else name for name in what.key)
    before = pl.repeat(False, len(table), eager=True)
    for key in dict.fromkeys((what.key, numbered)):
        if key and set(key) <= set(table.columns):
            again = table.select(~pl.struct(key).is_first_distinct()).to_series() & ~before
            if "session" in key:
                again &= table["session"].is_not_null()
            yield from _named(what, ", ".join(key), again, None, "this row is there twice")
            before |= again


def _no_course(table: pl.DataFrame, what: ColumnTable, tables: Mapping[str, pl.DataFrame]) -> Iterator[FileFault]:
    """A row about a course that is not in `dyads`."""
    if what.name == "dyads" or "dyads" not in tables or not {"dyad"} <= {*table.columns} & {*tables["dyads"].columns}:
        return
    unknown = ~table["dyad"].is_in(tables["dyads"]["dyad"].drop_nulls().unique().to_list()).fill_null(True)
    yield from _named(what, "dyad", unknown, table["dyad"], "dyads.csv has no such course")


def _more_than_asked(table: pl.DataFrame, what: ColumnTable, _all: Mapping[str, pl.DataFrame]) -> Iterator[FileFault]:
    """More items answered than asked."""
    if {"answered", "asked"} <= set(table.columns) and what.name == "scores":
        answered, asked = (table[name].cast(pl.Float64, strict=False) for name in ("answered", "asked"))
        yield from _named(what, "answered", (answered > asked).fill_null(False), table["answered"], "more than asked")


RULES = (_twice, _no_course, _more_than_asked)


def _named(
    what: ColumnTable, column: str, wrong: pl.Series, cells: pl.Series | None, because: str
) -> Iterator[FileFault]:
    rows = wrong.arg_true().to_list()
    for row in rows[:SHOWN]:
        value = "" if cells is None or cells[row] is None else f"{cells[row]!r}: "
        yield FileFault(what.name, row + 2, column, f"{value}{because}")
    if len(rows) > SHOWN:
        yield FileFault(what.name, None, column, f"{because}, in {len(rows) - SHOWN:,} more rows")
