"""`accord fit expected`: the usual course of an outcome, given where somebody starts, and its bands."""

from __future__ import annotations

import argparse

from accord.cli.fit_shared import add_analysis, floats, labels, show
from accord.stats.expected import ExpectedCourse, expected_course
from accord.tables.study import check_once, read_table

EXAMPLE = """example:
  accord fit expected sessions.csv --outcome phq9 --person client --time session --intake phq9_intake --json

sessions.csv has one row a session; the intake is the same in all rows of a client. Without --intake the first rating is
the intake. Bands are for somebody new; how many ratings they hold is counted on clients whom the fit has not seen."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `expected` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "expected",
        "the usual course of an outcome, given where somebody starts",
        "Fit an outcome on the logarithm of the session and the intake by REML, and give the 80 and 90 % bands with "
        "the share of ratings that they hold in persons left out.",
        EXAMPLE,
        "one row a session",
    )
    command.add_argument("--outcome", metavar="COLUMN", required=True, help="the score")
    command.add_argument("--person", metavar="COLUMN", required=True, help="whose score it is")
    command.add_argument("--time", metavar="COLUMN", required=True, help="the number of the session, 0 or later")
    command.add_argument("--intake", metavar="COLUMN", help="the score before (default: each person's first rating)")
    command.set_defaults(run=lambda arguments: show(arguments, _fit))


def _fit(arguments: argparse.Namespace) -> ExpectedCourse:
    path, person, time = arguments.file, arguments.person, arguments.time
    intake = [arguments.intake] if arguments.intake else []
    table = read_table(path, [arguments.outcome, person, time, *intake])
    who = labels(table, person, path)
    check_once(table, [person, time], path)
    given = floats(table, arguments.intake, path) if arguments.intake else None
    return expected_course(floats(table, arguments.outcome, path), who, floats(table, time, path), given)
