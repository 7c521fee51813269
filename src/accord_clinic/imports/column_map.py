"""Read a mapping file (TOML) into a `ColumnMap`: which column is which item, person, session, therapist.

A new thing that a mapping can say is a field of `ColumnMap` and one line of `read_map`; `TomlTable` checks its kind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

from accord.errors import BadInput
from accord.instruments import Instrument
from accord.records import RATERS, Rater
from accord.toml import TomlTable, read_toml

ROLES = ("person", "session", "therapist", "date", "modality", "rater")
MODALITIES = ("room", "video", "phone", "text")


class BadMapping(BadInput):
    """A mapping file that cannot be used: which key, why, and what to write instead."""


@dataclass(frozen=True)
class ItemColumn:
    """The column of an item's answers, and what to add to each so that it fits the questionnaire's range."""

    name: str
    shift: float = 0.0


@dataclass(frozen=True)
class QuestionnaireColumns:
    """One questionnaire of the file: which form was asked, the column of each item, and which scales to follow.

    A followed scale is compared with each person's own usual, as Collaboration is.
    """

    instrument: Instrument
    form: str
    items: Mapping[str, ItemColumn]
    follow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """When sessions were, if the file has no dates: the first day, the days between sessions, and the hour."""

    first: date | None = None
    every_days: int = 7
    at: time = time(10)


@dataclass(frozen=True)
class ColumnMap:
    """What a mapping file says. `columns` names the column of each role; `source` names where the ratings come from."""

    source: str
    note: str
    columns: Mapping[str, str]
    asked: tuple[QuestionnaireColumns, ...]
    calendar: Calendar
    person_name: str = "{}"
    therapist_name: str = "{}"
    therapist: str = ""
    raters: Mapping[str, Rater] | None = None
    missing: tuple[str, ...] = ("", "NA")
    encoding: str = "utf-8-sig"
    modality: str = "room"
    approach: str = "integrative"
    under_way: bool = False

    def needs(self) -> list[str]:
        """Every column that the file must have, once."""
        items = [column.name for asked in self.asked for column in asked.items.values()]
        return list(dict.fromkeys([*self.columns.values(), *items]))


def read_map(path: Path, instruments: Mapping[str, Instrument]) -> ColumnMap:
    """Read and check a mapping file against the questionnaires of this practice; `BadMapping` says what to mend."""
    file = read_toml(path, BadMapping)
    sessions, names, cells = (
        file.part("sessions", "[sessions]"),
        file.part("names", "[names]"),
        file.part("file", "[file]"),
    )
    source = file.text("source", "")
    if not 3 <= len(source) <= 200:
        raise file.wrong(
            "where the ratings come from takes 3 to 200 characters", 'Write source = "Our paper forms, 2024".'
        )
    columns = ColumnMap(
        source=source,
        note=file.text("note", ""),
        columns=_columns(file.part("columns", "[columns]"), names, sessions),
        asked=_questionnaires(file, instruments),
        calendar=_calendar(sessions),
        person_name=_pattern(names, "person"),
        therapist_name=_pattern(names, "therapist"),
        therapist=names.text("with", ""),
        raters=_raters(file),
        missing=("", *cells.texts("missing", ("NA",))),
        encoding=cells.text("encoding", "utf-8-sig"),
        modality=sessions.one_of("modality", MODALITIES, "room"),
        approach=sessions.text("approach", "integrative"),
        under_way=sessions.truth("under_way", False),
    )
    for table in (sessions, names, cells, file):
        table.done()
    return columns


def _columns(table: TomlTable, names: TomlTable, sessions: TomlTable) -> dict[str, str]:
    for role in ("person", "session"):
        if not table.has(role):
            raise table.wrong(f"[columns] names no {role} column", f'Write {role} = "{role}", for example.')
    if table.has("therapist") == names.has("with"):
        to_do = "Give either [columns] therapist, or one therapist's e-mail address as [names] with."
        raise table.wrong("it does not say who the therapist is", to_do)
    if table.has("date") == sessions.has("first"):
        to_do = "Give either [columns] date, or [sessions] first = 2024-01-08."
        raise table.wrong("it does not say when sessions were", to_do)
    columns = {role: table.text(role) for role in ROLES if table.has(role)}
    table.done()
    return columns


def _questionnaires(file: TomlTable, instruments: Mapping[str, Instrument]) -> tuple[QuestionnaireColumns, ...]:
    tables = file.parts("questionnaires")
    if not tables:
        raise file.wrong("it names no questionnaire", "Add one as [[questionnaires]].")
    return tuple(_questionnaire(table, instruments) for table in tables)


def _questionnaire(table: TomlTable, instruments: Mapping[str, Instrument]) -> QuestionnaireColumns:
    name, form = table.text("instrument"), table.text("form", "full")
    if name not in instruments:
        raise table.wrong(f"this practice has no questionnaire {name!r}", f"It has {', '.join(sorted(instruments))}.")
    instrument = instruments[name]
    if form not in instrument.forms:
        raise table.wrong(f"{name} has no form {form!r}", f"It has {', '.join(instrument.forms)}.")
    items = _items(table.part("items", f"the items of {name}"), instrument, form)
    scales = [scale.name for scale in instrument.scales if scale.direction == "high is good"]
    follow = table.some_of("follow", scales, ())
    table.done()
    return QuestionnaireColumns(instrument, form, items, follow)


def _items(table: TomlTable, instrument: Instrument, form: str) -> dict[str, ItemColumn]:
    asked = instrument.forms[form]
    unknown = set(table.data) - set(asked)
    if unknown or not table.data:
        what = (
            f"{instrument.id}, form {form}, has no item {_quoted(unknown)}" if unknown else f"{table.where} are missing"
        )
        raise table.wrong(what, f"Its items are {', '.join(asked)}.")
    words = {item for item in table.data if instrument.item(item).kind not in ("choice", "number")}
    if words:
        raise table.wrong(f"{_quoted(words)} is not answered with a number", "Only numbers can be imported.")
    return {item: _column(table, item) for item in table.data}


def _column(table: TomlTable, item: str) -> ItemColumn:
    """`d1 = "the column"`, or with a shift `d1 = { column = "the column", shift = 3.5 }`."""
    if not isinstance(table.data[item], dict):
        return ItemColumn(table.text(item))
    inner = table.part(item, f"item {item}")
    column = ItemColumn(inner.text("column"), inner.number("shift", 0.0))
    inner.done()
    return column


def _calendar(sessions: TomlTable) -> Calendar:
    days = sessions.integer("every_days", 7)
    if not 1 <= days <= 366:
        raise sessions.wrong(f"[sessions] every_days is {days}", "Write a whole number from 1 to 366.")
    return Calendar(sessions.day("first", None), days, sessions.hour("at", time(10)))


def _pattern(names: TomlTable, role: str) -> str:
    pattern = names.text(role, "{}")
    if pattern.count("{}") != 1 or "{" in pattern.replace("{}", "") or "}" in pattern.replace("{}", ""):
        raise names.wrong(f"[names] {role} holds {{}} not once", f'Write {role} = "Course {{}}": the cell goes there.')
    return pattern


def _raters(file: TomlTable) -> dict[str, Rater] | None:
    if not file.has("raters"):
        return None
    table = file.part("raters", "[raters]")
    return {cell: table.one_of(cell, RATERS) for cell in table.data}


def _quoted(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))
