"""A small CSV whose columns have fixed names, read from what was handed in: each line as cells, or a reason why not.

Clients and appointments come so. Past ratings have columns of any name: `spreadsheet` reads them with a mapping.
"""

import csv
from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from accord.errors import BadTable
from accord_clinic.imports.spreadsheet import SEPARATORS, Fault
from accord_clinic.posted import without_controls

MOST_BYTES = 1_000_000
"""Some ten thousand clients. Longer files are split; nothing is taken twice."""
Row = TypeVar("Row")


class UnfitLine(Exception):
    """This line cannot be taken; the words say why."""


@dataclass(frozen=True)
class FileRows(Generic[Row]):
    """A file as read or as fitted: the rows that can be taken, those that are here already, and what is wrong."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    already: int = 0


def lines_of(raw: bytes, needs: Collection[str], may: Collection[str]) -> list[tuple[int, dict[str, str]]]:
    """Each line after the header with its number, as cells by column; every column that it `may` have is there.

    Raises `BadTable` for what is no such table. A line with too many or too few cells has the reason under "".
    """
    text = text_of(raw)
    first = text.splitlines()[0]
    headers = {s: [name.strip().lower() for name in next(csv.reader([first], delimiter=s))] for s in SEPARATORS}
    separator = max(SEPARATORS, key=lambda s: len(set(headers[s]) & {*needs, *may}))
    header = headers[separator]
    if lacking := [name for name in needs if name not in header]:
        raise BadTable(f"Column {_quoted(lacking)} is missing; the file has {', '.join(header)}.")
    if unknown := [name for name in header if name not in {*needs, *may}]:
        raise BadTable(f"Column {_quoted(unknown)} is not known. Leave it out, or name it {_either([*needs, *may])}.")
    if len(set(header)) < len(header):
        raise BadTable("A column is there twice. Remove or rename one.")
    lines, reader = [], csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    next(reader)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                named = dict.fromkeys([*needs, *may], "")
                named |= dict(zip(header, map(plain, cells), strict=False))
                if len(cells) != len(header):
                    named[""] = f"it has {len(cells)} cells, the header {len(header)}"
                lines.append((reader.line_num, named))
    except csv.Error as error:
        raise BadTable(f"Line {reader.line_num}: {error}. Check the quotation marks.") from error
    return lines


def plain(text: str) -> str:
    """A cell on one line, without what no keyboard writes."""
    return " ".join(without_controls(text).split())


def text_of(raw: bytes) -> str:
    """The text of a file that was handed in; `BadTable` where it is none."""
    if len(raw) > MOST_BYTES:
        raise BadTable(f"The file has more than {MOST_BYTES // 1_000_000} MB. Split it; nothing is taken twice.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadTable(f"Line {line} is not UTF-8. Save the file as CSV in UTF-8.") from error
    if "\0" in text:
        raise BadTable("This is not a text file, or it is UTF-16. Save it as CSV in UTF-8.")
    if not text.strip():
        raise BadTable("The file is empty.")
    return text


def _quoted(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _either(names: Collection[str]) -> str:
    return "one of " + ", ".join(names)
