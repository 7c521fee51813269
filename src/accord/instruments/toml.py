"""One table of a TOML file in, its values out with the right type, or a sentence: what is wrong, where, what to do."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accord.errors import BadInstrument

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
}


def read_toml(path: Path) -> Part:
    """The whole file as one part. Raises `BadInstrument` when it is not there, not UTF-8 or not TOML."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInstrument(f"{path}: there is no such file. Check the path.") from None
    except OSError as error:
        raise BadInstrument(f"{path.name}: it cannot be read ({error.strerror}). Check its permissions.") from error
    except UnicodeDecodeError as error:
        raise BadInstrument(f"{path.name}: the file is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInstrument(f"{path.name}: this is not TOML: {error}. Correct that line.") from error
    return Part(path.name, "the file", data)


class Part:
    """A table of the file `file`, called `where` in sentences. Keys that nobody asked for are refused by `done`."""

    def __init__(self, file: str, where: str, data: Mapping[str, Any]) -> None:
        self.file, self.where, self.data = file, where, data
        self._known: set[str] = set()

    def wrong(self, what: str, to_do: str) -> BadInstrument:
        """The error to raise: the file, what is wrong there, and what to do."""
        return BadInstrument(f"{self.file}: {what}. {to_do}")

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

    def part(self, key: str, where: str | None = None) -> Part:
        """A table inside this one; an empty one where it is absent."""
        return Part(self.file, where or key, self._get(key, dict, {}))

    def parts(self, key: str) -> list[Part]:
        """A list of tables (`[[key]]`), each called by its id or name or by its place in the list."""
        tables = self._list(key, dict, ())
        name = key.removesuffix("s")
        return [
            Part(self.file, f"{name} {table.get('id', table.get('name', number))!r}", table)
            for number, table in enumerate(tables, 1)
        ]

    def named(self, key: str, called: str) -> dict[str, Part]:
        """A table of tables, by name; `called` is what one of them is."""
        outer = self.part(key)
        return {name: Part(self.file, f"{called} {name!r}", outer._get(name, dict, NOTHING)) for name in outer.data}

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
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)
