"""`accord fit invariance`: whether answers of groups, or of both sides of a dyad, mean the same."""

from __future__ import annotations

import argparse

from accord.cli.fit_shared import add_analysis, labels, listed, show, wide
from accord.errors import BadInput
from accord.stats.invariance import Invariance, invariance, invariance_of_sides
from accord.tables.study import read_table

EXAMPLE = """example:
  accord fit invariance answers.csv --factors "bond=b1,b2,b3;task=t1,t2,t3" --group language
  accord fit invariance dyads.csv --factors "bond=c1,c2,c3" --other t1,t2,t3 --json

answers.csv has one row a person, dyads.csv one row a dyad with both sides' answers; --other names the second side's
items in the same order. Metric: changes compare; scalar: means compare. Groups are independent; both sides of a dyad
are not, so their factors and the residuals of the same item go together."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `invariance` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "invariance",
        "whether the answers of groups, or of both sides of a dyad, mean the same",
        "Fit factor models with equal loadings, intercepts and residuals one after the other (configural, metric, "
        "scalar, strict) by full-information maximum likelihood.",
        EXAMPLE,
        "one row a person or a dyad",
    )
    command.add_argument("--factors", metavar="F=A,B;G=C,D", required=True, help="the items of each factor")
    sides = command.add_mutually_exclusive_group(required=True)
    sides.add_argument("--group", metavar="COLUMN", help="compare independent groups")
    sides.add_argument("--other", metavar="A,B", help="compare with the second side's items, in the same order")
    command.set_defaults(run=lambda arguments: show(arguments, _fit))


def _fit(arguments: argparse.Namespace) -> Invariance:
    factors = _factors(arguments.factors)
    items, path = [item for names in factors.values() for item in names], arguments.file
    others = listed(arguments.other or "")
    if arguments.other and len(others) != len(items):
        raise BadInput(
            f"--other names {len(others)} items and --factors {len(items)}; give the same in the same order."
        )
    group = [arguments.group] if arguments.group else []
    table = read_table(path, list(dict.fromkeys([*items, *others, *group])))
    if arguments.group:
        labels(table, arguments.group, path)
        return invariance(wide(table, items, path), table[arguments.group].to_numpy(), factors)
    return invariance_of_sides(wide(table, items, path), wide(table, others, path), factors)


def _factors(text: str) -> dict[str, list[str]]:
    """`bond=b1,b2;task=t1,t2` as names and items."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    if not parts or not all(middle and name.strip() and listed(items) for name, middle, items in parts):
        raise BadInput(f"--factors is {text!r}; give a name and its items, as bond=b1,b2,b3;task=t1,t2,t3.")
    return {name.strip(): listed(items) for name, _middle, items in parts}
