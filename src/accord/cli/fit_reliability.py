"""`accord fit reliability`: how reliable a scale is, from a table with one column an item."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from accord.cli.fit_shared import show
from accord.errors import BadInput
from accord.stats.omega import Omega, multilevel_omega
from accord.stats.reliability import Reliability, reliability
from accord.tables.study import Grid, check_once, numbers, read_table

EXAMPLE = """example:
  accord fit reliability answers.csv --person client --time session --items wai1,wai2,wai3,wai4 --json

answers.csv has one row a response, and a column for each item. Turn reversed items round first. An empty cell (or NA)
is a missing answer. R_C says how much of a change from one session to the next is no error of the scale."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `reliability` to the analyses of `fit`."""
    command = analyses.add_parser(
        "reliability",
        help="how reliable a scale is, for persons and for change",
        description="Split the variance of answers into persons, sessions, items, their pairs and the rest (crossed, "
        "by REML), and tell how reliable a change, a person's mean and one session are (Cranford et al. 2006). Omega "
        "within and between persons from a factor model on two levels (Geldhof et al. 2014).",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("file", metavar="FILE", type=Path, help="CSV or Parquet, one row a response")
    command.add_argument("--person", metavar="COLUMN", required=True, help="whose answers they are")
    command.add_argument("--time", metavar="COLUMN", required=True, help="the number of the session")
    command.add_argument("--items", metavar="A,B", required=True, help="the items of the scale, by comma")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=lambda arguments: show(arguments, _reliability))


class BothReliabilities:
    """The reliability of a scale, and omega on two levels, or why it is not known."""

    def __init__(self, of_scale: Reliability, omega: Omega | str) -> None:
        self.of_scale, self.omega = of_scale, omega

    def to_dict(self) -> dict[str, Any]:
        """Both, ready for JSON."""
        omega = {"message": self.omega} if isinstance(self.omega, str) else self.omega.to_dict()
        return {**self.of_scale.to_dict(), "omega": omega}

    def __str__(self) -> str:
        return f"{self.of_scale}\n\n{self.omega}"


def _reliability(arguments: argparse.Namespace) -> BothReliabilities:
    path, person, time = arguments.file, arguments.person, arguments.time
    items = [name for name in arguments.items.split(",") if name]
    table = read_table(path, list(dict.fromkeys([person, time, *items])))
    check_once(table, [person, time], path)
    grid = Grid.of(table.select(dyad=person, session=time), path)
    every = np.ones(len(table), dtype=np.bool_)
    answers = [grid.fill(numbers(table, item, path).fill_null(float("nan")).to_numpy(), every) for item in items]
    cube = np.stack(answers, axis=2) if answers else np.empty((grid.dyads, len(grid.sessions), 0))
    of_scale = reliability(cube)
    try:
        return BothReliabilities(of_scale, multilevel_omega(cube))
    except BadInput as error:
        return BothReliabilities(of_scale, f"Omega on two levels is not known: {error}")
