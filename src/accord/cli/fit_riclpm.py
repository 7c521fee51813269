"""`accord fit riclpm`: whether two scores move each other from wave to wave within persons."""

from __future__ import annotations

import argparse

from accord.cli.fit_shared import add_analysis, listed, show, wide
from accord.stats.riclpm import PanelFit, riclpm
from accord.tables.study import read_table

EXAMPLE = """example:
  accord fit riclpm persons.csv --x wai1,wai2,wai3,wai4 --y phq1,phq2,phq3,phq4 --constrained --json

persons.csv has one row a person and one column for each wave of each score; an empty cell (or NA) is missing. In the
estimates, phq2~wai1 says by how much phq is higher in wave 2 within a person whose wai lay one unit above their own
level in wave 1, phq1 given. --constrained makes lags, and residuals from wave 2 on, the same at all waves."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `riclpm` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "riclpm",
        "whether two scores move each other from wave to wave within persons",
        "Fit a random-intercept cross-lagged panel model (Hamaker et al. 2015) by full-information maximum likelihood.",
        EXAMPLE,
        "one row a person",
    )
    command.add_argument("--x", metavar="A,B", required=True, help="columns of the first score, in the order of waves")
    command.add_argument("--y", metavar="A,B", required=True, help="columns of the second score, likewise")
    command.add_argument("--constrained", action="store_true", help="the same lags at all waves")
    command.set_defaults(run=lambda arguments: show(arguments, _fit))


def _fit(arguments: argparse.Namespace) -> PanelFit:
    path, names = arguments.file, (listed(arguments.x), listed(arguments.y))
    table = read_table(path, list(dict.fromkeys([*names[0], *names[1]])))
    x, y = (wide(table, columns, path) for columns in names)
    return riclpm(x, y, constrained=arguments.constrained, names=names)
