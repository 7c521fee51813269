"""`accord fit describe`: who is in a study, what is missing, and how many ratings are at the ends of the scale."""

from __future__ import annotations

import argparse
from typing import Any

from accord.cli.fit_shared import add_analysis, floats, labels, listed, show
from accord.errors import BadInput
from accord.stats.describe import Description, describe_ratings
from accord.tables.study import check_once, read_table

EXAMPLE = """example:
  accord fit describe answers.csv --columns wai1,wai2,wai3 --person client --time session --ends 1,5 --json

answers.csv has one row a session. Each column is described by itself: persons and sessions, what is missing and where,
spread within and between persons, and how many answers are at the lowest and highest value (--ends, or as they are)."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `describe` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "describe",
        "who is in a study, what is missing, and ceilings",
        "Describe each column of ratings or answers.",
        EXAMPLE,
        "one row a session",
    )
    command.add_argument("--columns", metavar="A,B", required=True, help="scores or questions, by comma")
    command.add_argument("--person", metavar="COLUMN", required=True, help="whose they are")
    command.add_argument("--time", metavar="COLUMN", required=True, help="the number of the session")
    command.add_argument("--ends", metavar="LOW,HIGH", help="lowest and highest possible value")
    command.set_defaults(run=lambda arguments: show(arguments, _describe))


class Columns:
    """The description of each column."""

    def __init__(self, columns: dict[str, Description]) -> None:
        self.columns = columns

    def to_dict(self) -> dict[str, Any]:
        """By the name of the column, ready for JSON."""
        return {name: about.to_dict() for name, about in self.columns.items()}

    def __str__(self) -> str:
        return "\n\n".join(f"{name}\n{about}" for name, about in self.columns.items())


def _describe(arguments: argparse.Namespace) -> Columns:
    path, person, time, names = arguments.file, arguments.person, arguments.time, listed(arguments.columns)
    if not names:
        raise BadInput("--columns names none. Give at least one.")
    ends = _ends(arguments.ends)
    table = read_table(path, list(dict.fromkeys([*names, person, time])))
    who, clock = labels(table, person, path), floats(table, time, path)
    check_once(table, [person, time], path)
    described = {}
    for name in names:
        column = floats(table, name, path)
        try:
            described[name] = describe_ratings(column, who, clock, ends)
        except BadInput as error:
            raise BadInput(f"column {name!r}: {error}") from error
    return Columns(described)


def _ends(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in listed(text))
    except ValueError:
        raise BadInput(f"--ends is {text!r}; give the lowest and highest value with a comma, as 1,5.") from None
    return low, high
