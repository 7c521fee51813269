"""The JSON documents of a file or a folder, one after the other: JSON or NDJSON, each also gzipped.

Another kind of file (XML, a zip) belongs here.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from accord.errors import BadTable

ENDINGS = (".json", ".ndjson", ".jsonl")
TOO_DEEP = "it is nested more deeply than this program can read. No questionnaire needs more than a few dozen levels."


@dataclass(frozen=True, slots=True)
class TooDeep:
    """Stands for a line whose JSON is nested too deeply to be read."""


def documents(path: Path) -> Iterator[tuple[str, Any]]:
    """Each document with its place (`file, line 7`); of a folder those of its files, by name, also in folders within.

    A file whose first line is a whole document has one a line. A line that is nested too deeply comes as `TooDeep`.
    Raises `BadTable` where something cannot be opened, is not UTF-8 or not JSON.
    """
    if not path.is_dir():
        yield from _of_file(path, path.name)
        return
    files = [file for file in sorted(path.rglob("*")) if _is_wanted(file, path)]
    if not files:
        raise BadTable(f"{path}: no file in this folder ends in {', '.join(ENDINGS)} or .gz. Choose another folder.")
    for file in files:
        if file.stat().st_size:  # a bulk export may hold an empty file for a type that nobody has
            yield from _of_file(file, str(file.relative_to(path)))


def _is_wanted(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return not hidden and file.is_file() and file.name.lower().removesuffix(".gz").endswith(ENDINGS)


def _of_file(path: Path, label: str) -> Iterator[tuple[str, Any]]:
    if not path.is_file():
        raise BadTable(f"{path}: there is no such file. Check the path.")
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as lines:
            yield from _of_lines(cast(IO[bytes], lines), path, label)
    except UnicodeDecodeError as error:
        raise BadTable(f"{path}: this is not UTF-8 text ({error}). Give a FHIR file as JSON.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise BadTable(f"{path}: the file cannot be read to its end ({error}). Fetch it again.") from error


def _of_lines(lines: IO[bytes], path: Path, label: str) -> Iterator[tuple[str, Any]]:
    """Bytes are split at line feeds alone: other signs that end a line elsewhere may stand in somebody's words."""
    number, first = 1, lines.readline().removeprefix(b"\xef\xbb\xbf")
    while first and not first.strip():
        number, first = number + 1, lines.readline()
    try:
        alone = _parsed(first)
    except json.JSONDecodeError:
        yield label, _whole(b"\n" * (number - 1) + first + lines.read(), path)
        return
    second = lines.readline()
    if isinstance(alone, TooDeep) and not second.strip():
        raise BadTable(f"{path}: {TOO_DEEP}")
    yield f"{label}, line {number}", alone
    for nth, line in enumerate(chain([second], lines), number + 1):
        if line.strip():
            try:
                yield f"{label}, line {nth}", _parsed(line)
            except json.JSONDecodeError as error:
                raise BadTable(f"{path}: line {nth}: this is not JSON ({error.msg}).") from error


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except RecursionError:
        return TooDeep()


def _whole(text: bytes, path: Path) -> Any:
    """One document that is written over several lines."""
    try:
        document = _parsed(text)
    except json.JSONDecodeError as error:
        raise BadTable(f"{path}: line {error.lineno}: this is not JSON ({error.msg}).") from error
    if isinstance(document, TooDeep):
        raise BadTable(f"{path}: {TOO_DEEP}")
    return document
