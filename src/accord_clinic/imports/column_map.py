"""Read a mapping file (TOML) into a `ColumnMap`: which column is which item, person, session, therapist."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

from accord.errors import BadInput
from accord.instruments import Instrument
from accord.records import RATERS, Rater

ROLES = ("person", "session", "therapist", "date", "modality", "rater")
MODALITIES = ("room", "video", "phone", "text")


class BadMapping(BadInput):
    """A mapping file that cannot be used: which key, why, and what to write instead."""


@dataclass(frozen=True)
class Column:
    """The column of an item's answers, and what to add to each so that it fits the questionnaire's range."""

    name: str
    shift: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One questionnaire of the file: which form was asked, the column of each item, and which scales to follow.

    A followed scale is compared with each person's own usual, as Collaboration is.
    """

    instrument: Instrument
    form: str
    items: Mapping[str, Column]
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
    asked: tuple[Asked, ...]
    calendar: Calendar
    person_name: str = "{}"
    therapist_name: str = "{}"
    therapist: str = ""
    raters: Mapping[str, Rater] | None = None
    missing: tuple[str, ...] = ("", "NA")
    encoding: str = "utf-8-sig"
    modality: str = "room"
    approach: str = "integrative"

    def needs(self) -> list[str]:
        """Every column that the file must have, once."""
        items = [column.name for asked in self.asked for column in asked.items.values()]
        return list(dict.fromkeys([*self.columns.values(), *items]))


def read_map(path: Path, instruments: Mapping[str, Instrument]) -> ColumnMap:
    """Read and check a mapping file against the questionnaires of this practice; `BadMapping` says what to mend."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadMapping(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMapping(f"{path}: this is not TOML ({error}). See docs/how-to/import-past-ratings.md.") from error
    try:
        return _map(said, instruments)
    except BadMapping as error:
        raise BadMapping(f"{path}: {error}") from error


def _map(said: dict[str, Any], instruments: Mapping[str, Instrument]) -> ColumnMap:
    _no_others(said, {"source", "note", "columns", "names", "sessions", "file", "raters", "questionnaires"}, "the file")
    names, sessions, file = (_table(said, key) for key in ("names", "sessions", "file"))
    _no_others(names, {"person", "therapist", "with"}, "[names]")
    _no_others(sessions, {"first", "every_days", "at", "modality", "approach"}, "[sessions]")
    _no_others(file, {"missing", "encoding"}, "[file]")
    columns = _columns(_table(said, "columns"), names, sessions)
    if sessions.get("modality", "room") not in MODALITIES:
        raise BadMapping(f"[sessions] modality must be one of {', '.join(MODALITIES)}.")
    source = said.get("source")
    if not isinstance(source, str) or not 3 <= len(source.strip()) <= 200:
        raise BadMapping('say where the ratings come from (3 to 200 characters): source = "Our paper forms, 2024".')
    return ColumnMap(
        source=source.strip(),
        note=str(said.get("note", "")).strip(),
        columns=columns,
        asked=_asked(said.get("questionnaires", []), instruments),
        calendar=_calendar(sessions),
        person_name=_pattern(names, "person"),
        therapist_name=_pattern(names, "therapist"),
        therapist=str(names.get("with", "")),
        raters=_raters(said.get("raters")),
        missing=("", *map(str, file.get("missing", ["NA"]))),
        encoding=str(file.get("encoding", "utf-8-sig")),
        modality=sessions.get("modality", "room"),
        approach=str(sessions.get("approach", "integrative")),
    )


def _columns(columns: dict[str, Any], names: dict[str, Any], sessions: dict[str, Any]) -> dict[str, str]:
    _no_others(columns, set(ROLES), "[columns]")
    for role in ("person", "session"):
        if role not in columns:
            raise BadMapping(f'[columns] must name the {role} column, for example {role} = "{role}".')
    if ("therapist" in columns) == ("with" in names):
        raise BadMapping(
            "say who the therapist is: either [columns] therapist, or one therapist's e-mail address as [names] with."
        )
    if ("date" in columns) == ("first" in sessions):
        raise BadMapping("say when sessions were: either [columns] date, or [sessions] first = 2024-01-08.")
    return {role: str(name) for role, name in columns.items()}


def _asked(tables: Any, instruments: Mapping[str, Instrument]) -> tuple[Asked, ...]:
    if not isinstance(tables, list) or not tables:
        raise BadMapping("name at least one questionnaire as [[questionnaires]].")
    return tuple(_one_asked(table, instruments) for table in tables)


def _one_asked(table: dict[str, Any], instruments: Mapping[str, Instrument]) -> Asked:
    _no_others(table, {"instrument", "form", "items", "follow"}, "[[questionnaires]]")
    name, form = table.get("instrument", ""), table.get("form", "full")
    if name not in instruments:
        raise BadMapping(f"this practice has no questionnaire {name!r}; it has {', '.join(sorted(instruments))}.")
    instrument = instruments[name]
    if form not in instrument.forms:
        raise BadMapping(f"{name} has no form {form!r}; it has {', '.join(instrument.forms)}.")
    items = {item: _column(name, item, said) for item, said in _table(table, "items").items()}
    unknown = set(items) - set(instrument.forms[form])
    if unknown or not items:
        there = ", ".join(instrument.forms[form])
        raise BadMapping(f"{name}, form {form}, has the items {there}; not {_quoted(unknown)}.")
    words = {item for item in items if instrument.item(item).kind not in ("choice", "number")}
    if words:
        raise BadMapping(f"{name}: {_quoted(words)} is not answered with a number; only numbers can be imported.")
    follow = tuple(table.get("follow", ()))
    scales = [scale.name for scale in instrument.scales if scale.direction == "high is good"]
    others = set(follow) - set(scales)
    if others:
        raise BadMapping(f"{name} can follow {', '.join(scales) or 'no scale'}; not {_quoted(others)}.")
    return Asked(instrument, form, items, follow)


def _column(instrument: str, item: str, said: Any) -> Column:
    if isinstance(said, str):
        return Column(said)
    if isinstance(said, dict) and set(said) <= {"column", "shift"}:
        name, shift = said.get("column"), said.get("shift", 0.0)
        if isinstance(name, str) and isinstance(shift, int | float):
            return Column(name, float(shift))
    raise BadMapping(
        f'{instrument}, item {item}: write {item} = "the column" or {item} = {{ column = "the column", shift = 3.5 }}.'
    )


def _calendar(sessions: dict[str, Any]) -> Calendar:
    first, days, at = sessions.get("first"), sessions.get("every_days", 7), sessions.get("at", time(10))
    if first is not None and type(first) is not date:
        raise BadMapping("[sessions] first must be a day without quotes, such as 2024-01-08.")
    if type(days) is not int or not 1 <= days <= 366:
        raise BadMapping("[sessions] every_days must be a whole number from 1 to 366.")
    if not isinstance(at, time):
        raise BadMapping("[sessions] at must be an hour without quotes, such as 10:00:00.")
    return Calendar(first, days, at)


def _pattern(names: dict[str, Any], role: str) -> str:
    pattern = str(names.get(role, "{}"))
    if pattern.count("{}") != 1 or "{" in pattern.replace("{}", "") or "}" in pattern.replace("{}", ""):
        raise BadMapping(f'[names] {role} must hold {{}} once, where the cell goes, for example "Course {{}}".')
    return pattern


def _raters(said: Any) -> dict[str, Rater] | None:
    if said is None:
        return None
    if not isinstance(said, dict) or not set(said.values()) <= set(RATERS):
        raise BadMapping('[raters] says which cell means whom, for example P = "client" and T = "therapist".')
    return {str(cell): rater for cell, rater in said.items()}


def _table(said: dict[str, Any], key: str) -> dict[str, Any]:
    table = said.get(key, {})
    if not isinstance(table, dict):
        raise BadMapping(f"[{key}] must be a table.")
    return table


def _no_others(said: dict[str, Any], known: set[str], where: str) -> None:
    others = set(said) - known
    if others:
        may = ", ".join(sorted(known))
        raise BadMapping(f"{where} has {_quoted(others)}, which means nothing here; it may have {may}.")


def _quoted(names: set[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "none"
