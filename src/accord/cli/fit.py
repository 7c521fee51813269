"""`accord fit`: one subcommand for each statistical model, the mixed model described here.

A new model gets its module, as `fit_reliability`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl

from accord.cli import (
    fit_change,
    fit_coupling,
    fit_criterion,
    fit_describe,
    fit_dropout,
    fit_dyads,
    fit_expected,
    fit_invariance,
    fit_power,
    fit_reliability,
    fit_riclpm,
    fit_therapists,
)
from accord.cli.fit_shared import floats, labels
from accord.errors import BadInput, BadTable
from accord.stats.mixed import MixedFit, fit_mixed
from accord.tables.study import read_table

EXAMPLE = """example:
  accord fit mixed ratings.csv --outcome score --time session --person dyad --slope --ar1 --json

ratings.csv has one row a rating and at least the columns score, session and dyad. Rows may come in any order; rows with
an empty cell (or NA) in a column of numbers are left out and counted. A fit that did not converge says so: look at
"converged", "boundary" and "message" before you use its numbers."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `fit`: one subcommand an analysis."""
    command.description = "Fit a statistical model."
    analyses = command.add_subparsers(dest="analysis", required=True, metavar="NAME")
    _add_mixed(analyses)
    fit_reliability.add(analyses)
    fit_criterion.add(analyses)
    fit_coupling.add(analyses)
    fit_riclpm.add(analyses)
    fit_dyads.add(analyses)
    fit_change.add(analyses)
    fit_therapists.add(analyses)
    fit_dropout.add(analyses)
    fit_invariance.add(analyses)
    fit_expected.add(analyses)
    fit_describe.add(analyses)
    fit_power.add(analyses)


def _add_mixed(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    mixed = analyses.add_parser(
        "mixed",
        help="growth over time with differences between persons (and therapists)",
        description="Fit a linear mixed model by REML: a random intercept for each person, and as asked a random "
        "slope, a therapist level and autocorrelated residuals. Log-likelihoods follow the convention of lme4.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    mixed.add_argument("file", metavar="FILE", type=Path, help="CSV or Parquet, one row a rating")
    mixed.add_argument("--outcome", metavar="COLUMN", required=True, help="the rating")
    mixed.add_argument("--person", metavar="COLUMN", required=True, help="whose rating it is")
    mixed.add_argument("--time", metavar="COLUMN", help="when; also a fixed effect")
    mixed.add_argument("--fixed", metavar="A,B", default="", help="further fixed effects, by comma")
    random = mixed.add_mutually_exclusive_group()
    random.add_argument("--slope", action="store_true", help="the effect of time differs between persons")
    random.add_argument("--random", metavar="COLUMN", help="the effect of this column differs between persons")
    mixed.add_argument("--therapist", metavar="COLUMN", help="the therapist that persons belong to, each to one")
    mixed.add_argument("--ar1", action="store_true", help="residuals close in time are alike (over gaps as well)")
    mixed.add_argument("--ml", action="store_true", help="maximum likelihood instead of REML")
    mixed.add_argument("--json", action="store_true", help="print JSON instead of a table")
    mixed.set_defaults(run=run_mixed)


def run_mixed(arguments: argparse.Namespace) -> None:
    """Read the table, fit, print."""
    if arguments.time is None and (arguments.slope or arguments.ar1):
        raise BadInput("--slope and --ar1 need --time, the column that says when. Add it, or use --random COLUMN.")
    try:
        fit = _fit(arguments)
    except BadInput as error:
        raise BadInput(f"{arguments.file}: {error}") from error
    print(json.dumps(fit.to_dict(), indent=2) if arguments.json else fit)


def _fit(arguments: argparse.Namespace) -> MixedFit:
    path, slope = arguments.file, arguments.time if arguments.slope else arguments.random
    effects = [name for name in (arguments.time, *arguments.fixed.split(",")) if name]
    whose = [name for name in (arguments.person, arguments.therapist) if name]
    table = read_table(path, list(dict.fromkeys([arguments.outcome, *effects, *([slope] if slope else []), *whose])))
    columns = {name: floats(table, name, path) for name in {arguments.outcome, *effects, slope} if name}
    _check_once(table, arguments.person, arguments.time, path)
    _check_nested(table, arguments.person, arguments.therapist, path)
    return fit_mixed(
        columns[arguments.outcome],
        np.column_stack([np.ones(len(table)), *(columns[name] for name in effects)]),
        labels(table, arguments.person, path),
        slope=columns[slope] if slope else None,
        therapist=labels(table, arguments.therapist, path) if arguments.therapist else None,
        time=columns[arguments.time] if arguments.time else None,
        method="ML" if arguments.ml else "REML",
        ar1=arguments.ar1,
        names=("(Intercept)", *effects),
    )


def _check_nested(table: pl.DataFrame, person: str, therapist: str | None, path: Path) -> None:
    """A person has one therapist. Told here by the name in the file, since the fit knows persons by number."""
    if therapist is None or therapist == person:
        return
    seen = table.group_by(person, maintain_order=True).agg(pl.col(therapist).n_unique())
    torn = seen.filter(pl.col(therapist) > 1)
    if len(torn):
        raise BadTable(
            f"{path}: {person} {torn[person][0]} appears under {torn[therapist][0]} therapists; a person must have "
            "one. Give each course of therapy an id of its own."
        )


def _check_once(table: pl.DataFrame, person: str, time: str | None, path: Path) -> None:
    """One row a person and time: a second one is a slip, or another rater or scale that wants a fit of its own."""
    if time is None:
        return
    twice = ~table.select(pl.struct(person, time).is_first_distinct()).to_series() & table[time].is_not_null()
    if twice.any():
        row = int(twice.arg_true()[0])
        raise BadTable(
            f"{path}: line {row + 2}: {person} {table[person][row]} has a second row at {time} {table[time][row]}. "
            "Keep one; fit each rater or scale by itself."
        )
