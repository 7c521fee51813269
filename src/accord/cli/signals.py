"""`accord signals`: find possible strains in a long table of ratings, with what was expected and their repair."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from accord.stats.rules import RULES
from accord.stats.thresholds import BUDGET
from accord.tables.strains import find_strains
from accord.tables.study import check_ending, write_table

EXAMPLE = """example:
  accord simulate --dyads 50 --sessions 15 --seed 1 --out study
  accord signals study/ratings.parquet --budget 0.05 --out signals.csv

FILE has one row a rating: dyad, session (a number), score (high is good), and as needed rater (client or therapist) and
scale. Each scale is judged by what is usual in FILE itself; the more dyads, the better. The output has the same rows in
the same order with
  expected  what the earlier ratings of the same person let expect
  sd        its standard deviation, with the person's own spread
  z         (score - expected) / sd; with a therapist's rating of the same session, a low one is added. Low: strain
  flag      1: a drop, under the budget of uneventful 15-session courses that may be flagged. Or what --rule says
  state     of the latest flagged strain: none, open, partly, recovered
No rule, and no flag, is proof of anything: it is a possible strain, worth a question."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `signals`: its arguments and options."""
    command.description = "Compare each rating with what the same person's earlier ratings let expect."
    command.epilog = EXAMPLE
    command.add_argument("file", metavar="FILE", type=Path, help="CSV or Parquet, one row a rating")
    command.add_argument(
        "--budget", metavar="SHARE", type=float, default=BUDGET.drop,
        help="share of uneventful 15-session courses that may be flagged, on each scale and for each voice "
        "(default %(default)s)",
    )  # fmt: skip
    command.add_argument("--scale", metavar="NAME", help="judge this scale only; collaboration and connection "
                         "(0 to 100) have starting values")  # fmt: skip
    command.add_argument("--date", metavar="COLUMN", help="day of each session (2026-11-30, or a number of days): what "
                         "happens to everybody from a day on is then expected of each")  # fmt: skip
    command.add_argument("--rule", metavar="NAME", help=f"flag by a classical rule instead: {', '.join(RULES)}")
    command.add_argument("--out", metavar="FILE", type=Path, help="write all rows as CSV or Parquet")
    command.add_argument("--json", action="store_true", help="print all rows and the calibrations as JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Judge the file, write or print."""
    if arguments.out:
        check_ending(arguments.out)
    budget = replace(BUDGET, drop=arguments.budget)
    strains = find_strains(
        arguments.file, scale=arguments.scale, budget=budget, rule=arguments.rule, date=arguments.date
    )
    if arguments.out:
        write_table(strains.rows, arguments.out)
    if arguments.json:
        print(json.dumps(strains.to_dict(), indent=1))
        return
    print(strains)
    where = f"all are in {arguments.out}." if arguments.out else "--out FILE writes all."
    print(f"{len(strains.rows):,} rows; {where}")
