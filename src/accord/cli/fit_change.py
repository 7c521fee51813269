"""`accord fit change`: who changed more than error explains, and where courses jump."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from accord.cli.fit_shared import Result, add_analysis, floats, labels, listed, show
from accord.errors import BadInput
from accord.stats.change import METHODS, change_of_slopes, clinical_change, sudden_changes
from accord.tables.study import Grid, check_once, read_table

HLM = "HLM"
EXAMPLE = """example:
  accord fit change scores.csv --outcome phq9 --person client --time session --reliability 0.86 --functional 3.3,3.8
  accord fit change scores.csv --outcome phq9 --person client --time session --sudden 6 --json

scores.csv has one row a session. The first command compares each person's first score with the last (or the scores at
--first and --last); --functional is mean and SD of people without the problem. The second counts sudden falls and rises
of so many points. Both take a low score as good unless --higher-is-better. --method HLM needs no reliability: it takes
all scores of a person, and says whose slope departs from the mean slope."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `change` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "change",
        "reliable and clinically significant change, sudden gains and losses",
        "Sort persons by reliable and clinically significant change, or find sudden gains and losses (--sudden).",
        EXAMPLE,
        "one row a session",
    )
    command.add_argument("--outcome", metavar="COLUMN", required=True, help="the score")
    command.add_argument("--person", metavar="COLUMN", required=True, help="whose score it is")
    command.add_argument("--time", metavar="COLUMN", required=True, help="the number of the session")
    command.add_argument("--reliability", metavar="VALUE", type=float, help="of the score, from 0 to 1")
    command.add_argument("--functional", metavar="M,SD", help="of people without the problem (cut-off c, else a)")
    command.add_argument("--first", metavar="TIME", type=float, help="before (default: each person's first)")
    command.add_argument("--last", metavar="TIME", type=float, help="after (default: each person's last)")
    command.add_argument("--method", choices=(*METHODS, HLM), default="JT", help="index (default %(default)s)")
    command.add_argument("--reliability-after", metavar="VALUE", type=float, help="of the last score, for --method NK")
    command.add_argument("--higher-is-better", action="store_true", help="a high score is good")
    command.add_argument("--sudden", metavar="POINTS", type=float, help="find sudden changes of so many points instead")
    command.set_defaults(run=lambda arguments: show(arguments, _fit))


def _fit(arguments: argparse.Namespace) -> Result:
    path, person, time, outcome = arguments.file, arguments.person, arguments.time, arguments.outcome
    slopes = arguments.method == HLM
    if not slopes and (arguments.reliability is None) == (arguments.sudden is None):
        raise BadInput("give either --reliability, for change from before to after, or --sudden with points.")
    if slopes and any(getattr(arguments, name) is not None for name in ("reliability", "sudden", "first", "last")):
        raise BadInput("--method HLM takes all scores of a person. Leave out --reliability, --sudden, --first, --last.")
    if arguments.reliability_after is not None and arguments.method != "NK":
        raise BadInput("--reliability-after is for --method NK alone. Leave it out, or choose NK.")
    table = read_table(path, [outcome, person, time])
    labels(table, person, path)
    check_once(table, [person, time], path)
    if arguments.sudden is not None:
        grid = Grid.of(table.select(dyad=person, session=time), path)
        every = np.ones(len(table), dtype=np.bool_)
        return sudden_changes(grid.fill(floats(table, outcome, path), every), arguments.sudden)
    if slopes:
        scores, clock = (floats(table, name, path) for name in (outcome, time))
        return change_of_slopes(
            scores, labels(table, person, path), clock, functional=_functional(arguments.functional),
            lower_is_better=not arguments.higher_is_better,
        )  # fmt: skip
    pre, post = _before_and_after(table, arguments)
    return clinical_change(
        pre,
        post,
        arguments.reliability,
        functional=_functional(arguments.functional),
        lower_is_better=not arguments.higher_is_better,
        method=arguments.method,
        reliability_after=arguments.reliability_after,
    )


def _functional(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        mean, spread = (float(part) for part in listed(text))
    except ValueError:
        raise BadInput(f"--functional is {text!r}; give mean and SD with a comma between them, as 3.3,3.8.") from None
    return mean, spread


def _before_and_after(table: pl.DataFrame, arguments: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Each person's scores at both times; nan where there is none, or where both would be the same session."""
    path: Path = arguments.file
    columns = {"who": labels(table, arguments.person, path)}
    columns |= {name: floats(table, getattr(arguments, name), path) for name in ("time", "outcome")}
    rows = pl.DataFrame(columns).fill_nan(None).drop_nulls().sort("who", "time")
    score = pl.col("outcome")

    def at(time: float | None, place: str) -> pl.Expr:
        chosen = score.filter(pl.col("time") == time) if time is not None else score
        return chosen.first() if place == "first" else chosen.last()

    moved = pl.col("time").max() > pl.col("time").min()
    each = rows.group_by("who", maintain_order=True).agg(
        pre=at(arguments.first, "first"), post=at(arguments.last, "last"), moved=moved
    )
    each = pl.DataFrame({"who": np.unique(columns["who"])}).join(each, on="who", how="left", maintain_order="left")
    whole = pl.when(pl.col("moved")).then(pl.col("pre"))
    both = each.select(whole.alias("pre"), pl.col("post")).cast(pl.Float64).fill_null(float("nan"))
    return both["pre"].to_numpy(), both["post"].to_numpy()
