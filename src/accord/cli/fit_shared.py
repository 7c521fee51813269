"""What the analyses of `accord fit` share: their option for JSON, columns of a table as arrays, printing a result.

What a second analysis needs of a file or of its options belongs here; what only one needs stays in its module.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from accord.errors import BadInput, BadTable
from accord.tables.study import numbers


class Result(Protocol):
    """What an analysis gives: a table for people as text, and plain values for JSON."""

    def to_dict(self) -> dict[str, Any]: ...


def add_analysis(
    analyses: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    description: str,
    example: str,
    rows: str,
) -> argparse.ArgumentParser:
    """Add an analysis that reads one FILE with so many `rows` and prints a table or JSON; it still needs its `run`."""
    command = analyses.add_parser(
        name, help=text, description=description, epilog=example, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("file", metavar="FILE", type=Path, help=f"CSV or Parquet, {rows}")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return command


def show(arguments: argparse.Namespace, analyse: Callable[[argparse.Namespace], Result]) -> None:
    """Analyse and print; what is wrong with the values is said with the name of the file."""
    try:
        result = analyse(arguments)
    except BadInput as error:
        raise BadInput(f"{arguments.file}: {error}") from error
    print(json.dumps(plain(result.to_dict()), indent=2) if arguments.json else result)


def plain(value: Any) -> Any:
    """As JSON knows it: what is no number is nothing."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def listed(text: str) -> list[str]:
    """Names that are typed with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def floats(table: pl.DataFrame, name: str, path: Path) -> NDArray[np.float64]:
    """A column of numbers, NaN where missing."""
    return numbers(table, name, path).fill_null(float("nan")).to_numpy()


def labels(table: pl.DataFrame, name: str, path: Path) -> NDArray[Any]:
    """A column of labels as whole numbers, equal where the labels are."""
    series = table[name]
    if series.null_count():
        line = int(series.is_null().arg_true()[0]) + 2
        raise BadTable(f"{path}: line {line}, column {name!r} is empty. Every rating needs one; fill it in.")
    return series.rank("dense").to_numpy()


def wide(table: pl.DataFrame, names: Sequence[str], path: Path) -> NDArray[np.float64]:
    """Several columns of numbers side by side, NaN where missing."""
    columns = [floats(table, name, path) for name in names]
    return np.column_stack(columns) if columns else np.empty((len(table), 0))
