"""Read one table of a TOML file: each value with the right type, or a sentence that says what is wrong, where, what to
do.

Every TOML file that people write is read with it: questionnaires, guidance cards, column maps. A new kind of value
gets a method here; what only one kind of file asks for is checked where that file is read.
"""

from __future__ import annotations

import datetime
import difflib
import math
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from accord.errors import AccordError, BadInstrument

NAME = re.compile(r"[a-z][a-z0-9_]*")  # ids become columns of tables and names of form fields
DATE = re.compile(r"\d{4}-\d\d-\d\d")
NOTHING: Any = object()
PLURALS = {str: "texts", int: "whole numbers", dict: "tables"}
KIND_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    datetime.date: "a day without quotes, such as 2024-01-08",
    datetime.time: "an hour without quotes, such as 10:00:00",
}


def read_toml(path: Path, error: type[AccordError] = BadInstrument) -> TomlTable:
    """The whole file as one table. Raises `error` when it is not there, not UTF-8 or not TOML; so do its values."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path}: there is no such file. Check the path.") from None
    except OSError as reason:
        raise error(f"{path.name}: it cannot be read ({reason.strerror}). Check its permissions.") from reason
    except UnicodeDecodeError as reason:
        raise error(f"{path.name}: the file is not UTF-8 (byte {reason.start}). Save it as UTF-8.") from reason
    except tomllib.TOMLDecodeError as reason:
        raise error(f"{path.name}: this is not TOML: {reason}. Correct that line.") from reason
    return TomlTable(path.name, "the file", data, error)


class TomlTable:
    """A table of the file `file`, called `where` in sentences. Keys that nobody asked for are refused by `done`."""

    def __init__(
        self, file: str, where: str, data: Mapping[str, Any], error: type[AccordError] = BadInstrument
    ) -> None:
        self.file, self.where, self.data, self.error = file, where, data, error
        self._known: set[str] = set()

    def wrong(self, what: str, to_do: str) -> AccordError:
        """The error to raise: the file, what is wrong there, and what to do."""
        return self.error(f"{self.file}: {what}. {to_do}")

    def has(self, key: str) -> bool:
        """Whether the key is there (it counts as asked for)."""
        self._known.add(key)
        return key in self.data

    def text(self, key: str, default: str = NOTHING) -> str:
        """A text that is not empty."""
        value: str = self._get(key, str, default)
        if value is not default and not value.strip():
            raise self.wrong(f"{self.where}: {key!r} is empty", "Fill it in.")
        return value.strip() if isinstance(value, str) else value

    def name(self, key: str) -> str:
        """A text that can name a column or a form field."""
        value = self.text(key)
        if not NAME.fullmatch(value):
            raise self.wrong(f"{self.where}: {key} may hold small letters, digits and underscores only", "Rename it.")
        return value

    def date(self, key: str) -> str:
        """A date as text."""
        value = self.text(key)
        if not DATE.fullmatch(value):
            raise self.wrong(f"{self.where}: {key} is {value!r}", "Write a date as 'YYYY-MM-DD'.")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...], default: str = NOTHING) -> Any:
        """A text out of a short list."""
        value = self.text(key, default)
        if value is not default and value not in allowed:
            raise self.wrong(f"{self.where}: {key} is {value!r}", f"Write one of {', '.join(map(repr, allowed))}.")
        return value

    def some_of(self, key: str, allowed: Collection[str], default: tuple[str, ...] = NOTHING) -> tuple[str, ...]:
        """A list of texts out of a list."""
        values = self.texts(key, default)
        for value in values:
            if value not in allowed:
                raise self.wrong(f"{self.where}: {key} names {value!r}", f"Use one of {', '.join(sorted(allowed))}.")
        return values

    def day(self, key: str, default: datetime.date | None = NOTHING) -> datetime.date | None:
        """A day that TOML itself knows as one, without quotes."""
        value: datetime.date | None = self._get(key, datetime.date, default)
        return value

    def hour(self, key: str, default: datetime.time = NOTHING) -> datetime.time:
        """A time of the day, without quotes."""
        value: datetime.time = self._get(key, datetime.time, default)
        return value

    def integer(self, key: str, default: int = NOTHING) -> int:
        value: int = self._get(key, int, default)
        return value

    def number(self, key: str, default: float = NOTHING) -> float:
        value: float = self._get(key, float, default)
        if value is not default and not math.isfinite(value):
            raise self.wrong(f"{self.where}: {key!r} is {value}", "Write a finite number.")
        return value

    def truth(self, key: str, default: bool = NOTHING) -> bool:
        value: bool = self._get(key, bool, default)
        return value

    def texts(self, key: str, default: tuple[str, ...] = NOTHING) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        values = self._list(key, str, default)
        if any(not value.strip() for value in values):
            raise self.wrong(f"{self.where}: {key!r} holds an empty text", "Fill it in.")
        return values

    def integers(self, key: str, default: tuple[int, ...] = NOTHING) -> tuple[int, ...]:
        """A list of whole numbers."""
        return self._list(key, int, default)

    def part(self, key: str, where: str | None = None) -> TomlTable:
        """A table inside this one; an empty one where it is absent."""
        return TomlTable(self.file, where or key, self._get(key, dict, {}), self.error)

    def parts(self, key: str) -> list[TomlTable]:
        """A list of tables (`[[key]]`), each called by its id or name or by its place in the list."""
        tables = self._list(key, dict, ())
        name = key.removesuffix("s")
        return [
            TomlTable(self.file, f"{name} {table.get('id', table.get('name', number))!r}", table, self.error)
            for number, table in enumerate(tables, 1)
        ]

    def named(self, key: str, called: str) -> dict[str, TomlTable]:
        """A table of tables, by name; `called` is what one of them is."""
        outer = self.part(key)
        return {name: outer.part(name, f"{called} {name!r}") for name in outer.data}

    def done(self) -> None:
        """Refuse keys that mean nothing: most are spelling mistakes."""
        for key in self.data:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, 1)
                advice = f"Did you mean {near[0]!r}?" if near else "Remove it."
                raise self.wrong(f"{self.where}: {key!r} means nothing here", advice)

    def _get(self, key: str, kind: type, default: Any) -> Any:
        if not self.has(key):
            if default is NOTHING:
                raise self.wrong(f"{self.where} lacks {key!r}", "Add it.")
            return default
        value = self.data[key]
        if not _is(value, kind):
            raise self.wrong(f"{self.where}: {key!r} is {value!r}", f"Write {KIND_NAMES[kind]}.")
        return float(value) if kind is float else value

    def _list(self, key: str, kind: type, default: Any) -> tuple[Any, ...]:
        values = self._get(key, list, default)
        for value in values:
            if not _is(value, kind):
                raise self.wrong(f"{self.where}: {key!r} holds {value!r}", f"Write a list of {PLURALS[kind]}.")
        return tuple(values)


def _is(value: Any, kind: type) -> bool:
    """TOML's true is no number here, and a whole number is a number."""
    if isinstance(value, bool):
        return kind is bool
    if kind is datetime.date:
        return type(value) is datetime.date  # a moment is a date, too, and no day
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)
