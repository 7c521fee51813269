"""Read a CSV of past ratings by its `ColumnMap`: the rows that can be imported, and why the others cannot."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from accord.errors import BadTable
from accord.instruments import Instrument
from accord.records import RATERS, Answer, Rater
from accord_clinic.imports.column_map import MODALITIES, ColumnMap, ItemColumn, QuestionnaireColumns
from accord_clinic.posted import whole_number

SEPARATORS = (",", ";", "\t")
MOST_SESSIONS = 2_000
MOST_BYTES = 200_000_000
# Centred columns are written with few decimals, so a shifted answer may miss its step by this much.
STEP_ERROR = 0.005


@dataclass(frozen=True)
class RatingsRow:
    """One line of the file: the answers of one side about one session. `answers` is keyed by questionnaire."""

    line: int
    person: str
    therapist: str
    session: int
    rater: Rater
    day: date
    modality: str
    answers: Mapping[str, Mapping[str, Answer]]

    @property
    def place(self) -> tuple[str, str, int]:
        """Which session of which course of care it is about."""
        return self.person, self.therapist, self.session

    @cached_property
    def hash(self) -> str:
        """A hash of the line's contents: the same wherever the line is in the file."""
        content = [*self.place, self.rater, self.day.isoformat(), self.modality, self.answers]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Fault:
    """A line that cannot be imported, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True)
class RatingsSheet:
    """A file as read: the rows that fit, and the faults of the others, in the order of the file."""

    rows: tuple[RatingsRow, ...]
    faults: tuple[Fault, ...]


class _Unfit(Exception):
    """This line cannot be taken; the words say why."""


def read_sheet(path: Path, columns: ColumnMap) -> RatingsSheet:
    """Read the whole file. Raises `BadTable` when it is not a table; a line that does not fit becomes a `Fault`."""
    rows: list[RatingsRow] = []
    faults: list[Fault] = []
    seen: dict[tuple, RatingsRow] = {}
    for line, cells in _lines(path, columns):
        try:
            row = _row(line, cells, columns)
            _check_once(row, seen)
        except _Unfit as unfit:
            faults.append(Fault(line, str(unfit)))
        else:
            seen[row.place, row.rater] = row
            rows.append(row)
    fitting, disordered = _in_order(rows)
    return RatingsSheet(tuple(fitting), tuple(sorted([*faults, *disordered], key=lambda fault: fault.line)))


def _lines(path: Path, columns: ColumnMap) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line after the header with its number in the file, as cells by column name."""
    text = _text(path, columns.encoding)
    separator = _separator(path, text, columns)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    header = [name.strip() for name in next(reader)]
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadTable(f"{path}: line {line}: {error}. Check the quotation marks.") from error
        if any(cell.strip() for cell in cells):
            yield line, _cells(header, cells)


def _cells(header: list[str], cells: list[str]) -> dict[str, str]:
    """Cells by column name. A line with more or fewer cells than the header says so under the empty name."""
    named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    if len(cells) != len(header):
        named[""] = f"it has {len(cells)} cells, the header {len(header)}"
    return named


def _text(path: Path, encoding: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadTable(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    if len(raw) > MOST_BYTES:
        raise BadTable(f"{path}: more than {MOST_BYTES // 1_000_000} MB. Split it; what was imported before is known.")
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise BadTable(f"There is no encoding {encoding!r}. Write, say, encoding = 'latin-1' under [file].") from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadTable(
            f"{path}: line {line} is not {encoding}. Save the file as UTF-8, or name its encoding under [file]."
        ) from error
    if "\0" in text:
        raise BadTable(f"{path}: this is not a text file, or it is UTF-16. Save it as CSV in UTF-8.")
    if not text.strip():
        raise BadTable(f"{path}: the file is empty.")
    return text


def _separator(path: Path, text: str, columns: ColumnMap) -> str:
    """The separator under which the header has every column that the mapping names."""
    first = text.splitlines()[0]
    try:
        headers = {s: [name.strip() for name in next(csv.reader([first], delimiter=s))] for s in SEPARATORS}
    except csv.Error as error:
        raise BadTable(f"{path}: line 1: {error}. The first line must hold the names of the columns.") from error
    separator = max(SEPARATORS, key=lambda s: len(set(headers[s]) & set(columns.needs())))
    header = headers[separator]
    lacking = [name for name in columns.needs() if name not in header]
    if lacking:
        raise BadTable(
            f"{path}: column {', '.join(map(repr, lacking))} is missing; the file has {', '.join(header)}. "
            "Correct the name in the mapping or in the file."
        )
    twice = sorted({name for name in header if header.count(name) > 1 and name in columns.needs()})
    if twice:
        raise BadTable(f"{path}: column {', '.join(map(repr, twice))} is there twice. Remove or rename one.")
    return separator


def _row(line: int, cells: dict[str, str], columns: ColumnMap) -> RatingsRow:
    if "" in cells:
        raise _Unfit(cells[""])
    number = _session(cells[columns.columns["session"]])
    therapist = columns.columns.get("therapist")
    return RatingsRow(
        line=line,
        person=_named(cells, columns.columns["person"], columns),
        therapist=_named(cells, therapist, columns) if therapist else columns.therapist,
        session=number,
        rater=_rater(cells, columns),
        day=_day(cells, number, columns),
        modality=_modality(cells, columns),
        answers={asked.instrument.id: given for asked in columns.asked if (given := _answers(cells, asked, columns))},
    )


def _named(cells: dict[str, str], column: str, columns: ColumnMap) -> str:
    if cells[column] in columns.missing:
        raise _Unfit(f"column {column!r} is empty")
    if len(cells[column]) > 100:
        raise _Unfit(f"column {column!r} holds {len(cells[column])} characters; a name has at most 100")
    return cells[column]


def _session(cell: str) -> int:
    if not 1 <= (whole_number(cell) or 0) <= MOST_SESSIONS:
        raise _Unfit(f"{cell!r} is not a session number from 1 to {MOST_SESSIONS}")
    return int(cell)


def _rater(cells: dict[str, str], columns: ColumnMap) -> Rater:
    if "rater" not in columns.columns:
        return "client"
    raters: Mapping[str, Rater] = columns.raters or {rater: rater for rater in RATERS}
    cell = cells[columns.columns["rater"]]
    if cell not in raters:
        raise _Unfit(f"{cell!r} is no rater; [raters] in the mapping has {', '.join(raters)}")
    return raters[cell]


def _day(cells: dict[str, str], number: int, columns: ColumnMap) -> date:
    if columns.calendar.first is not None:
        return columns.calendar.first + timedelta(days=columns.calendar.every_days * (number - 1))
    cell = cells[columns.columns["date"]]
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise _Unfit(f"{cell!r} is not a day such as 2024-01-08") from None


def _modality(cells: dict[str, str], columns: ColumnMap) -> str:
    if "modality" not in columns.columns:
        return columns.modality
    cell = cells[columns.columns["modality"]]
    if cell not in MODALITIES:
        raise _Unfit(f"{cell!r} is none of {', '.join(MODALITIES)}")
    return cell


def _answers(cells: dict[str, str], asked: QuestionnaireColumns, columns: ColumnMap) -> dict[str, Answer]:
    """The answers to one questionnaire, a missing one as `None`; empty when nothing at all was answered."""
    answers = {item: _answer(cells, item, column, asked.instrument, columns) for item, column in asked.items.items()}
    return answers if any(answer is not None for answer in answers.values()) else {}


def _answer(cells: dict[str, str], item: str, column: ItemColumn, instrument: Instrument, columns: ColumnMap) -> Answer:
    cell = cells[column.name]
    if cell in columns.missing:
        return None
    allowed = instrument.answer_set(item)
    try:
        value = float(cell.replace(",", ".")) + column.shift
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _Unfit(f"column {column.name!r}: {cell!r} is not a number")
    step = round(value) if abs(value - round(value)) <= STEP_ERROR else value
    answer = step if allowed.kind == "choice" else round(value, 6)
    if not allowed.allows(answer):
        shifted = f" (that is {value:.4g} after the shift of {column.shift:g})" if column.shift else ""
        raise _Unfit(f"column {column.name!r}: {cell}{shifted} is not {allowed.range()}")
    return answer


def _check_once(row: RatingsRow, seen: Mapping[tuple, RatingsRow]) -> None:
    before = seen.get((row.place, row.rater))
    if before is None:
        return
    same = "says the same as" if before.answers == row.answers else "says something else than"
    raise _Unfit(f"session {row.session} of {row.person!r} was in line {before.line} already; this one {same} that")


def _in_order(rows: list[RatingsRow]) -> tuple[list[RatingsRow], list[Fault]]:
    """Later sessions must not be dated before earlier ones, and one session has one date."""
    faults: dict[int, Fault] = {}
    last: RatingsRow | None = None
    for row in sorted(rows, key=lambda row: (row.place, row.line)):
        if last is None or row.place[:2] != last.place[:2]:
            last = row
        elif row.session == last.session and row.day != last.day:
            faults[row.line] = Fault(row.line, f"session {row.session} has another date in line {last.line}")
        elif row.session > last.session and row.day < last.day:
            before = f"session {last.session} in line {last.line}"
            faults[row.line] = Fault(row.line, f"session {row.session} is dated before {before}")
        else:
            last = row
    return [row for row in rows if row.line not in faults], list(faults.values())
