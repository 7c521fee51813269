"""`accord fit dyads`: two sides' ratings together, by one of three models; another is one more entry of `MODELS`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import polars as pl

from accord.cli.fit_shared import Result, add_analysis, floats, labels, listed, show, wide
from accord.errors import BadInput
from accord.stats.actor_partner import actor_partner
from accord.stats.surface import surface
from accord.stats.truth_bias import TruthBias, truth_bias
from accord.tables.study import check_once, read_table

EXAMPLE = """example:
  accord fit dyads sessions.csv --judge therapist_wai --truth client_wai --person dyad --time session
  accord fit dyads sessions.csv --outcomes client_good,therapist_good --predictors client_wai,therapist_wai
  accord fit dyads sessions.csv --outcome phq9 --x client_wai --y therapist_wai --person dyad --center 3 --json

sessions.csv has one row a session (or a dyad), with both sides' ratings in columns of their own. The first command
says how well the therapist's rating follows the client's, and by how much it lies off it; the second what each side's
rating has to do with what both report; the third what becomes of an outcome where both agree and where they do not
(a1 to a5). Both ratings need the same scale; --center is its middle."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `dyads` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "dyads",
        "two sides' ratings together: truth and bias, actor and partner, response surface",
        "Fit one of three models of dyads: truth and bias (--judge, --truth), actor and partner (--outcomes, "
        "--predictors), or a response surface (--outcome, --x, --y).",
        EXAMPLE,
        "one row a session or a dyad",
    )
    command.add_argument("--judge", metavar="COLUMN", help="truth and bias: whose rating is judged")
    command.add_argument("--truth", metavar="COLUMN", help="truth and bias: the rating that it is held against")
    command.add_argument("--outcomes", metavar="A,B", help="actor and partner: what both sides report")
    command.add_argument("--predictors", metavar="A,B", help="actor and partner: both sides' ratings, in that order")
    command.add_argument("--outcome", metavar="COLUMN", help="surface: what becomes of it")
    command.add_argument("--x", metavar="COLUMN", help="surface: the first side's rating")
    command.add_argument("--y", metavar="COLUMN", help="surface: the second side's rating")
    command.add_argument("--center", metavar="VALUE", type=float, default=0.0, help="surface: the middle of the scale")
    command.add_argument("--person", metavar="COLUMN", help="the dyad, where it has several rows")
    command.add_argument("--time", metavar="COLUMN", help="the session, so that a second row of one is found")
    command.add_argument("--each", action="store_true", help="truth and bias: also each dyad's shrunken estimates")
    command.set_defaults(run=lambda arguments: show(arguments, _fit))


class EachDyad:
    """Truth and bias with each dyad's own estimates."""

    def __init__(self, fit: TruthBias, dyads: list[Any]) -> None:
        self.fit, self.dyads = fit, dyads

    def to_dict(self) -> dict[str, Any]:
        """The models, and a row for each dyad."""
        rows = zip(self.dyads, self.fit.each.tolist(), self.fit.each_se.tolist(), strict=True)
        names = ("bias", "congruence")
        each = [
            {"dyad": name, **dict(zip(names, v, strict=True)), "bias_se": se[0], "congruence_se": se[1]}
            for name, v, se in rows
        ]
        return {**self.fit.to_dict(), "dyads": each}

    def __str__(self) -> str:
        lines = [str(self.fit), "", f"{'dyad':<20}{'bias':>10}{'SE':>10}{'congruence':>12}{'SE':>10}"]
        for row in self.to_dict()["dyads"]:
            lines.append(
                f"{row['dyad']!s:<20}{row['bias']:>10.4f}{row['bias_se']:>10.4f}"
                f"{row['congruence']:>12.4f}{row['congruence_se']:>10.4f}"
            )
        return "\n".join(lines)


def _truth(arguments: argparse.Namespace, table: pl.DataFrame, path: Path) -> Result:
    judge, truth = (floats(table, name, path) for name in (arguments.judge, arguments.truth))
    if arguments.person is None:
        raise BadInput("truth and bias needs --person, the column that names the dyad.")
    fit = truth_bias(judge, truth, labels(table, arguments.person, path))
    if not arguments.each:
        return fit
    names = table[arguments.person].unique().sort().to_list()
    return EachDyad(fit, [names[int(place) - 1] for place in fit.dyads])


def _actor(arguments: argparse.Namespace, table: pl.DataFrame, path: Path) -> Result:
    sides = [listed(arguments.outcomes), listed(arguments.predictors)]
    if any(len(side) != 2 for side in sides):
        raise BadInput("--outcomes and --predictors need two columns each, one for each side, by comma.")
    dyad = labels(table, arguments.person, path) if arguments.person else None
    return actor_partner(wide(table, sides[0], path), wide(table, sides[1], path), dyad)


def _surface(arguments: argparse.Namespace, table: pl.DataFrame, path: Path) -> Result:
    columns = [floats(table, name, path) for name in (arguments.outcome, arguments.x, arguments.y)]
    dyad = labels(table, arguments.person, path) if arguments.person else None
    return surface(columns[0], columns[1], columns[2], dyad, arguments.center)


MODELS = {
    ("judge", "truth"): _truth,
    ("outcomes", "predictors"): _actor,
    ("outcome", "x", "y"): _surface,
}
"""The options that ask for a model, all of them, and what fits it."""


def _fit(arguments: argparse.Namespace) -> Result:
    asked = [options for options in MODELS if any(getattr(arguments, option) for option in options)]
    if len(asked) != 1 or not all(getattr(arguments, option) for option in asked[0]):
        ways = "; ".join(" ".join(f"--{option}" for option in options) for options in MODELS)
        raise BadInput(f"give all options of one model, and no other: {ways}.")
    path, person, time = arguments.file, arguments.person, arguments.time
    columns = [name for option in asked[0] for name in listed(getattr(arguments, option))]
    table = read_table(path, list(dict.fromkeys([*columns, *(name for name in (person, time) if name)])))
    if person and time:
        check_once(table, [person, time], path)
    return MODELS[asked[0]](arguments, table, path)
